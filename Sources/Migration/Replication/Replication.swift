import Assessment
import Catalog
import Postgres

/// The logical replication of one database: a publication and a slot on the source, a subscription on the target.
///
/// Each is made by plain SQL where the role may do that, else by the functions of the extension `aiven_extras`, which
/// runs them with the rights of a superuser.
struct Replication: Sendable {
  let name: ReplicationName
  /// Of the source and of the target.
  let database: String
  let source: Endpoint
  let target: Endpoint
  /// A database of the target to be connected to where this one is not there; nil: the one that its string names.
  let targetEntrance: String?
  /// What the target's server connects to; nil: as this program did.
  let sourceForTarget: ConnectionString?

  /// - Throws: `MigrationError`, `CancellationError`.
  init(
    of database: String, run: String, source: Endpoint, target: Endpoint, targetEntrance: String?,
    sourceForTarget: ConnectionString?
  ) async throws {
    let here = try await source.place(of: database)
    let there = try await target.session(in: targetEntrance, for: "identifying the server", purpose: .reading) {
      try await Endpoint.systemIdentifier(over: $0)
    }
    self.init(
      name: ReplicationName(run: run, target: there, database: here.oid), database: database, source: source,
      target: target, targetEntrance: targetEntrance, sourceForTarget: sourceForTarget)
  }

  init(
    name: ReplicationName, database: String, source: Endpoint, target: Endpoint, targetEntrance: String?,
    sourceForTarget: ConnectionString? = nil
  ) {
    self.name = name
    self.database = database
    self.source = source
    self.target = target
    self.targetEntrance = targetEntrance
    self.sourceForTarget = sourceForTarget
  }

  // MARK: Source

  /// Publishes the tables that can be. It has to be there before the slot is: decoding looks at the catalogs of the
  /// moment at which a change was made.
  ///
  /// A table that is to be given a replica identity gets it before it is published, and what it had is noted before
  /// that: at no moment does an UPDATE of the application fail, and whatever ends this program, it can be put back.
  ///
  /// - Parameter memo: what there is to be known of the replication, as far as its role may note it.
  /// - Returns: whether aiven_extras did it.
  func publish(_ tables: [PublishedTable], memo: PublicationMemo) async throws -> Bool {
    let names = tables.filter { $0.obstacle == nil }.map(\.name)
    let list = names.isEmpty ? "" : " TABLE " + names.map { "ONLY \($0)" }.joined(separator: ", ")
    return try await source.session(in: database, for: "creating the publication") { connection in
      guard memo.identities.isEmpty else {
        let creation = [Statement("CREATE PUBLICATION \(name)"), try memo.statement(on: name)]
        _ = try await connection.pipeline([creation])[0].get()
        try await TemporaryIdentities.give(memo.identities, over: connection)
        _ = try await connection.query("ALTER PUBLICATION \(name) ADD\(list)")
        return false
      }
      return try await byExtensionWhereRefused(connection) {
        // Both or neither.
        let creation = [
          Statement("CREATE PUBLICATION \(name)\(list.isEmpty ? "" : " FOR\(list)")"), try memo.statement(on: name),
        ]
        _ = try await connection.pipeline([creation])[0].get()
      } extension: {
        let array = names.map { "\"" + $0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"" }
        _ = try await connection.query(
          "SELECT aiven_extras.pg_create_publication($1, 'insert,update,delete,truncate', VARIADIC $2::text[])",
          ["\(name)", "{\(array.joined(separator: ","))}"])
      }
    }
  }

  // MARK: Target

  /// Begins to apply what the slot holds, on top of rows that have been copied as of the slot's snapshot.
  ///
  /// - Returns: whether aiven_extras did it.
  func subscribe() async throws -> Bool {
    let given = sourceForTarget.map { $0.selecting(database: database).forSubscription }
    let connection =
      if let given { given } else {
        try await source.session(in: database, for: "connecting") { try await $0.subscriptionConnection() }
      }
    let money = try await source.session(in: database, for: "reading settings", purpose: .reading) {
      try await WorkerSettings.money(over: $0)
    }
    let settings = WorkerSettings(journal: Journal(run: name.run))
    return try await target.session(in: database, for: "creating the subscription") { session in
      // The statement holds a password: it is kept out of the server's own records, as far as the role may do that.
      try await session.keepStatementsOutOfLogs()
      let info = try await session.quote(literal: connection.text)
      return try await byExtensionWhereRefused(session) {
        let me = try await session.query("SELECT current_user").text(0, 0) ?? ""
        try await settings.give(me, money: money, over: session)
        _ = try await session.query(
          """
          CREATE SUBSCRIPTION \(name) CONNECTION \(info) PUBLICATION \(name)
            WITH (create_slot = false, slot_name = '\(name)', copy_data = false)
          """)
      } extension: {
        let owner = try await session.query(
          """
          SELECT pg_catalog.pg_get_userbyid(p.proowner)::text FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'aiven_extras' AND p.proname = 'pg_create_subscription'
          """
        ).text(0, 0)
        if let owner { try await settings.give(owner, money: money, over: session) }
        _ = try await session.query(
          "SELECT aiven_extras.pg_create_subscription($1, $2, $1, $1, false, false)", ["\(name)", connection.text])
      }
    }
  }

  /// - Returns: whether it was the extension.
  func byExtensionWhereRefused(
    _ connection: Connection, _ plain: () async throws -> Void, extension: () async throws -> Void
  ) async throws -> Bool {
    do {
      try await plain()
      return false
    } catch let error as PostgresError where error.sqlstate == "42501" {
      let there = try await connection.query("SELECT FROM pg_catalog.pg_extension WHERE extname = 'aiven_extras'")
      if there.count == 0 {
        // Where it is offered, its owner may be let create it.
        do { _ = try await connection.query("CREATE EXTENSION aiven_extras CASCADE") } catch is PostgresError {
          throw error
        }
      }
      try await `extension`()
      return true
    }
  }

  // MARK: Removal

  /// Removes what there is of it on both sides; it may have been made in part, or not at all.
  ///
  /// Goes on where one side fails, and where the task has been cancelled: a slot that is left makes the source keep its
  /// WAL for ever.
  ///
  /// - Throws: the first `MigrationError`.
  func remove() async throws {
    try await Task {
      var errors: [any Error] = []
      do { try await unsubscribe() } catch { errors.append(error) }
      do { try await putBackOnTarget() } catch { errors.append(error) }
      do { try await removeFromSource() } catch { errors.append(error) }
      if let error = errors.first { throw error }
    }.value
  }

  /// Without the source's help: where that is gone, or has removed the slot, a plain `DROP SUBSCRIPTION` would fail
  /// (PostgreSQL documentation, DROP SUBSCRIPTION, "Notes").
  ///
  func unsubscribe() async throws {
    guard try await target.has(database: database, from: targetEntrance) else { return }
    try await target.session(in: database, for: "removing the subscription") { connection in
      let there = try await connection.query(
        """
        SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
         WHERE d.datname = pg_catalog.current_database() AND s.subname = $1
        """, ["\(name)"])
      guard there.count > 0 else { return try await putSettingsBack(over: connection) }
      _ = try await byExtensionWhereRefused(connection) {
        for change in ["DISABLE", "SET (slot_name = NONE)"] {
          _ = try await connection.query("ALTER SUBSCRIPTION \(name) \(change)")
        }
        _ = try await connection.query("DROP SUBSCRIPTION \(name)")
      } extension: {
        _ = try await connection.query("SELECT aiven_extras.pg_drop_subscription($1)", ["\(name)"])
      }
      try await putSettingsBack(over: connection)
    }
  }

  /// A journal that an interrupted run has not begun holds none.
  private func putSettingsBack(over connection: Connection) async throws {
    let journal = Journal(run: name.run)
    guard try await Journal.all(over: connection).contains(where: { $0.run == journal.run }) else { return }
    try await WorkerSettings(journal: journal).putBack(over: connection)
  }

  func removeFromSource() async throws {
    try await source.session(in: database, for: "removing the slot and the publication") { connection in
      try await Self.dropSlot(name, over: connection)
      try await Self.dropPublication(name, over: connection)
    }
  }

  /// Tables that were given a replica identity are not published any more when it is taken from them: until then,
  /// whatever ends this program, the publication tells what they had.
  static func dropPublication(_ name: ReplicationName, over connection: Connection) async throws {
    let identities = try await PublicationMemo.read(of: name, over: connection)?.identities ?? []
    if !identities.isEmpty {
      let published = try await connection.query(
        """
        SELECT r.prrelid::pg_catalog.regclass::text FROM pg_catalog.pg_publication_rel r
          JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
         WHERE p.pubname = $1 AND r.prrelid = ANY ($2::oid[])
        """, ["\(name)", arrayLiteral(identities.map(\.oid))])
      let tables = (0..<published.count).compactMap { published.text($0, 0) }.map { "ONLY \($0)" }
      if !tables.isEmpty {
        _ = try await connection.query("ALTER PUBLICATION \(name) DROP TABLE \(tables.joined(separator: ", "))")
      }
      try await TemporaryIdentities.putBack(identities, on: .source, over: connection)
    }
    // An event trigger that refuses it does so also where nothing is there.
    guard try await connection.query(ReadingStatements.publication, ["\(name)"]).count > 0 else { return }
    _ = try await connection.query("DROP PUBLICATION IF EXISTS \(name)")
  }

  /// The schema of the target was taken when tables of the source had replica identities that are not theirs.
  ///
  /// It comes before the publication is dropped, which tells of them.
  func putBackOnTarget() async throws {
    let identities = try await source.session(in: database, for: "reading the publication's comment") {
      try await PublicationMemo.read(of: name, over: $0)?.identities ?? []
    }
    guard !identities.isEmpty, try await target.has(database: database, from: targetEntrance) else { return }
    try await target.session(in: database, for: "putting replica identities back") {
      try await TemporaryIdentities.putBack(identities, on: .target, over: $0)
    }
  }

  /// A slot can't be dropped while somebody reads it: the reader is ended, and may take a moment to go.
  static func dropSlot(_ name: ReplicationName, over connection: Connection) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(30)
    while true {
      let rows = try await connection.query(
        "SELECT s.active_pid FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1", ["\(name)"])
      guard rows.count > 0 else { return }
      do {
        if let reader = rows.text(0, 0) {
          _ = try await connection.query("SELECT pg_catalog.pg_terminate_backend($1::int)", [reader])
        }
        _ = try await connection.query("SELECT pg_catalog.pg_drop_replication_slot($1)", ["\(name)"])
        return
      } catch let error as PostgresError where error.sqlstate == "55006" && clock.now < deadline {
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }
}
