import Foundation
import TestSupport

/// One migration with a fault at a point, what is to be run after it, and the cutover.
struct MigrationTrial: Sendable {
  let bench: TortureBench
  let point: TorturePoint?
  var patience = 200.0
  /// For how long the set-up may hold up a write, in seconds.
  static let limit = 5

  func run() async throws -> TrialResult {
    let start = now()
    try await bench.restore()
    let source = AcknowledgedWriter(
      port: bench.source.port, manners: [.statement, .transaction], first: 1)
    try await Task.sleep(for: .milliseconds(200))
    let first: FirstRun
    let invocations: [Invocation]
    let isCutOver: Bool
    do {
      (invocations, first, isCutOver) = try await commands()
    } catch {
      _ = await source.stop()
      throw error
    }
    let log = await source.stop()
    var violations: [Violation] = []
    if isCutOver {
      let steps = invocations.filter { $0.command == "cutover" }.map {
        Step(invocation: $0, facts: ServerFacts(), laterFacts: ServerFacts())
      }
      let evidence = Evidence(
        limit: Double(CutoverTrial.limit), tolerance: 5, steps: steps, writes: log.writes, refusals: log.refusals,
        source: try await ShopContents.readClosed(bench.source),
        target: try await ShopContents.read(port: bench.target.port),
        leftovers: try await leftovers())
      violations += evidence.violations
    } else {
      violations.append(Violation(kind: .noRightEnd, words: "after \(invocations.count) commands it is not migrated"))
    }
    violations += invocations.flatMap(ends)
    let block = longestBlockBeforeCutover(invocations, log)
    if block > Double(Self.limit), point?.kind.isRestart != true {
      violations.append(
        Violation(kind: .blockedTooLong, words: "no write was acknowledged for \(Int(block)) s during the set-up"))
    }
    return TrialResult(
      point: point, struck: first.struck, counts: first.counts,
      ends: invocations.filter { $0.command == "migrate" }.map(end),
      violations: violations, longestBlock: block, invocations: invocations, seconds: now() - start)
  }

  // MARK: - Commands

  private func commands() async throws -> ([Invocation], FirstRun, Bool) {
    let program = RunningProgram()
    let restarts = Restarts()
    bench.arm(point) { [bench, point] in
      switch point?.kind {
      case .kill: program.signal(SIGKILL)
      case .interrupt: program.signal(SIGINT)
      case .restartSource: restarts.begin(bench.source)
      case .restartTarget: restarts.begin(bench.target)
      default: break
      }
    }
    var invocations = [try await Invocation.run(bench.migrate, patience: patience, program: program)]
    let first = FirstRun(struck: bench.struck, counts: bench.counts)
    await restarts.finish()
    bench.heal()
    // What the last one says is to be run next.
    var isNew = false
    for _ in 0..<4 where invocations.last?.status != .exited(0) {
      let next = isNew ? bench.migrate : bench.migrate + ["--resume"]
      let invocation = try await Invocation.run(next, patience: patience)
      invocations.append(invocation)
      isNew = invocation.claims.contains(.nothingToResume)
    }
    guard invocations.last?.status == .exited(0) else { return (invocations, first, false) }
    for _ in 0..<2 where invocations.last?.command != "cutover" || invocations.last?.status != .exited(0) {
      invocations.append(
        try await Invocation.run(bench.cutover(limit: CutoverTrial.limit), patience: patience))
    }
    return (invocations, first, invocations.last?.status == .exited(0))
  }

  private func leftovers() async throws -> [String] {
    let cleanup = try await Invocation.run(bench.command("cleanup", "--dry-run"), patience: patience)
    return cleanup.status == .exited(0) ? [] : ["cleanup --dry-run: \(cleanup.lastLines)"]
  }

  // MARK: - Judgement

  private func end(_ invocation: Invocation) -> End {
    if invocation.hung { return .hung }
    if invocation.wasKilled { return .killed }
    return invocation.status == .exited(0) ? .done : .undone
  }

  private func ends(_ invocation: Invocation) -> [Violation] {
    guard invocation.command == "migrate" else { return [] }
    if invocation.hung { return [Violation(kind: .hung, words: "migrate did not end by itself")] }
    switch invocation.status {
    case .exited(70): return [Violation(kind: .crash, words: "migrate: internal error")]
    case .signaled(let signal) where signal != SIGKILL:
      return [Violation(kind: .crash, words: "migrate: signal \(signal)")]
    default: return []
    }
  }

  /// The set-up holds up nobody.
  private func longestBlockBeforeCutover(_ invocations: [Invocation], _ log: AcknowledgedWriter.Log) -> Double {
    guard let begin = invocations.first?.startedAt,
      let end = invocations.last(where: { $0.command == "migrate" })?.endedAt
    else { return 0 }
    let answers = log.acknowledged.map(\.endedAt).filter { $0 > begin && $0 < end }.sorted()
    return zip([begin] + answers, answers + [end]).map { $1 - $0 }.max() ?? 0
  }
}
