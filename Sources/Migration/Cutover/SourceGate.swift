import Catalog
import Postgres

/// Lets others into a database of the source, or keeps them out, from a session in another database of the same server,
/// which holds the source's lock.
///
/// What is closed are connections (`ALTER DATABASE … ALLOW_CONNECTIONS`): they hold for superusers too, while a session can
/// set a read-only transaction aside. Those that are there are ended, and it is looked whether one is left.
struct SourceGate: Sendable {
  let source: Endpoint
  let database: String
  let oid: Int
  /// In `entrance`.
  let connection: Connection
  let entrance: String

  /// A session of somebody else.
  struct Other: Decodable, Sendable, Equatable {
    var pid: Int
    var usename: String?
    var applicationName: String?
    var address: String?
    var kind: String?
    var since: String?
    var state: String?
    var words: String {
      let parts = [
        usename.map { "role \(quotedIdentifier($0))" },
        applicationName.flatMap { $0.isEmpty ? nil : "application \(quotedIdentifier($0))" },
        address.map { "from \($0)" }, kind.flatMap { $0 == "client backend" ? nil : $0 }, state,
        since.map { "since \($0)" },
      ]
      return "session \(pid) (\(parts.compactMap(\.self).joined(separator: ", ")))"
    }
  }

  private struct Found: Decodable, Sendable {
    var oid: Int
    var isOpen: Bool
  }

  /// Connects to another database, and takes the lock.
  ///
  /// - Parameters:
  ///   - closes: whether it is to be closed, which takes another database: else this one will do.
  ///   - closed: databases that are closed at the same time, from which it can't be done.
  ///   - pid: of a session of this program's that perhaps has the lock still, and is ended.
  /// - Throws: `MigrationError` where there is no other database, or somebody has the lock; `CancellationError`.
  init(
    to database: String, of source: Endpoint, closes: Bool, notFrom closed: [String] = [], ending pid: Int? = nil
  ) async throws {
    self.source = source
    self.database = database
    let names = try await source.session(in: nil, for: "looking for a database to connect to", purpose: .reading) {
      try await $0.query(ReadingStatements.entrances, [database])
    }
    let possible = (0..<names.count).compactMap { names.text($0, 0) }.filter { !(closes && closed.contains($0)) }
    let (name, connection) = try await Self.enter(
      possible + (closes ? [] : [database]), of: source, beside: (closes ? closed : []) + [database])
    (entrance, self.connection) = (name, connection)
    // What has the lock still is perhaps a session of this program's that nobody hears of any more.
    if let pid { _ = try? await connection.query(ReadingStatements.endLockHolder, ["\(pid)"]) }
    do {
      let rows = try await attempting("looking at database \(quotedIdentifier(database))", source, database: name) {
        try await connection.query(ReadingStatements.databaseAccess, [database]).decode(Found.self)
      }
      guard let found = rows.first else {
        throw MigrationError("database \(quotedIdentifier(database)) of the source is gone, or has another name now")
      }
      oid = found.oid
      let holder = try await attempting("locking out other cutovers", source, database: name) {
        try await CutoverLock.take(found.oid, over: connection)
      }
      if let holder {
        throw MigrationError(
          "another cutover of \(quotedIdentifier(database)) is going on: \(holder.words) on the source")
      }
    } catch {
      await connection.close()
      throw error
    }
  }

  /// The first of these databases that lets this role in.
  private static func enter(
    _ names: [String], of source: Endpoint, beside databases: [String]
  ) async throws -> (String, Connection) {
    var refusal: MigrationError?
    for name in names {
      do {
        return (
          name,
          try await attempting("connecting", source, database: name) { try await source.connect(to: name) }
        )
      } catch let error as MigrationError where error.sqlstate == "28000" {
        refusal = refusal ?? error
      }
    }
    let closed = databases.uniqued.map(quotedIdentifier).joined(separator: ", ")
    throw refusal
      ?? MigrationError(
        "no database of the source but \(closed) lets this role connect: one is needed from which to close "
          + (databases.uniqued.count == 1 ? "it" : "them")
          + "; grant CONNECT on database template1, or cut over fewer databases at a time")
  }

  /// Whether the session with the lock is still there.
  func isThere() async throws -> Bool {
    do {
      _ = try await connection.query(ReadingStatements.backendPID)
      return true
    } catch is PostgresError {
      await connection.close()
      return false
    }
  }

  /// Read from the server.
  func isOpen() async throws -> Bool {
    try await attempting("looking whether connections are allowed", source, database: entrance) {
      try await connection.query(ReadingStatements.databaseAccess, [database]).decode(Found.self).first?.isOpen ?? false
    }
  }

  /// For whoever has to do it by hand.
  var opening: String { "ALTER DATABASE \(Quoting.identifier(database)) WITH ALLOW_CONNECTIONS true;" }

  /// Keeps everybody out: new connections are refused, and those that are there are ended.
  ///
  /// A session that is just beginning has perhaps seen the database open. It holds a lock on it until it is among the
  /// others (`InitPostgres` in PostgreSQL's source): of those that hold one now, each is waited for; who comes later sees
  /// the database closed.
  ///
  /// - Parameter own: processes of the server that serve this program.
  /// - Throws: `MigrationError` where one does not end, or may not be ended. The database stays closed.
  func close(to own: [Int], deadline: Deadline) async throws {
    try await attempting("closing the database", source, database: database) {
      _ = try await connection.query(
        "ALTER DATABASE \(Quoting.identifier(database)) WITH ALLOW_CONNECTIONS false")
    }
    var beginning = try await beginningSessions()
    while true {
      if !beginning.isEmpty { beginning.formIntersection(try await beginningSessions()) }
      let others = try await others(than: own)
      guard let first = others.first else {
        if beginning.isEmpty { return }
        if deadline.remaining <= .zero {
          throw MigrationError("session \(beginning.first ?? 0) does not come to its beginning")
        }
        try await Task.sleep(for: .milliseconds(2))
        continue
      }
      if let refusal = try await end(others), deadline.isHalfOver { throw MigrationError(refusal) }
      if deadline.remaining <= .zero { throw MigrationError("\(first.words) does not end") }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  /// - Returns: why one may not be ended. It may end by itself.
  private func end(_ others: [Other]) async throws -> String? {
    var refusal: String?
    for other in others {
      do {
        _ = try await connection.query("SELECT pg_catalog.pg_terminate_backend($1::int4)", ["\(other.pid)"])
      } catch let error as PostgresError where error.sqlstate == "42501" {
        refusal =
          "\(other.words) can't be ended by role \(quotedIdentifier(connection.session.user)): GRANT "
          + "pg_signal_backend to it; a superuser's session only a superuser can end"
      }
    }
    return refusal
  }

  private func beginningSessions() async throws -> Set<Int> {
    let rows = try await attempting("looking for sessions that begin", source, database: database) {
      try await connection.query(ReadingStatements.beginningSessions, ["\(oid)"])
    }
    return Set((0..<rows.count).compactMap { rows.text($0, 0).flatMap { Int($0) } })
  }

  /// Sessions in the database that could write; those that read a replication slot can't.
  func others(than own: [Int]) async throws -> [Other] {
    let own = own + [Int(connection.session.backendPID)]
    return try await attempting("looking for sessions of others", source, database: database) {
      try await connection.query(ReadingStatements.otherSessions, ["\(oid)", arrayLiteral(own)]).decode(Other.self)
    }
  }

  /// Lets everybody in again, and reads back that it is so.
  func open() async throws {
    try await attempting("opening the database", source, database: database) {
      _ = try await connection.query("ALTER DATABASE \(Quoting.identifier(database)) WITH ALLOW_CONNECTIONS true")
    }
    guard try await isOpen() else { throw MigrationError("the database was opened, and is closed all the same") }
  }
}
