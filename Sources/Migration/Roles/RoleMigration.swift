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

  private struct Membership: Decodable, Sendable {
    var role: String
    var member: String
    var adminOption: Bool
    var inheritOption: Bool?
    var setOption: Bool?
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
        for definition in definitions {
          let verifier = try await verifier(of: definition, passwords[definition.rolname], encryption, connection)
          outcomes[definition.rolname] = try await create(
            definition, verifier: verifier, isMade: passwords[definition.rolname] != nil,
            lacksPassword: definition.rolcanlogin && !canReadPasswords, over: connection)
        }
        for membership in memberships {
          try await grant(membership, of: Set(created), outcomes: &outcomes, over: connection)
        }
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

  private func read(_ names: [String]) async throws -> ([Definition], [Membership], canReadPasswords: Bool) {
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
      let options =
        connection.session.serverVersion >= 160_000
        ? "m.inherit_option, m.set_option" : "NULL::bool AS inherit_option, NULL::bool AS set_option"
      let memberships = try await connection.query(
        """
        SELECT DISTINCT r.rolname AS role, u.rolname AS member, m.admin_option, \(options)
          FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
          JOIN pg_catalog.pg_roles u ON u.oid = m.member
         WHERE r.rolname = ANY ($1::name[]) OR u.rolname = ANY ($1::name[]) ORDER BY 1, 2, 3
        """, [list]
      ).decode(Membership.self)
      return (definitions, memberships, canReadPasswords)
    }
  }

  // MARK: The target

  private func create(
    _ definition: Definition, verifier: String?, isMade: Bool, lacksPassword: Bool, over connection: Connection
  ) async throws -> MigratedRole {
    let name = try await connection.quote(identifier: definition.rolname)
    var role = MigratedRole(name: definition.rolname, status: .created)
    do {
      _ = try await connection.query(
        try await creation(of: definition, name, verifier: verifier, all: true, connection))
    } catch let error as PostgresError where error.sqlstate == "42501" {
      // Some attributes only a superuser may give (documentation of CREATE ROLE).
      do {
        _ = try await connection.query(
          try await creation(of: definition, name, verifier: verifier, all: false, connection))
        role.message = "without SUPERUSER, REPLICATION and BYPASSRLS, which the target role may not give"
      } catch let error as PostgresError where !error.isConnectionLost {
        return MigratedRole(name: definition.rolname, status: .failed, message: error.messageWithCode)
      }
    } catch let error as PostgresError where error.sqlstate == "42710" {
      return MigratedRole(name: definition.rolname, status: .exists)
    } catch let error as PostgresError where !error.isConnectionLost {
      return MigratedRole(name: definition.rolname, status: .failed, message: error.messageWithCode)
    }
    if isMade {
      role.passwordPlaceholder = true
    } else if lacksPassword {
      role.add("without a password: that of the source can't be read; see --role-passwords")
    }
    var statements: [(String, Statement)] = []
    if let comment = definition.comment {
      statements.append(
        ("its comment", Statement("COMMENT ON ROLE \(name) IS \(try await connection.quote(literal: comment))")))
    }
    for entry in definition.settings ?? [] {
      guard let setting = StoredParameter(entry: entry) else { continue }
      statements.append(("its setting \(setting.name)", Statement("ALTER ROLE \(name) SET \(setting.assignment)")))
    }
    for (what, statement) in statements {
      do {
        _ = try await connection.query(statement.sql)
      } catch let error as PostgresError where !error.isConnectionLost {
        role.add("without \(what): \(error.messageWithCode)")
      }
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
    _ membership: Membership, of created: Set<String>, outcomes: inout [String: MigratedRole],
    over connection: Connection
  ) async throws {
    // A membership in or of a role that was not carried over is none.
    for name in [membership.role, membership.member] where !name.hasPrefix("pg_") {
      guard let outcome = outcomes[name], outcome.status == .created || outcome.status == .exists else { return }
    }
    let role = try await connection.quote(identifier: membership.role)
    let member = try await connection.quote(identifier: membership.member)
    var options: [String] = membership.adminOption ? ["ADMIN"] : []
    var suffix = options.isEmpty ? "" : " WITH ADMIN OPTION"
    if connection.session.serverVersion >= 160_000, let inherits = membership.inheritOption,
      let sets = membership.setOption
    {
      options = ["ADMIN \(membership.adminOption)", "INHERIT \(inherits)", "SET \(sets)"]
      suffix = " WITH \(options.joined(separator: ", "))"
    }
    do {
      _ = try await connection.query("GRANT \(role) TO \(member)\(suffix)")
    } catch let error as PostgresError where !error.isConnectionLost {
      outcomes[membership.member]?.add("not a member of \(membership.role): \(error.messageWithCode)")
    }
  }
}

extension MigratedRole {
  fileprivate mutating func add(_ words: String) { message += message.isEmpty ? words : "; \(words)" }
}
