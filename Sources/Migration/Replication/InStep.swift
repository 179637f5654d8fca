import Catalog
import Postgres

/// Waits until the target has what the source had.
///
/// It has caught up when the initial copy of every table is done, and that the target has applied and flushed all that the
/// source had flushed at the moment of asking. Positions alone tell nothing: they run ahead of a copy that still goes on.
struct InStep: Sendable {
  private let replication: Replication

  /// Without any progress for so long, something is in the way that does not go by itself.
  private let patience: Duration

  init(_ replication: Replication, patience: Duration = .seconds(120)) {
    self.replication = replication
    self.patience = patience
  }

  /// What fails again and again is waited for no longer than this.
  private static let patienceWithErrors = Duration.seconds(120)
  /// A worker that has run for so long does not fail again and again.
  private static let trust = Duration.seconds(30)

  /// - Parameters:
  ///   - lag: how many bytes it may be behind; nil: it has to pass the position that the source has now.
  ///   - progress: is told how far it is behind, in bytes.
  /// - Throws: `MigrationError` where it does not come nearer, `CancellationError`.
  func reach(lag: Int?, progress: @Sendable (Int) -> Void) async throws {
    try await replication.inBoth(for: "waiting for the target") { source, target in
      try await reach(lag: lag, over: source, target, progress: progress)
    }
  }

  /// The same over sessions that are there.
  func reach(
    lag: Int?, over source: Connection, _ target: Connection, progress: @Sendable (Int) -> Void
  ) async throws {
    let position = try await Self.position(over: source)
    try await wait(source, target, progress) { state, slot in
      if let lag { return slot.lagBytes <= lag }
      return try await Self.hasPassed(position, slot, over: source)
    }
  }

  /// All that has been committed is flushed with this commit, and so is before the position.
  static func position(over source: Connection) async throws -> String {
    let statements = [
      "SET synchronous_commit = on", "SELECT pg_catalog.pg_logical_emit_message(true, 'pgpreflight', '')",
    ].map { [Statement($0)] }
    for answer in try await source.pipeline(statements) { _ = try answer.get() }
    return try await source.query(ReadingStatements.flushPosition).text(0, 0) ?? ""
  }

  static func hasPassed(
    _ position: String, _ slot: ReplicationState.Slot, over source: Connection
  ) async throws -> Bool {
    try await source.query(ReadingStatements.hasPassed, [slot.confirmed, position])
      .text(0, 0) == "t"
  }

  func wait(
    _ source: Connection, _ target: Connection, _ progress: @Sendable (Int) -> Void,
    until isReached: (ReplicationState, ReplicationState.Slot) async throws -> Bool
  ) async throws {
    let clock = ContinuousClock()
    var last: (confirmed: String, ready: Int) = ("", -1)
    var since = clock.now
    var failures: (count: Int, last: ContinuousClock.Instant) = (0, clock.now - Self.trust)
    var worker: (pid: Int?, since: ContinuousClock.Instant) = (nil, clock.now)
    while true {
      try Task.checkCancellation()
      let state = try await ReplicationState.read(replication.name, source: source, target: target)
      if let slot = state.slot, state.tablesReady == state.tables, try await isReached(state, slot) { return }
      progress(state.slot?.lagBytes ?? 0)
      let now = (state.slot?.confirmed ?? "", state.tablesReady)
      if now != last { (last, since) = (now, clock.now) }
      if state.workerPID != worker.pid { worker = (state.workerPID, clock.now) }
      let count = state.errors.sum(of: \.count)
      if count > failures.count { failures = (count, clock.now) }
      // A large transaction takes its time without any other sign. A worker that fails is another one soon, and what copies
      // a table fails beside one that does not.
      let isFailing = clock.now - failures.last < Self.trust
      let isAtWork =
        clock.now - worker.since > Self.trust && (state.silentSeconds ?? .infinity) < 30 && !isFailing
      if state.workerPID != nil, isAtWork { since = clock.now }
      switch state.trouble {
      case .notRunning, nil:
        // A worker that has ended is started again after a while.
        let patience = isFailing ? min(patience, Self.patienceWithErrors) : patience
        guard clock.now - since < patience else {
          let errors = state.errors.map { "\($0.kind): \($0.count)" }.joined(separator: ", ")
          throw MigrationError(
            "the target does not catch up: nothing was applied for \(patience.components.seconds) seconds"
              + (errors.isEmpty ? "" : " (\(errors))") + "; see its server's log")
        }
      case let trouble?: throw MigrationError("the target does not catch up: \(trouble.rawValue)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}

extension Replication {
  /// Opens a session on each side for `body` and closes both.
  func inBoth<T: Sendable>(
    for attempt: String, _ body: (_ source: Connection, _ target: Connection) async throws -> T
  ) async throws -> T {
    try await source.session(in: database, for: attempt) { here in
      try await target.session(in: database, for: attempt) { there in try await body(here, there) }
    }
  }
}
