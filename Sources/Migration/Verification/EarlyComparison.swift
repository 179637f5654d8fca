import Assessment
import Catalog
import Postgres
import Synchronization

/// Compares tables while they may be written to: what is the same, and is not written to until writes are blocked, need
/// not be compared then.
///
/// Each table is read in a transaction of its own, whose lock is not waited for. A reading that somebody waits for is
/// ended, and all of them when the time is up: what is left is compared later.
struct EarlyComparison: Sendable {
  let mode: Verification.Mode
  let database: String
  let source: Endpoint
  let target: Endpoint
  let jobs: Int
  /// In no transaction.
  let present: Connection
  let steering: Connection

  /// Those that are the same, by name, with how they were compared.
  typealias Found = [String: Verification.Depth]

  private static let pause = Duration.milliseconds(200)

  /// A session on each side.
  private struct Pair: Sendable {
    let here: Connection
    let there: Connection

    var pids: (here: Int, there: Int) { (Int(here.session.backendPID), Int(there.session.backendPID)) }
  }

  /// - Throws: `MigrationError`, `CancellationError`.
  func run(_ tables: [ComparedTable], until end: ContinuousClock.Instant) async throws -> Found {
    let workers = min(jobs, tables.count)
    guard workers > 0 else { return [:] }
    let progress = Progress()
    // It is not cancelled: its statements are short, and its connections are needed afterwards.
    let watch = Task {
      while !progress.isOver {
        let isLate = ContinuousClock.now >= end
        if isLate { progress.stop() }
        for (connection, pids) in [(present, progress.pids.here), (steering, progress.pids.there)]
        where !progress.isOver {
          _ = try? await connection.query(ReadingStatements.endReading, [arrayLiteral(pids), isLate ? "t" : "f"])
        }
        try? await Task.sleep(for: Self.pause)
      }
    }
    let comparison = TableComparison(
      mode: mode, database: database, source: source, target: target, present: present)
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<workers {
          group.addTask {
            let own = stride(from: worker, to: tables.count, by: workers).map { tables[$0] }
            try await compare(own, comparison, progress)
          }
        }
        try await group.waitForAll()
      }
    } catch {
      progress.finish()
      await watch.value
      throw error
    }
    progress.finish()
    await watch.value
    return progress.found
  }

  private func compare(
    _ tables: [ComparedTable], _ comparison: TableComparison, _ progress: Progress
  ) async throws {
    var pair: Pair?
    for table in tables {
      do {
        try Task.checkCancellation()
        if progress.hasStopped { break }
        let sessions: Pair
        if let pair { sessions = pair } else { sessions = try await open(progress) }
        pair = sessions
        let depth = try await same(table, comparison, sessions.here, sessions.there)
        if let depth { progress.add(table.name, depth) }
      } catch let error as CancellationError {
        if let pair { await close(pair, progress) }
        throw error
      } catch {
        // Ended as somebody waited for it, or not to be read: what that is, is told when it is compared again. What its
        // sessions are in is not known, and they hold nothing up any more.
        if let pair { await close(pair, progress) }
        pair = nil
      }
    }
    if let pair { await close(pair, progress) }
  }

  private func open(_ progress: Progress) async throws -> Pair {
    let here = try await attempting("connecting", source, database: database) {
      try await source.connect(to: database, for: .reading)
    }
    do {
      let there = try await attempting("connecting", target, database: database) {
        try await target.connect(to: database, for: .reading)
      }
      let pair = Pair(here: here, there: there)
      progress.add(pair.pids)
      return pair
    } catch {
      await here.close()
      throw error
    }
  }

  private func close(_ pair: Pair, _ progress: Progress) async {
    progress.remove(pair.pids)
    await pair.here.close()
    await pair.there.close()
  }

  /// - Returns: nil where it is not the same, or was not compared.
  private func same(
    _ table: ComparedTable, _ comparison: TableComparison, _ here: Connection, _ there: Connection
  ) async throws -> Verification.Depth? {
    let statements = [
      Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
      Statement("LOCK TABLE \(table.name) IN ACCESS SHARE MODE NOWAIT"),
    ]
    guard case .success = try await here.pipeline([statements])[0] else {
      // Somebody has a lock on it, or waits for one.
      _ = try? await here.query("ROLLBACK")
      return nil
    }
    let outcome = try await comparison.compare(table, OwnReader(connection: here, comparison), there)
    _ = try await attempting("ending a transaction", source, database: database) { try await here.query("ROLLBACK") }
    return outcome.difference == nil ? outcome.depth : nil
  }

  private final class Progress: Sendable {
    private struct State {
      var found: Found = [:]
      var pids: (here: [Int], there: [Int]) = ([], [])
      var hasStopped = false
      var isOver = false
    }

    private let state = Mutex(State())

    var found: Found { state.withLock { $0.found } }
    var hasStopped: Bool { state.withLock { $0.hasStopped } }
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Of the sessions that are open.
    var pids: (here: [Int], there: [Int]) { state.withLock { $0.pids } }

    func add(_ pids: (here: Int, there: Int)) {
      state.withLock {
        $0.pids.here.append(pids.here)
        $0.pids.there.append(pids.there)
      }
    }

    func remove(_ pids: (here: Int, there: Int)) {
      state.withLock {
        $0.pids.here.removeAll { $0 == pids.here }
        $0.pids.there.removeAll { $0 == pids.there }
      }
    }

    func add(_ table: String, _ depth: Verification.Depth) { state.withLock { $0.found[table] = depth } }
    func stop() { state.withLock { $0.hasStopped = true } }
    func finish() { state.withLock { $0.isOver = true } }
  }

  /// In a session that is in a transaction for the table.
  private struct OwnReader: SourceReader {
    let connection: Connection
    let source: Endpoint
    let database: String

    var session: Session { connection.session }

    init(connection: Connection, _ comparison: TableComparison) {
      self.connection = connection
      (source, database) = (comparison.source, comparison.database)
    }

    func reading<T: Sendable>(_: String, _ body: @Sendable (Connection) async throws -> T?) async throws -> T? {
      try await body(connection)
    }

    func locking<T: Sendable>(
      _ table: String, _ body: @Sendable (Connection) async throws -> T?
    ) async throws -> T? {
      try await attempting("locking \(table)", source, database: database) {
        try await connection.withDefinitionLocked(of: table, body)
      }
    }
  }
}
