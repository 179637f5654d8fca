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

  /// - Throws: `MigrationError`, `CancellationError`.
  func run(_ tables: [ComparedTable], encoding: String, until end: ContinuousClock.Instant) async throws -> Found {
    let workers = min(jobs, tables.count)
    guard workers > 0 else { return [:] }
    var pairs: [(here: Connection, there: Connection)] = []
    do {
      for _ in 0..<workers {
        let here = try await attempting("connecting", source, database: database) {
          try await source.connect(to: database, for: .reading)
        }
        do {
          pairs.append(
            (
              here,
              try await attempting("connecting", target, database: database) {
                try await target.connect(to: database, for: .reading)
              }
            ))
        } catch {
          await here.close()
          throw error
        }
      }
      let found = try await compare(tables, encoding, pairs, until: end)
      for pair in pairs { await close(pair) }
      return found
    } catch {
      for pair in pairs { await close(pair) }
      throw error
    }
  }

  private func close(_ pair: (here: Connection, there: Connection)) async {
    await pair.here.close()
    await pair.there.close()
  }

  private func compare(
    _ tables: [ComparedTable], _ encoding: String, _ pairs: [(here: Connection, there: Connection)],
    until end: ContinuousClock.Instant
  ) async throws -> Found {
    let progress = Progress()
    let sides = [
      (present, pairs.map { Int($0.here.session.backendPID) }),
      (steering, pairs.map { Int($0.there.session.backendPID) }),
    ]
    // It is not cancelled: its statements are short, and its connections are needed afterwards.
    let watch = Task {
      while !progress.isOver {
        let isLate = ContinuousClock.now >= end
        if isLate { progress.stop() }
        for (connection, pids) in sides where !progress.isOver {
          let parameters = [arrayLiteral(pids), isLate ? "t" : "f"]
          _ = try? await connection.query(ReadingStatements.endReading, parameters)
        }
        try? await Task.sleep(for: Self.pause)
      }
    }
    let comparison = TableComparison(
      mode: mode, database: database, source: source, target: target, encoding: encoding, present: present)
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (worker, pair) in pairs.enumerated() {
          group.addTask {
            for index in stride(from: worker, to: tables.count, by: pairs.count) {
              try Task.checkCancellation()
              guard !progress.hasStopped else { return }
              do {
                let depth = try await same(tables[index], comparison, pair.here, pair.there)
                if let depth { progress.add(tables[index].name, depth) }
              } catch is MigrationError {
                // Ended as somebody waited for it, or not to be read: what that is, is told when it is compared again.
                // What the sessions are in then is not known: these are not used any more.
                return
              }
            }
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
      var hasStopped = false
      var isOver = false
    }

    private let state = Mutex(State())

    var found: Found { state.withLock { $0.found } }
    var hasStopped: Bool { state.withLock { $0.hasStopped } }
    var isOver: Bool { state.withLock { $0.isOver } }

    func add(_ table: String, _ depth: Verification.Depth) { state.withLock { $0.found[table] = depth } }
    func stop() { state.withLock { $0.hasStopped = true } }
    func finish() { state.withLock { $0.isOver = true } }
  }

  /// In a session that is in a transaction for the table.
  private struct OwnReader: SourceReader {
    let connection: Connection
    let source: Endpoint
    let database: String

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
