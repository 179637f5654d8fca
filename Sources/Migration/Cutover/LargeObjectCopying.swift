import Catalog
import Postgres

/// Replaces the large objects that the run has made on the target by those of the source, over sessions that are there: all
/// of them, as nothing tells which were changed. Owners, privileges and comments come along, as far as the target role may give them.
struct LargeObjectCopying: Sendable {
  let snapshot: SourceSnapshot
  let target: Endpoint
  /// Tells which of the target's are to be replaced.
  let journal: Journal
  /// Is told how many bytes have arrived.
  let progress: @Sendable (Int) -> Void

  private struct Entry: Decodable, Sendable {
    var oid: Int
    var owner: String
    var comment: String?
    /// `GRANT` and `REVOKE` without the object's name: `SELECT TO "role"`.
    var grants: [String]
  }

  /// Bytes of one object that are read at once, and objects of which they are.
  private static let chunk = 256 << 10
  private static let batch = 32
  /// More are not removed in one transaction: each takes a lock.
  private static let removedAtOnce = 1000

  /// - Throws: `MigrationError`, `CancellationError`. What is there then is replaced by the next attempt.
  func run() async throws {
    try await target.session(in: snapshot.database, for: "replacing large objects") { connection in
      let entries = try await entries(for: connection)
      while try await journal.removeLargeObjects(atMost: Self.removedAtOnce, over: connection) > 0 {}
      guard try await journal.largeObjects(over: connection).others == 0 else {
        throw MigrationError("the target has large objects that the migration did not make")
      }
      _ = try await connection.pipeline([journal.making(largeObjects: entries.map(\.oid))])[0].get()
      let roles = Set(try await texts(connection, ReadingStatements.assignableRoles))
      for start in stride(from: 0, to: entries.count, by: Self.batch) {
        try Task.checkCancellation()
        try await copy(entries[start..<min(start + Self.batch, entries.count)], roles, to: connection)
      }
    }
  }

  /// Where one side has only bytes, comments are sent as those of the source, in both sessions.
  private func entries(for connection: Connection) async throws -> [Entry] {
    let source = snapshot.connection
    let hasBytes = source.session.isOfBytes || connection.session.isOfBytes
    if hasBytes { _ = try await connection.query("SET client_encoding = 'SQL_ASCII'") }
    let encoding = hasBytes ? "SQL_ASCII" : source.session.clientEncoding
    return try await attempting("listing large objects", snapshot.source, database: snapshot.database) {
      let statements = [
        Statement("SET LOCAL client_encoding = \(Quoting.literal(encoding))"),
        Statement(ReadingStatements.largeObjectEntries),
        Statement("SET LOCAL client_encoding = \(Quoting.literal(source.session.clientEncoding))"),
      ]
      return try await source.pipeline([statements])[0].get()[1].decode(Entry.self)
    }
  }

  private func texts(_ connection: Connection, _ sql: String) async throws -> [String] {
    let rows = try await connection.query(sql)
    return (0..<rows.count).compactMap { rows.text($0, 0) }
  }

  private func copy(_ entries: ArraySlice<Entry>, _ roles: Set<String>, to connection: Connection) async throws {
    let first = try await read(entries.map { ($0.oid, 0) })
    var statements: [Statement] = []
    for (entry, data) in zip(entries, first) {
      statements.append(
        Statement("SELECT pg_catalog.lo_from_bytea($1::oid, $2::bytea)", ["\(entry.oid)", data.text]))
    }
    _ = try await connection.pipeline([statements])[0].get()
    progress(first.reduce(0) { $0 + $1.length })
    for (entry, data) in zip(entries, first) where data.length == Self.chunk {
      try await copyRest(of: entry.oid, to: connection)
    }
    let properties = entries.flatMap { self.properties(of: $0, roles) }
    if !properties.isEmpty { _ = try await connection.pipeline([properties])[0].get() }
  }

  private func copyRest(of oid: Int, to connection: Connection) async throws {
    var offset = Self.chunk
    while true {
      try Task.checkCancellation()
      let data = try await read([(oid, offset)])[0]
      guard data.length > 0 else { return }
      _ = try await connection.query(
        "SELECT pg_catalog.lo_put($1::oid, $2::int8, $3::bytea)", ["\(oid)", "\(offset)", data.text])
      progress(data.length)
      guard data.length == Self.chunk else { return }
      offset += data.length
    }
  }

  private func read(_ places: [(oid: Int, offset: Int)]) async throws -> [(text: String, length: Int)] {
    let statements = places.map { place in
      Statement(
        "SELECT x.data, pg_catalog.length(x.data) FROM pg_catalog.lo_get($1::oid, $2::int8, $3::int4) x(data)",
        ["\(place.oid)", "\(place.offset)", "\(Self.chunk)"])
    }
    return try await attempting("reading large objects", snapshot.source, database: snapshot.database) {
      try await snapshot.connection.pipeline([statements])[0].get().map { rows in
        (rows.text(0, 0) ?? "", rows.text(0, 1).flatMap { Int($0) } ?? 0)
      }
    }
  }

  private func properties(of entry: Entry, _ roles: Set<String>) -> [Statement] {
    var statements = entry.grants.map { Statement("GRANT \($0.replacing("{}", with: "LARGE OBJECT \(entry.oid)"))") }
    if let comment = entry.comment {
      statements.append(Statement("COMMENT ON LARGE OBJECT \(entry.oid) IS \(Quoting.literal(comment))"))
    }
    // The owner last: then it is no more this role's to grant.
    if roles.contains(entry.owner) {
      statements.append(
        Statement("ALTER LARGE OBJECT \(entry.oid) OWNER TO \(Quoting.identifier(entry.owner))"))
    }
    return statements
  }
}
