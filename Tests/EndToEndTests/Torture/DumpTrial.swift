import Foundation
import Synchronization
import TestSupport

/// One migration by dump with a fault at a point, and `--resume`, while an application writes. What is on the target then
/// has to be what one snapshot of the source has seen: each write of the application is there as a whole or not at all.
struct DumpTrial: Sendable {
  let bench: TortureBench
  let point: TorturePoint?
  var patience = 200.0

  func run() async throws -> TrialResult {
    let start = now()
    try await bench.restore()
    let source = AcknowledgedWriter(port: bench.source.port, manners: [.statement, .transaction], first: 1)
    // It has begun before the migration, and ends when that is interrupted: no snapshot tells it by the next number.
    let older = OlderTransaction(port: bench.source.port, commits: (point?.number ?? 0) % 2 == 0)
    try await Task.sleep(for: .milliseconds(200))
    let invocations: [Invocation]
    let first: FirstRun
    do {
      try await older.begin()
      (invocations, first) = try await InterruptedCommand(
        bench: bench, point: point, patience: patience, interrupted: { await older.end() }
      ).run(bench.migrate(by: "dump"))
    } catch {
      await older.end()
      _ = await source.stop()
      throw error
    }
    let log = await source.stop()
    var violations = invocations.flatMap(\.migrationViolations)
    if invocations.last?.status == .exited(0) {
      let words = try await Self.inconsistencies(port: bench.target.port)
      if !words.isEmpty { violations.append(Violation(kind: .lostWrite, words: words)) }
      let (here, there) = try await (
        ShopContents.read(port: bench.source.port), ShopContents.read(port: bench.target.port)
      )
      if here.largeObjects != there.largeObjects {
        violations.append(Violation(kind: .lostWrite, words: "the large objects differ"))
      }
      let early = log.acknowledged.filter { $0.endedAt < start }.map(\.id)
      if !Set(early).isSubset(of: there.entries) {
        violations.append(Violation(kind: .lostWrite, words: "what was there before is not on the target"))
      }
    } else {
      violations.append(
        Violation(kind: .noRightEnd, words: "after \(invocations.count) commands it is not migrated"))
    }
    return TrialResult(
      point: point, struck: first.struck, counts: first.counts, ends: invocations.map(\.migrationEnd),
      violations: violations, longestBlock: 0, invocations: invocations, seconds: now() - start)
  }

  /// What no snapshot can have seen, in words.
  private static func inconsistencies(port: Int) async throws -> String {
    try await onThread {
      try PlainSession(ShopDatabase.conninfo(port: port)).run(
        """
        select concat_ws('; ',
          (select 'entries without one order: ' || count(*) from (
             select e.id from entries e left join orders o on o.entry = e.id group by e.id having count(o.entry) <> 1) x
           having count(*) > 0),
          (select 'entries without one event: ' || count(*) from (
             select e.id from entries e left join events v on v.entry = e.id group by e.id having count(v.entry) <> 1) x
           having count(*) > 0),
          (select 'orders without an entry: ' || count(*) from orders o
            where not exists (select from entries e where e.id = o.entry) having count(*) > 0),
          (select 'events without an entry: ' || count(*) from events v
            where not exists (select from entries e where e.id = v.entry) having count(*) > 0),
          (select 'counters that do not fit: ' || count(*) from counters c
            where c.n <> (select count(*) from entries e where e.session = c.session) having count(*) > 0))
        """)[0][0] ?? ""
    }
  }
}

/// A transaction of the application that is open while the migration begins.
final class OlderTransaction: Sendable {
  private enum State { case beginning, open, over }

  private let state = Mutex(State.beginning)
  private let hasEnded = Mutex(false)

  init(port: Int, commits: Bool) {
    Thread.detachNewThread { [self] in
      // A server that is restarted ends it.
      try? Self.run(port: port, commits: commits) { [self] in
        state.withLock { if $0 == .beginning { $0 = .open } }
        while state.withLock({ $0 != .over }) { Thread.sleep(forTimeInterval: 0.01) }
      }
      hasEnded.withLock { $0 = true }
    }
  }

  private static func run(port: Int, commits: Bool, _ wait: () -> Void) throws {
    let session = try PlainSession(ShopDatabase.conninfo(port: port))
    try session.run("begin")
    for statement in ShopDatabase.statements(of: 19_000_001, session: 19) { try session.run(statement) }
    wait()
    try session.run(commits ? "commit" : "rollback")
  }

  /// Returns when it is under way.
  func begin() async throws {
    let isOpen = await within(10) { state.withLock { $0 == .open } ? true : nil }
    guard isOpen != nil else { throw TestSupportError("the transaction does not begin") }
  }

  /// Returns when it has ended.
  func end() async {
    state.withLock { $0 = .over }
    _ = await within(10) { hasEnded.withLock { $0 } ? true : nil }
  }
}
