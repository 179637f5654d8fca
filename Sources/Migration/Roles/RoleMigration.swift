import Assessment
import Catalog
import Postgres

/// Creates the roles of the source that the target lacks: attributes, passwords, memberships, settings.
struct RoleMigration: Sendable {
  let source: Endpoint
  let target: Endpoint
  /// Databases to connect to.
  let sourceEntrance: String
  let targetEntrance: String
  let roles: [RolePlan]
  /// Keeps random passwords; nil: roles of which the password can't be read get none.
  let keepPasswords: PasswordKeeper?

  private struct Definition: Decodable, Sendable {
    var rolname: String
    var rolsuper: Bool
    var rolinherit: Bool
    var rolcreaterole: Bool
    var rolcreatedb: Bool
    var rolcanlogin: Bool
    var rolreplication: Bool
    var rolbypassrls: Bool
    var rolconnlimit: Int
    var validUntil: String?
    var verifier: String?
    var comment: String?
    var settings: [String]?
  }

  func run() async throws -> [MigratedRole] {
    let created = roles.filter { $0.action == .create || $0.action == .undetermined }.map(\.name)
    var outcomes = Dictionary(
      roles.map { role in
        (
          role.name,
          MigratedRole(name: role.name, status: role.action == .leaveOut ? .excluded : .exists)
        )
      }, uniquingKeysWith: { first, _ in first })
    if !created.isEmpty {
      let (definitions, memberships, canReadPasswords) = try await read(created)
      // They are kept before a role has them: what is killed in between has lost none.
      var passwords: [String: String] = [:]
      if let keepPasswords, !canReadPasswords {
        passwords = try keepPasswords(definitions.filter(\.rolcanlogin).map(\.rolname))
      }
      try await target.session(in: targetEntrance, for: "creating roles") { connection in
        try await connection.keepStatementsOutOfLogs()
        let encryption = try await connection.query("SHOW password_encryption").text(0, 0) ?? "scram-sha-256"
        let attempts = Attempts(
          connection: connection, isTransaction: definitions.count + memberships.count <= Attempts.most)
        if attempts.isTransaction { _ = try await connection.query("BEGIN") }
        for definition in definitions {
          let verifier = try await verifier(of: definition, passwords[definition.rolname], encryption, connection)
          outcomes[definition.rolname] = try await create(
            definition, verifier: verifier, isMade: passwords[definition.rolname] != nil,
            lacksPassword: definition.rolcanlogin && !canReadPasswords, by: attempts)
        }
        try await grant(memberships, by: attempts, outcomes: &outcomes)
        if attempts.isTransaction { _ = try await connection.query("COMMIT") }
      }
    }
    return roles.compactMap { outcomes[$0.name] }
  }

  /// What the target's server is given: of a random password, as it would keep it itself.
  private func verifier(
    of definition: Definition, _ password: String?, _ encryption: String, _ connection: Connection
  ) async throws -> String? {
    guard let password else { return definition.verifier }
    // Before 10 it is on or off.
    let method = encryption == "scram-sha-256" ? encryption : "md5"
    return try await connection.verifier(of: password, for: definition.rolname, method: method)
  }

  // MARK: The source

  private func read(_ names: [String]) async throws -> ([Definition], [RoleMembership], canReadPasswords: Bool) {
    try await source.session(in: sourceEntrance, for: "reading roles") { connection in
      let rows = try await connection.query("SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')")
      let canReadPasswords = rows.text(0, 0) == "t"
      let list = arrayLiteral(names)
      let definitions = try await connection.query(
        """
        SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolreplication,
               r.rolbypassrls, r.rolconnlimit, r.rolvaliduntil::text AS valid_until,
               \(canReadPasswords ? "r.rolpassword" : "NULL::text") AS verifier,
               pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment,
               (SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s
                 WHERE s.setrole = r.oid AND s.setdatabase = 0) AS settings
          FROM pg_catalog.\(canReadPasswords ? "pg_authid" : "pg_roles") r
         WHERE r.rolname = ANY ($1::name[]) ORDER BY r.rolname COLLATE "C"
        """, [list]
      ).decode(Definition.self)
      let version = ServerVersion(rawValue: connection.session.serverVersion)
      let memberships = try await connection.query(RoleMembership.sql(version), [list]).decode(RoleMembership.self)
      return (definitions, memberships, canReadPasswords)
    }
  }

  // MARK: The target

  private func create(
    _ definition: Definition, verifier: String?, isMade: Bool, lacksPassword: Bool, by attempts: Attempts
  ) async throws -> MigratedRole {
    let connection = attempts.connection
    let name = try await connection.quote(identifier: definition.rolname)
    var role = MigratedRole(name: definition.rolname, status: .created)
    var error = try await attempts.run(creation(of: definition, name, verifier: verifier, all: true, connection))
    if error?.sqlstate == "42501" {
      // Some attributes only a superuser may give (documentation of CREATE ROLE).
      error = try await attempts.run(creation(of: definition, name, verifier: verifier, all: false, connection))
      role.message = "without SUPERUSER, REPLICATION and BYPASSRLS, which the target role may not give"
    }
    if let error {
      return error.sqlstate == "42710"
        ? MigratedRole(name: definition.rolname, status: .exists)
        : MigratedRole(name: definition.rolname, status: .failed, message: error.messageWithCode)
    }
    if isMade {
      role.passwordPlaceholder = true
    } else if lacksPassword {
      role.add("without a password: that of the source can't be read; see --role-passwords")
    }
    var statements: [(what: String, sql: String)] = []
    if let comment = definition.comment {
      statements.append(("its comment", "COMMENT ON ROLE \(name) IS \(try await connection.quote(literal: comment))"))
    }
    for entry in definition.settings ?? [] {
      guard let setting = StoredParameter(entry: entry) else { continue }
      statements.append(("its setting \(setting.name)", "ALTER ROLE \(name) SET \(setting.assignment)"))
    }
    for (what, sql) in statements {
      if let error = try await attempts.run(sql) { role.add("without \(what): \(error.messageWithCode)") }
    }
    return role
  }

  private func creation(
    of definition: Definition, _ name: String, verifier: String?, all: Bool, _ connection: Connection
  ) async throws -> String {
    func word(_ attribute: String, _ holds: Bool) -> String { holds ? attribute : "NO\(attribute)" }
    var words = [
      word("LOGIN", definition.rolcanlogin), word("INHERIT", definition.rolinherit),
      word("CREATEDB", definition.rolcreatedb), word("CREATEROLE", definition.rolcreaterole),
    ]
    if all {
      if definition.rolsuper { words.append("SUPERUSER") }
      if definition.rolreplication { words.append("REPLICATION") }
      if definition.rolbypassrls { words.append("BYPASSRLS") }
    }
    if definition.rolconnlimit >= 0 { words.append("CONNECTION LIMIT \(definition.rolconnlimit)") }
    if let until = definition.validUntil {
      words.append("VALID UNTIL \(try await connection.quote(literal: until))")
    }
    if let verifier {
      words.append("PASSWORD \(try await connection.quote(literal: verifier))")
    }
    return "CREATE ROLE \(name) WITH \(words.joined(separator: " "))"
  }

  private func grant(
    _ memberships: [RoleMembership], by attempts: Attempts, outcomes: inout [String: MigratedRole]
  ) async throws {
    // A membership in or of a role that was not created is none.
    let isThere = { [outcomes] (name: String) in
      name.hasPrefix("pg_") || outcomes[name].map { $0.status == .created || $0.status == .exists } ?? false
    }
    var grants = try await MembershipGrants(attempts)
    for difference in try await grants.grant(memberships.filter { isThere($0.role) && isThere($0.member) }) {
      let pair = difference.pair
      outcomes[outcomes[pair.member] == nil ? pair.role : pair.member]?.add(difference.message)
    }
  }
}

extension MigratedRole {
  fileprivate mutating func add(_ words: String) { message += message.isEmpty ? words : "; \(words)" }
}
