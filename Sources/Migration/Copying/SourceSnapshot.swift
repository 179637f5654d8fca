import Catalog
import Postgres

/// One view of a source database for all that read it: a transaction that holds a snapshot, and a lock on every table
/// so that nobody empties, alters or drops one meanwhile. Writers are not held up (PostgreSQL documentation, "Explicit
/// Locking": ACCESS SHARE conflicts with ACCESS EXCLUSIVE alone). `SnapshotLocks` gives back those that are needed no
/// longer.
struct SourceSnapshot: Sendable {
  let source: Endpoint
  let database: String
  let connection: Connection
  /// For `SET TRANSACTION SNAPSHOT`, and `pg_dump --snapshot`.
  let id: String
  /// Which transactions it sees, with those that were open when it was taken (PostgreSQL documentation,
  /// "txid_snapshot"), since the server's start, and since its statistics were reset, as a crash does: it may lose some and
  /// give their numbers to others. Two that are written alike see the same. A standby does not tell which are open: there no two are alike.
  let identity: String
  let locks: SnapshotLocks
  /// Of those that read over the session that holds the locks.
  let turns = Slots(1)
  /// Nobody joins while the session changes that others join by.
  let joining = Slots(1)
  /// Where no new sessions can be opened.
  let held: HeldSessions?
  /// What the database has, where that is to be kept.
  var objects: SchemaReading.Rows?

  var version: ServerVersion { ServerVersion(rawValue: connection.session.serverVersion) }

  /// How long it waits for whoever alters a table.
  private static let lockTimeout = "60s"

  /// - Parameter slot: makes a replication slot of this name, which holds every change that the snapshot does not see.
  ///   It may be there when an error is thrown.
  /// - Throws: `MigrationError`, `CancellationError`.
  init(of database: String, from source: Endpoint, creatingSlot slot: ReplicationName? = nil) async throws {
    self.source = source
    self.database = database
    held = nil
    let connection = try await attempting("connecting", source, database: database) {
      try await source.connect(to: database, for: .reading)
    }
    self.connection = connection
    do {
      (id, identity) = try await attempting("taking a snapshot", source, database: database) {
        guard let slot else { return try await Self.take(over: connection) }
        return try await Self.take(over: connection, creating: slot, of: database, from: source)
      }
      locks = SnapshotLocks(heldBy: connection, id: id)
    } catch {
      await connection.close()
      throw error
    }
  }

  /// The snapshot of a transaction that has taken its locks, and has not looked at anything yet.
  ///
  /// - Parameter held: sessions for others that read the same.
  /// - Throws: `MigrationError`, `CancellationError`.
  init(
    of database: String, from source: Endpoint, over connection: Connection, held: HeldSessions
  ) async throws {
    self.source = source
    self.database = database
    self.held = held
    self.connection = connection
    (id, identity) = try await attempting("taking a snapshot", source, database: database) {
      try await Self.export(over: connection)
    }
    locks = SnapshotLocks(heldBy: connection, id: id)
  }

  private static let beginning = [
    Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    Statement("SET LOCAL lock_timeout = '\(lockTimeout)'"),
  ]

  /// Locks first and looks then: what happened to a table before its lock is seen, what comes after it waits. `pg_dump`
  /// does it the other way round, and can find a table empty that somebody has just truncated. A table that was made
  /// between the list and the snapshot means another attempt; in the end it is locked after it was seen.
  private static func take(over connection: Connection) async throws -> (String, String) {
    var attempts = 5
    while true {
      attempts -= 1
      let tables = try await lockable(over: connection)
      switch try await connection.pipeline([beginning + locks(tables)])[0] {
      case .success:
        let taken = try await export(over: connection)
        let known = Set(tables)
        let made = try await lockable(over: connection).filter { !known.contains($0) }
        if made.isEmpty { return taken }
        if attempts == 0, try await lockUnaltered(over: connection) { return taken }
        _ = try await connection.query("ROLLBACK")
      case .failure(let error) where error.sqlstate == "42P01" && attempts > 0:
        // Dropped since it was listed.
        _ = try await connection.query("ROLLBACK")
      case .failure(let error): throw error
      }
      guard attempts > 0 else { throw MigrationError("tables were made and altered in the moment of each attempt") }
    }
  }

  /// The slot comes first, since it is made only when all transactions that write have ended, and one of those may wait
  /// for a lock. A table that was altered or dropped before it was locked means another attempt.
  private static func take(
    over connection: Connection, creating slot: ReplicationName, of database: String, from source: Endpoint
  ) async throws -> (String, String) {
    var options = Connection.Options()
    options.connectTimeout = source.connectTimeout
    options.applicationName = source.applicationName
    options.longestAnswer = Endpoint.longestAnswer
    var attempts = 20
    while true {
      attempts -= 1
      // The snapshot lives as long as this connection does nothing else.
      let creator = try await Connection.connectForReplication(
        source.string.selecting(database: database), options: options)
      do {
        let made = try await creator.command("CREATE_REPLICATION_SLOT \(slot) LOGICAL pgoutput EXPORT_SNAPSHOT")
        guard let id = made.text(0, 2) else { throw MigrationError("the server exported no snapshot") }
        let joining = Statement("SET TRANSACTION SNAPSHOT \(Quoting.literal(id))")
        _ = try await connection.pipeline([beginning + [joining]])[0].get()
        if try await lockUnaltered(over: connection) {
          await creator.close()
          return try await export(over: connection)
        }
        await creator.close()
      } catch {
        await creator.close()
        throw error
      }
      guard attempts > 0 else {
        throw MigrationError("tables were altered or dropped in the moment before each of 20 attempts")
      }
      _ = try await connection.query("ROLLBACK")
      try await Replication.dropSlot(slot, over: connection)
    }
  }

  /// Locks all tables, and looks whether they are still what the snapshot sees. One that has other files now was emptied
  /// or rewritten: what ALTER TABLE has rewritten holds nothing that an older snapshot sees (PostgreSQL documentation,
  /// "Data Consistency Checks: Caveats"), and is not replicated.
  private static func lockUnaltered(over connection: Connection) async throws -> Bool {
    switch try await connection.pipeline([locks(try await lockable(over: connection))])[0] {
    case .success: break
    case .failure(let error) where error.sqlstate == "42P01": return false
    case .failure(let error): throw error
    }
    return try await connection.query(ReadingStatements.rewrittenTables).count == 0
  }

  /// Whether both sessions see the same definitions of these tables.
  static func areSame(_ oids: [String], _ one: Connection, _ other: Connection) async throws -> Bool {
    let definitions = """
      SELECT c.oid, c.relpersistence, c.relam,
             (SELECT string_agg(a.attnum::text || ' ' || a.attname || ' ' || a.atttypid::text || ' '
                                || a.attisdropped::text, ',' ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)
        FROM pg_catalog.pg_class c WHERE c.oid IN (\(oids.joined(separator: ","))) ORDER BY c.oid
      """
    let (before, after) = try await (one.command(definitions), other.command(definitions))
    func texts(_ rows: Rows) -> [[String?]] { (0..<rows.count).map { row in (0..<4).map { rows.text(row, $0) } } }
    return texts(before) == texts(after)
  }

  private static func lockable(over connection: Connection) async throws -> [String] {
    let tables = try await connection.query(ReadingStatements.lockableTables)
    return (0..<tables.count).compactMap { tables.text($0, 0) }
  }

  static func locks(_ names: [String], mode: String = "ACCESS SHARE", waits: Bool = true) -> [Statement] {
    stride(from: 0, to: names.count, by: 100).map { start in
      let list = names[start..<min(start + 100, names.count)].map { "ONLY \($0)" }.joined(separator: ", ")
      return Statement("LOCK TABLE \(list) IN \(mode) MODE\(waits ? "" : " NOWAIT")")
    }
  }

  static func export(over connection: Connection) async throws -> (String, String) {
    let rows = try await connection.query(ReadingStatements.exportSnapshot)
    guard let id = rows.text(0, 0), let identity = rows.text(0, 1) else {
      throw MigrationError("the server exported no snapshot")
    }
    return (id, identity)
  }

  /// Another session that sees the same; `leave` gives it back.
  func join() async throws -> Connection {
    try await attempting("joining the snapshot", source, database: database) {
      let connection: Connection
      if let held {
        connection = try await held.take()
      } else {
        connection = try await source.connect(to: database, for: .reading)
      }
      do {
        try await joining.run {
          let statements = [
            Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            Statement("SET TRANSACTION SNAPSHOT \(Quoting.literal(await locks.id))"),
          ]
          _ = try await connection.pipeline([statements])[0].get()
        }
      } catch {
        await leave(connection)
        throw error
      }
      return connection
    }
  }

  func leave(_ connection: Connection) async {
    guard let held else { return await connection.close() }
    _ = try? await connection.query("ROLLBACK")
    await held.giveBack(connection)
  }

  /// Reads a table in a session that has joined; over the session that holds the locks where somebody waits to alter or
  /// empty the table: the other one would wait behind, and nobody for it. The table is not locked afterwards by the
  /// session that has joined.
  ///
  /// - Throws: `Taken` where the lock was given back, and somebody else has the table; what `body` throws.
  func reading<T: Sendable>(
    _ table: String, over joined: Connection, _ body: (Connection) async throws -> T
  ) async throws -> T {
    let lock = Statement("LOCK TABLE \(table) IN ACCESS SHARE MODE NOWAIT")
    switch try await joined.pipeline([[Statement("SAVEPOINT reading"), lock]])[0] {
    case .success:
      let value = try await body(joined)
      try await release(joined, table)
      return value
    case .failure(let error) where ["55P03", "42P01"].contains(error.sqlstate):
      try await release(joined, table)
      if await locks.hasGivenBack, await !locks.needs(table) { throw Taken() }
      guard error.sqlstate == "55P03" else {
        throw MigrationError("locking \(table)", source, database: database, error)
      }
      return try await turns.run {
        let holder = await locks.beginReading()
        do {
          let value = try await body(holder)
          await locks.endReading()
          return value
        } catch {
          await locks.endReading()
          throw error
        }
      }
    case .failure(let error): throw MigrationError("locking \(table)", source, database: database, error)
    }
  }

  /// Runs `body` with the snapshot's own connection, when nobody else uses it.
  func alone<T: Sendable>(_ body: @Sendable (Connection) async throws -> T) async throws -> T {
    try await turns.run { try await body(connection) }
  }

  /// Locks that were taken after a savepoint go with it.
  private func release(_ joined: Connection, _ table: String) async throws {
    let statements = [Statement("ROLLBACK TO SAVEPOINT reading"), Statement("RELEASE reading")]
    _ = try await attempting("unlocking \(table)", source, database: database) {
      try await joined.pipeline([statements])[0].get()
    }
  }

  /// Whether somebody waits for a lock that the snapshot holds.
  func isInTheWay() async throws -> Bool {
    try await connection.query(ReadingStatements.isInTheWay).text(0, 0) == "t"
  }

  /// Rows of a query that looks into this snapshot.
  func rows<Row: Decodable & Sendable>(
    of _: Row.Type, for attempt: String, _ sql: String, _ parameters: [String?] = []
  ) async throws -> [Row] {
    try await attempting(attempt, source, database: database) {
      try await connection.query(sql, parameters).decode(Row.self)
    }
  }

  /// Of an extension's table, rows of the database's own. Where code of its owner would run to tell, it may have some.
  func hasRows(of table: SourceTable) async throws -> Bool {
    guard !table.hasCode else { return true }
    return try await attempting("looking for rows in \(table.name)", source, database: database) {
      try await alone { try await $0.query(table.hasRows).text(0, 0) == "t" }
    }
  }

  func close() async {
    await connection.close()
    await locks.holder.close()
  }
}

/// An array's literal for a parameter: `{1,2}`.
func arrayLiteral(_ numbers: some Sequence<Int>) -> String {
  "{" + numbers.map(String.init).joined(separator: ",") + "}"
}
