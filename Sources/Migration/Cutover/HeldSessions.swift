import Catalog
import Postgres

/// Sessions in a database of the source that were opened before others were kept out of it: no new one can be.
actor HeldSessions {
  /// Of the server, for `pg_stat_activity`.
  nonisolated let pids: [Int]
  private let connections: [Connection]
  private var free: [Connection]

  /// - Throws: `MigrationError`, `CancellationError`; none stays open then.
  init(_ count: Int, in database: String, of source: Endpoint) async throws {
    var opened: [Connection] = []
    do {
      for _ in 0..<count {
        opened.append(
          try await attempting("connecting", source, database: database) {
            try await source.connect(to: database, for: .reading)
          })
      }
    } catch {
      for connection in opened { await connection.close() }
      throw error
    }
    connections = opened
    free = opened
    pids = opened.map { Int($0.session.backendPID) }
  }

  /// - Throws: `MigrationError` where all are in use: whoever reads takes no more than there are.
  func take() throws -> Connection {
    guard let connection = free.popLast() else { throw MigrationError("all sessions of the source are in use") }
    return connection
  }

  func giveBack(_ connection: Connection) { free.append(connection) }

  func close() async {
    for connection in connections { await connection.close() }
    free = []
  }
}
