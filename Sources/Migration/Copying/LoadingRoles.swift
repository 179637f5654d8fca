import Catalog
import FoundationEssentials
import Postgres

/// The roles by which tables are loaded that have code of their owners: checks, domains, generated columns, partition keys
/// and indexes run it for every row.
///
/// `SET ROLE` alone is no barrier: whatever runs in the session can `RESET ROLE`, and a deferred trigger fires when the
/// role is given back. So the session itself has to be that of a role without any right but to become the owner: one role
/// for each owner, with a random password that nobody is told, for as long as tables are loaded. What is killed leaves
/// them behind, without a password that is known, and without any password after an hour or two; `--resume`, `cutover` and
/// `cleanup` remove them.
actor LoadingRoles {
  /// A session that has no more rights than the owner of the tables that are loaded over it.
  struct OwnersSession: Sendable {
    let connection: Connection
    /// Quoted.
    let owner: String
    /// As the catalogs have it.
    let name: String
  }

  private struct Role: Sendable {
    var name: String
    /// Quoted.
    var owner: String
    var endpoint: Endpoint
  }

  private let target: Endpoint
  private let database: String
  /// By owner.
  private let roles: [String: Role]
  private let tables: [String: TableOwner]
  /// When the passwords are made to hold longer.
  private var renewal: ContinuousClock.Instant

  private static let prefix = "pgpreflight_load_"
  /// For a regular expression of the server.
  static let pattern = "^\(prefix)[0-9a-f]{8}_[0-9]+_[0-9]+$"
  /// Passwords hold for so long, and are made to hold longer when half of it is over.
  private static let validity = (seconds: 7200, renewal: Duration.seconds(3600))

  /// Makes a role for each owner of these tables whose code would run, and connects as each of them, before `body` loads
  /// anything; removes them afterwards, also when the task is cancelled.
  ///
  /// - Parameters:
  ///   - tables: those that are loaded, as the server quotes them.
  ///   - run: in eight hexadecimal digits.
  ///   - isReplica: whether their sessions are to be in replica mode, which the connected role may set.
  ///   - acceptsCode: whether tables are loaded with the rights of the connected role where there is no other way.
  /// - Throws: `MigrationError` where it can't be had, `CancellationError`, what `body` throws.
  static func with<T: Sendable>(
    _ tables: Set<String>, in database: String, of target: Endpoint, run: String, isReplica: Bool, acceptsCode: Bool,
    _ body: (LoadingRoles) async throws -> T
  ) async throws -> T {
    let found = try await target.session(in: database, for: "looking for code of the tables' owners") {
      try await $0.query(TableOwner.sql(ServerVersion(rawValue: $0.session.serverVersion)), [$0.session.user])
        .decode(TableOwner.self)
    }.filter { tables.contains($0.table) }
    if let lacking = found.first(where: { !$0.lacks.isEmpty }), !acceptsCode {
      throw refusal(of: lacking.words, "its owner lacks \(lacking.lacks.joined(separator: ", "))")
    }
    if let foreign = found.first(where: \.isSuperuser), !acceptsCode {
      throw refusal(of: foreign.words, "its owner is a superuser, and somebody else has written the code")
    }
    let loaded = found.filter { $0.lacks.isEmpty && !$0.isSuperuser }
    return try await with(
      owners: loaded.map { ($0.owner, $0.words) }, loading: loaded, in: database, of: target, run: run,
      isReplica: isReplica,
      acceptsCode: acceptsCode, body)
  }

  /// The same for owners of anything.
  ///
  /// - Parameter owners: with what of theirs has code, in words.
  static func with<T: Sendable>(
    owners: [(name: String, words: String)], loading tables: [TableOwner] = [], in database: String,
    of target: Endpoint,
    run: String, isReplica: Bool = false, acceptsCode: Bool, _ body: (LoadingRoles) async throws -> T
  ) async throws -> T {
    guard !owners.isEmpty else { return try await body(LoadingRoles(of: [], by: [:], in: database, of: target)) }
    do {
      try await remove(run, in: database, of: target)
      var roles: [String: Role] = [:]
      for (number, owner) in owners.map(\.name).uniqued.enumerated() {
        do {
          roles[owner] = try await make(number + 1, for: owner, in: database, of: target, run, isReplica)
        } catch let error as MigrationError {
          guard acceptsCode else {
            throw refusal(of: owners.first { $0.name == owner }?.words ?? owner, "\(error)")
          }
        }
      }
      let value = try await body(LoadingRoles(of: tables, by: roles, in: database, of: target))
      try await remove(run, in: database, of: target)
      return value
    } catch {
      try? await remove(run, in: database, of: target)
      throw error
    }
  }

  private init(of tables: [TableOwner], by roles: [String: Role], in database: String, of target: Endpoint) {
    self.target = target
    self.database = database
    self.roles = roles
    self.tables = Dictionary(tables.map { ($0.table, $0) }, uniquingKeysWith: { first, _ in first })
    renewal = .now + Self.validity.renewal
  }

  static func refusal(of words: String, _ reason: String) -> MigrationError {
    MigrationError(
      "\(words) has code that must not run with the rights of the target role, and it can't run with those of its owner: "
        + "\(reason). Accept rule load-code in a waiver to let it run all the same")
  }

  /// - Returns: the role, as which a session could be opened.
  private static func make(
    _ number: Int, for owner: String, in database: String, of target: Endpoint, _ run: String, _ isReplica: Bool
  ) async throws -> Role {
    let password = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
    let role = try await target.session(in: database, for: "creating a role to load tables by") { connection in
      try await connection.keepStatementsOutOfLogs()
      let oid = try await connection.query(ReadingStatements.thisDatabase).text(0, 1) ?? ""
      let name = "\(names(of: run))\(oid)_\(number)"
      let quoted = try await connection.quote(identifier: owner)
      let verifier = try await connection.verifier(of: password, for: name, method: "scram-sha-256")
      let until = try await Self.validUntil(over: connection)
      let isSuperuser = try await connection.query(
        "SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"
      ).text(0, 0)
      let isNew = connection.session.serverVersion >= 160_000
      var statements = [
        "CREATE ROLE \(name) LOGIN NOINHERIT PASSWORD \(Quoting.literal(verifier)) VALID UNTIL \(until)",
        "GRANT \(quoted) TO \(name)\(isNew ? " WITH INHERIT FALSE, SET TRUE" : "")",
      ]
      // Who is no superuser can't end its sessions otherwise.
      if isSuperuser != "t" { statements.append("GRANT \(name) TO CURRENT_USER\(isNew ? " WITH INHERIT TRUE" : "")") }
      if isReplica { statements.append("ALTER ROLE \(name) SET session_replication_role = 'replica'") }
      _ = try await connection.pipeline([statements.map { Statement($0) }])[0].get()
      let mayConnect = try await connection.query(
        "SELECT pg_catalog.has_database_privilege($1, pg_catalog.current_database(), 'CONNECT')", [name])
      if mayConnect.text(0, 0) != "t" {
        _ = try await connection.query(
          "GRANT CONNECT ON DATABASE \(try await connection.quote(identifier: database)) TO \(name)")
      }
      var endpoint = Endpoint(
        side: .target, string: target.string.signingIn(as: name, password: password),
        applicationName: target.applicationName, connectTimeout: target.connectTimeout)
      endpoint.responseTimeout = target.responseTimeout
      // What resets the role in the middle of a statement is the owner still.
      endpoint.role = owner
      return Role(name: name, owner: quoted, endpoint: endpoint)
    }
    try await role.endpoint.session(in: database, for: "connecting as the role to load tables by") {
      _ = try await $0.query("SET ROLE \(role.owner)")
    }
    return role
  }

  private static func validUntil(over connection: Connection) async throws -> String {
    let rows = try await connection.query(
      "SELECT (pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => \(validity.seconds)))::pg_catalog.text")
    return Quoting.literal(rows.text(0, 0) ?? "")
  }

  // MARK: Loading

  /// To connect as the role for an owner; nil where there is none.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  func endpoint(of owner: String) async throws -> Endpoint? {
    guard let role = roles[owner] else { return nil }
    if .now >= renewal {
      renewal = .now + Self.validity.renewal
      let names = roles.values.map(\.name)
      try await target.session(in: database, for: "renewing the roles to load tables by") { connection in
        let until = try await Self.validUntil(over: connection)
        for name in names { _ = try await connection.query("ALTER ROLE \(name) VALID UNTIL \(until)") }
      }
    }
    return role.endpoint
  }

  /// The session for a table: the one that is open, where it is that of the same owner.
  ///
  /// - Returns: nil where it is loaded over the connected role's own sessions.
  /// - Throws: `MigrationError`, `CancellationError`.
  func session(for table: String, keeping open: OwnersSession?) async throws -> OwnersSession? {
    let owner = tables[table]?.owner
    if let open, open.name == owner { return open }
    await open?.connection.close()
    guard let owner, let endpoint = try await endpoint(of: owner), let role = roles[owner] else { return nil }
    return try await attempting("connecting as the role to load tables by", target, database: database) {
      OwnersSession(connection: try await endpoint.connect(to: database), owner: role.owner, name: owner)
    }
  }

  // MARK: Removal

  /// Those of a run, also when the task is cancelled.
  ///
  /// - Throws: `MigrationError`.
  static func remove(_ run: String, in database: String, of target: Endpoint) async throws {
    try await Task {
      try await target.session(in: database, for: "removing the roles to load tables by") {
        try await removeAll(of: run, over: $0)
      }
    }.value
  }

  /// Those of a run for the database that the session is in.
  private static func removeAll(of run: String, over connection: Connection) async throws {
    let oid = try await connection.query(ReadingStatements.thisDatabase).text(0, 1) ?? ""
    let rows = try await connection.query(ReadingStatements.loadingRoles)
    for name in (0..<rows.count).compactMap({ rows.text($0, 0) }) where name.hasPrefix("\(names(of: run))\(oid)_") {
      try await remove(name, over: connection)
    }
  }

  /// What the names of a run's roles begin with.
  static func names(of run: String) -> String { "\(prefix)\(run)_" }

  /// The database that a role of this kind loads: its `pg_database.oid`.
  static func database(of name: String) -> Int? { name.split(separator: "_").dropLast().last.flatMap { Int($0) } }

  /// - Parameter connection: to the database of the target that it was made for.
  static func remove(_ name: String, over connection: Connection) async throws {
    // Code that catches what cancels it goes on when nobody listens any more, and holds its locks.
    _ = try await connection.endSessions(where: "a.usename = $1", [name])
    do {
      _ = try await connection.query("DROP ROLE IF EXISTS \(name)")
    } catch let error as PostgresError where error.sqlstate == "2BP01" {
      // The right to connect, or what code of the owner has made when it had given the owner's role back.
      var statements = ["DROP OWNED BY \(name)", "DROP ROLE \(name)"]
      if let owner = try await connection.query(ReadingStatements.loadedOwner, [name]).text(0, 0) {
        statements.insert("REASSIGN OWNED BY \(name) TO \(owner)", at: 0)
      }
      _ = try await connection.pipeline([statements.map { Statement($0) }])[0].get()
    }
  }
}
