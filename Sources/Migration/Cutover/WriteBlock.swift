import Catalog
import Postgres

/// Keeps everybody from writing to a source database, until it is released.
///
/// Two things together: with `ALTER DATABASE … SET default_transaction_read_only` new sessions can only read, and the
/// others are ended; and locks on all tables hold up whoever sets that aside. The first stays when the cutover has
/// succeeded, so that nobody writes to a database that is left; the second ends with it.
struct WriteBlock: Sendable {
  private let source: Endpoint
  private let database: String
  private let publication: ReplicationName
  /// Holds the locks, in a transaction that has not looked at anything yet.
  let connection: Connection
  /// What the database's setting was before; nil where it had none, or where it was not touched.
  private let before: String?
  let isReadOnly: Bool

  /// How long it waits for whoever holds a lock that is in the way.
  private static let lockTimeout = "10s"

  /// - Parameters:
  ///   - publication: keeps in mind what the setting was, should this program be killed.
  ///   - endsSessions: whether the database becomes read-only and the sessions of others are ended; else the user has
  ///     seen to it that nobody writes.
  /// - Throws: `MigrationError`, `CancellationError`; everything is as it was then.
  init(
    _ database: String, on source: Endpoint, publication: ReplicationName, endsSessions: Bool, tables: [Int]
  ) async throws {
    self.source = source
    self.database = database
    self.publication = publication
    isReadOnly = endsSessions
    let connection = try await attempting("connecting", source, database: database) {
      try await source.connect(to: database)
    }
    self.connection = connection
    var earlier: String?
    do {
      try await attempting("blocking writes", source, database: database) {
        if endsSessions {
          earlier = try await Self.setting(over: connection, before: publication)
          let found = PublicationMemo.ReadOnly(before: earlier)
          try await PublicationMemo.change(of: publication, over: connection) { $0.readOnly = found }
          try await Self.set("on", database, over: connection)
          try await Self.endOtherSessions(over: connection)
        }
        let names = try await connection.query(
          """
          SELECT c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c
           WHERE c.oid = ANY ($1::oid[])
             AND pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') ORDER BY c.oid
          """, [arrayLiteral(tables)])
        let list = (0..<names.count).compactMap { names.text($0, 0).map { "ONLY \($0)" } }
        let locks = stride(from: 0, to: list.count, by: 100).map { start in
          Statement(
            "LOCK TABLE \(list[start..<min(start + 100, list.count)].joined(separator: ", ")) IN SHARE MODE")
        }
        let beginning = [
          Statement("BEGIN ISOLATION LEVEL REPEATABLE READ"),
          Statement("SET LOCAL lock_timeout = '\(Self.lockTimeout)'"),
        ]
        _ = try await connection.pipeline([beginning + locks])[0].get()
      }
    } catch {
      before = earlier
      await release(restores: true)
      throw error
    }
    before = earlier
  }

  /// - Parameter restores: whether the database is made writable again, as it was.
  /// - Returns: what went wrong, in words.
  @discardableResult
  func release(restores: Bool) async -> String? {
    await connection.close()
    guard restores, isReadOnly else { return nil }
    // Also where the task has been cancelled.
    return await Task {
      do {
        try await source.session(in: database, for: "unblocking writes") {
          try await Self.set(before, database, over: $0)
          try await PublicationMemo.change(of: publication, over: $0) { $0.readOnly = nil }
        }
        return nil
      } catch {
        return "\(error)"
      }
    }.value
  }

  // MARK: The setting

  /// What a cutover that was killed has found, else what is set now.
  private static func setting(over connection: Connection, before publication: ReplicationName) async throws -> String?
  {
    if let found = try await PublicationMemo.read(of: publication, over: connection)?.readOnly { return found.before }
    let rows = try await connection.query(
      """
      SELECT pg_catalog.split_part(x.setting, '=', 2) FROM pg_catalog.pg_db_role_setting s
        JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase CROSS JOIN unnest(s.setconfig) x(setting)
       WHERE d.datname = pg_catalog.current_database() AND s.setrole = 0
         AND x.setting LIKE 'default\\_transaction\\_read\\_only=%'
      """)
    return rows.text(0, 0)
  }

  /// Makes a database writable again, as it was, where a cutover has been killed in the middle.
  static func undo(of publication: ReplicationName, in database: String, over connection: Connection) async throws {
    guard let found = try await PublicationMemo.read(of: publication, over: connection)?.readOnly else { return }
    try await set(found.before, database, over: connection)
    try await PublicationMemo.change(of: publication, over: connection) { $0.readOnly = nil }
  }

  private static func set(_ value: String?, _ database: String, over connection: Connection) async throws {
    let name = try await connection.quote(identifier: database)
    _ = try await connection.query(
      "ALTER DATABASE \(name) "
        + (value.map { "SET default_transaction_read_only = \(Quoting.literal($0))" }
          ?? "RESET default_transaction_read_only"))
  }

  /// Those of clients; neither the server's own nor those that read the replication slot.
  private static func endOtherSessions(over connection: Connection) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(10)
    while clock.now < deadline {
      let rows = try await connection.query(
        """
        SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
         WHERE a.datname = pg_catalog.current_database() AND a.backend_type = 'client backend'
           AND a.application_name <> pg_catalog.current_setting('application_name')
           AND a.pid <> pg_catalog.pg_backend_pid()
        """)
      if rows.count == 0 { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw MigrationError("sessions of others do not end")
  }
}
