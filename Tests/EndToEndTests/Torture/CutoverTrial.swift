import Foundation
import Synchronization
import TestSupport

/// What came of a point.
struct TrialResult: Sendable {
  var point: TorturePoint?
  var struck: TracedMessage?
  /// Of the first run.
  var counts: MessageCounts
  /// Of the first run and of those that followed.
  var ends: [End]
  var violations: [Violation]
  /// In seconds, of all runs that were not killed.
  var longestBlock: Double
  var invocations: [Invocation]
  var seconds: Double
}

/// One cutover with a fault at a point, and what is to be run after it.
struct CutoverTrial: Sendable {
  /// What writes are blocked for at most, in seconds.
  static let limit = 10

  let bench: TortureBench
  let point: TorturePoint?
  var patience = 200.0
  /// For the tests of the judgement itself: what is done to the servers before they are judged.
  var sabotage: @Sendable (TortureBench) async throws -> Void = { _ in }
  /// Likewise, when the first run has ended and writers still write.
  var sabotageAtEnd: @Sendable (TortureBench) async throws -> Void = { _ in }

  /// Runs it, and judges.
  func run() async throws -> TrialResult {
    let start = now()
    try await bench.restore()
    try await bench.waitUntilReplicating()
    let source = AcknowledgedWriter(port: bench.source.port, manners: AcknowledgedWriter.Manner.allCases, first: 1)
    let target = Locked<AcknowledgedWriter?>(nil)
    let observer = SwitchObserver(bench.target)
    let targetPort = bench.target.port
    let switched: @Sendable () -> Void = {
      guard target.get() == nil else { return }
      target.set(AcknowledgedWriter(port: targetPort, manners: [.statement, .transaction], first: 15))
    }
    try await Task.sleep(for: .milliseconds(300))

    var steps: [Step] = []
    let first: FirstRun
    do {
      (steps, first) = try await self.steps(source, switched)
      // Whatever it said: if the subscription is gone, the target is in use.
      if observer.goneAt != nil { switched() }
      try await Task.sleep(for: .milliseconds(500))
      try await sabotage(bench)
    } catch {
      observer.stop()
      _ = await source.stop()
      _ = await target.get()?.stop()
      throw error
    }
    observer.stop()
    let sourceLog = await source.stop()
    let targetLog = await target.get()?.stop() ?? AcknowledgedWriter.Log()
    // While the source is as the program has left it.
    var leftovers = try await self.leftovers(steps)
    var evidence = Evidence(
      limit: Double(Self.limit), steps: steps, writes: sourceLog.writes, targetWrites: targetLog.writes,
      refusals: sourceLog.refusals, targetErrors: targetLog.errors, subscriptionGoneAt: observer.goneAt,
      source: try await ShopContents.readClosed(bench.source),
      target: try await ShopContents.read(port: bench.target.port))
    if point?.kind.isRestart == true { evidence.tolerance += 5 }
    evidence.mayWait = point?.place == .stream
    evidence.isOutOfReach = point?.kind == .freeze
    if steps.contains(where: Self.isRightEnd) {
      // What the program has said that stays, as it could not get in, its cleanup removes once somebody lets it in.
      let isTold = steps.contains { $0.invocation.output.contains("cleanup removes them once it is open") }
      if isTold { _ = try await Invocation.run(bench.command("cleanup", "--yes"), patience: patience) }
      leftovers += try await objects()
    }
    evidence.leftovers = leftovers
    var violations = evidence.violations
    if !evidence.isSwitched {
      violations.append(Violation(kind: .noRightEnd, words: "after \(steps.count) commands it is not switched over"))
    } else if !steps.contains(where: Self.isRightEnd) {
      violations.append(Violation(kind: .noRightEnd, words: "no command has ended with 0 after the switch"))
    }
    return TrialResult(
      point: point, struck: first.struck, counts: first.counts,
      ends: steps.filter { $0.invocation.command == "cutover" }.map { $0.end(refusals: sourceLog.refusals) },
      violations: violations,
      longestBlock: steps.map(\.invocation).filter { $0.command == "cutover" && !$0.wasKilled }
        .map(evidence.longestBlock).max() ?? 0,
      invocations: steps.map(\.invocation), seconds: now() - start)
  }

  // MARK: - Commands

  /// The cutover that the fault strikes, and what is documented to follow.
  private func steps(
    _ source: AcknowledgedWriter, _ switched: @escaping @Sendable () -> Void
  ) async throws -> ([Step], FirstRun) {
    let program = RunningProgram()
    let restarts = Restarts()
    bench.arm(point) { [bench, point] in
      switch point?.kind {
      case .kill: program.signal(SIGKILL)
      case .interrupt: program.signal(point.map { $0.number % 3 == 0 } == true ? SIGTERM : SIGINT)
      case .restartSource: restarts.begin(bench.source)
      case .restartTarget: restarts.begin(bench.target)
      default: break
      }
    }
    let cutover = bench.cutover(limit: Self.limit)
    let first = try await Invocation.run(cutover, patience: patience, program: program, switched: switched)
    let firstRun = FirstRun(struck: bench.struck, counts: bench.counts)
    await restarts.finish()
    var steps = [try await step(first, source, isAfterFault: true)]
    try await sabotageAtEnd(bench)
    guard !Self.isRightEnd(steps[0]) else { return (steps, firstRun) }

    let status = try await Invocation.run(bench.command("status"), patience: patience)
    steps.append(try await step(status, source))
    // The second try is for a server that is still busy with what was broken.
    for _ in 1...2 {
      let next =
        steps.last { $0.invocation.command == "cutover" }?.invocation.claims.contains(.cleanupRemovesTheRest) == true
        ? bench.command("cleanup", "--yes") : cutover
      let invocation = try await Invocation.run(next, patience: patience, switched: switched)
      steps.append(try await step(invocation, source))
      if Self.isRightEnd(steps[steps.count - 1]) { break }
      try await Task.sleep(for: .milliseconds(500))
    }
    return (steps, firstRun)
  }

  private static func isRightEnd(_ step: Step) -> Bool {
    ["cutover", "cleanup"].contains(step.invocation.command) && step.invocation.status == .exited(0)
  }

  private func step(
    _ invocation: Invocation, _ source: AcknowledgedWriter, isAfterFault: Bool = false
  ) async throws -> Step {
    let facts = await ServerFacts.read(bench)
    var step = Step(invocation: invocation, facts: facts, laterFacts: facts)
    if isAfterFault {
      bench.heal()
      try await Task.sleep(for: .milliseconds(500))
      step.laterFacts = await ServerFacts.read(bench)
    }
    if invocation.claims.contains(.notSwitched), step.laterFacts.sourceTakesWrites == true {
      step.replicates = await ServerFacts.replicates(
        bench, id: 1_000_000_000 + Int(now() * 1000) % 1_000_000_000, noted: source)
    }
    if invocation.command == "status", invocation.claims.contains(.caughtUp), invocation.status == .exited(0) {
      let earlier = source.log.acknowledged.filter { $0.endedAt < invocation.startedAt }.map(\.id)
      step.missingAfterStatus = Set(earlier).subtracting(try await ShopContents.read(port: bench.target.port).entries)
    }
    return step
  }

  /// What is there that should not be, by the program's words.
  private func leftovers(_ steps: [Step]) async throws -> [String] {
    guard steps.contains(where: Self.isRightEnd) else { return [] }
    let cleanup = try await Invocation.run(bench.command("cleanup", "--dry-run"), patience: patience)
    return cleanup.status == .exited(0) ? [] : ["cleanup --dry-run: \(cleanup.lastLines)"]
  }

  /// The same by the servers'.
  private func objects() async throws -> [String] {
    let sql = """
      select 'slot ' || slot_name from pg_replication_slots union all select 'subscription ' || subname from pg_subscription
      union all select 'publication ' || pubname from pg_publication
      """
    var found: [String] = []
    for cluster in [bench.source, bench.target] {
      let rows = try await onThread { [port = cluster.port] in
        try PlainSession(ShopDatabase.conninfo(port: port)).run(sql)
      }
      found += rows.compactMap { $0[0] }
    }
    return found
  }
}

/// What the proxies have seen of the run that the fault was meant for.
struct FirstRun: Sendable {
  var struck: TracedMessage?
  var counts: MessageCounts
}

/// Restarts of servers that were begun on a proxy's thread.
final class Restarts: Sendable {
  private let tasks = Mutex<[Task<Void, Never>]>([])

  func begin(_ cluster: TestCluster) {
    tasks.withLock { $0.append(Task { try? await cluster.restart(mode: .immediate) }) }
  }

  func finish() async { for task in tasks.withLock({ $0 }) { await task.value } }
}
