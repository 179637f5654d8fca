import Catalog
import Postgres

/// One view of a source database for all that read it: a transaction that holds a snapshot, and a lock on every table
/// so that nobody empties, alters or drops one meanwhile. Writers are not held up (PostgreSQL documentation, "Explicit
/// Locking": ACCESS SHARE conflicts with ACCESS EXCLUSIVE alone).
struct SourceSnapshot: Sendable {
  let source: Endpoint
  let database: String
  let connection: Connection
  /// For `SET TRANSACTION SNAPSHOT`, and `pg_dump --snapshot`.
  let id: String
  /// The next transaction identifier: as long as the server has given none away, nothing was written.
  let nextTransaction: String
  let encoding: String

  var version: ServerVersion { ServerVersion(rawValue: connection.session.serverVersion) }

  /// How long it waits for whoever alters a table.
  private static let lockTimeout = "60s"

  /// - Throws: `MigrationError`, `CancellationError`.
  init(of database: String, from source: Endpoint) async throws {
    self.source = source
    self.database = database
    let connection = try await attempting("connecting", source, database: database) {
      try await source.connect(to: database)
    }
    self.connection = connection
    do {
      (id, nextTransaction, encoding) = try await attempting("taking a snapshot", source, database: database) {
        try await Self.take(over: connection)
      }
    } catch {
      await connection.close()
      throw error
    }
  }

  /// Locks first and looks then: what happened to a table before its lock is seen, what comes after it waits. `pg_dump`
  /// does it the other way round, and can find a table empty that somebody has just truncated.
  private static func take(over connection: Connection) async throws -> (String, String, String) {
    var attempts = 3
    while true {
      attempts -= 1
      let tables = try await connection.query(
        """
        SELECT c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c
         WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384
           AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND c.relnamespace NOT IN (
               SELECT n.oid FROM pg_catalog.pg_namespace n WHERE NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE'))
         ORDER BY c.oid
        """)
      let names = (0..<tables.count).compactMap { tables.text($0, 0) }
      var statements = [
        Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        Statement("SET LOCAL lock_timeout = '\(lockTimeout)'"),
      ]
      for start in stride(from: 0, to: names.count, by: 100) {
        let list = names[start..<min(start + 100, names.count)].map { "ONLY \($0)" }.joined(separator: ", ")
        statements.append(Statement("LOCK TABLE \(list) IN ACCESS SHARE MODE"))
      }
      switch try await connection.pipeline([statements])[0] {
      case .success: break
      case .failure(let error) where error.sqlstate == "42P01" && attempts > 0:
        // Dropped since it was listed.
        _ = try await connection.query("ROLLBACK")
        continue
      case .failure(let error): throw error
      }
      let rows = try await connection.query(
        """
        SELECT pg_catalog.pg_export_snapshot(),
               pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())::text,
               pg_catalog.pg_encoding_to_char(d.encoding)
          FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
        """)
      guard let id = rows.text(0, 0), let next = rows.text(0, 1), let encoding = rows.text(0, 2) else {
        throw MigrationError("the server exported no snapshot")
      }
      return (id, next, encoding)
    }
  }

  /// Another session that sees the same.
  func join() async throws -> Connection {
    try await attempting("joining the snapshot", source, database: database) {
      let connection = try await source.connect(to: database)
      let statements = [
        Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        Statement("SET TRANSACTION SNAPSHOT \(Quoting.literal(id))"),
      ]
      do {
        _ = try await connection.pipeline([statements])[0].get()
      } catch {
        await connection.close()
        throw error
      }
      return connection
    }
  }

  /// Rows of a query that looks into this snapshot.
  func rows<Row: Decodable & Sendable>(
    of _: Row.Type, for attempt: String, _ sql: String, _ parameters: [String?] = []
  ) async throws -> [Row] {
    try await attempting(attempt, source, database: database) {
      try await connection.query(sql, parameters).decode(Row.self)
    }
  }

  func close() async { await connection.close() }
}

/// An array's literal for a parameter: `{1,2}`.
func arrayLiteral(_ numbers: some Sequence<Int>) -> String {
  "{" + numbers.map(String.init).joined(separator: ",") + "}"
}
