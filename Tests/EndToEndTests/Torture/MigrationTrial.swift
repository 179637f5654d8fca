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
    violations += invocations.flatMap(\.migrationViolations)
    let block = longestBlockBeforeCutover(invocations, log)
    if block > Double(Self.limit), point?.kind.isRestart != true {
      violations.append(
        Violation(kind: .blockedTooLong, words: "no write was acknowledged for \(Int(block)) s during the set-up"))
    }
    return TrialResult(
      point: point, struck: first.struck, counts: first.counts,
      ends: invocations.filter { $0.command == "migrate" }.map(\.migrationEnd),
      violations: violations, longestBlock: block, invocations: invocations, seconds: now() - start)
  }

  // MARK: - Commands

  private func commands() async throws -> ([Invocation], FirstRun, Bool) {
    var (invocations, first) = try await InterruptedCommand(bench: bench, point: point, patience: patience).run(
      bench.migrate)
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

  /// The set-up holds up nobody.
  private func longestBlockBeforeCutover(_ invocations: [Invocation], _ log: AcknowledgedWriter.Log) -> Double {
    guard let begin = invocations.first?.startedAt,
      let end = invocations.last(where: { $0.command == "migrate" })?.endedAt
    else { return 0 }
    let answers = log.acknowledged.map(\.endedAt).filter { $0 > begin && $0 < end }.sorted()
    return zip([begin] + answers, answers + [end]).map { $1 - $0 }.max() ?? 0
  }
}
