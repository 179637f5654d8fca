import Catalog
import Postgres

/// What the restore of a schema needs of roles beyond those that are carried over, and what is undone afterwards.
///
/// A role that is no superuser may give objects only to roles that it is a member of. And a dump names all roles that
/// are granted something, also those that are left out and those of a provider: while it is restored, roles without any
/// right stand in for them, and take what they were granted along when they go.
struct RolePreparation: Sendable {
  struct Prepared: Sendable, Equatable {
    /// Roles that stand in for those that are not carried over.
    var placeholders: [String] = []
    /// Roles that the connected one was made a member of.
    var granted: [String] = []
    /// Owners that objects can't be given to.
    var refused: [String] = []
  }

  let target: Endpoint
  let entrance: String
  /// By it a later run knows the placeholders of an interrupted one.
  var mark: String { "stands in for a role during a migration (\(target.applicationName))" }

  /// - Parameters:
  ///   - owners: of something in the databases that are migrated.
  ///   - absent: roles that are named in those databases and not carried over.
  func prepare(owners: [String], absent: [String]) async throws -> Prepared {
    try await target.session(in: entrance, for: "preparing roles") { connection in
      var prepared = Prepared()
      for name in absent {
        let rows = try await connection.query(
          "SELECT pg_catalog.shobj_description(r.oid, 'pg_authid') FROM pg_catalog.pg_roles r WHERE r.rolname = $1",
          [name])
        let role = try await connection.quote(identifier: name)
        if rows.count == 0 {
          let comment = try await connection.quote(literal: mark)
          let statements = [
            Statement("CREATE ROLE \(role) NOLOGIN"), Statement("COMMENT ON ROLE \(role) IS \(comment)"),
          ]
          _ = try await connection.pipeline([statements])[0].get()
          prepared.placeholders.append(name)
        } else if rows.text(0, 0) == mark {
          prepared.placeholders.append(name)
        }
      }
      let isSuperuser = try await connection.query(
        "SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"
      ).text(0, 0)
      guard isSuperuser != "t" else { return prepared }
      // Since 16, a membership may leave out to set the role, or to have its rights.
      let isNew = connection.session.serverVersion >= 160_000
      let needed = isNew ? ["SET", "USAGE"] : ["USAGE"]
      for name in (owners + prepared.placeholders).uniqued {
        let rows = try await connection.query(
          "SELECT \(needed.map { "pg_catalog.pg_has_role(r.oid, '\($0)')" }.joined(separator: " AND ")) "
            + "FROM pg_catalog.pg_roles r WHERE r.rolname = $1", [name])
        guard rows.text(0, 0) != "t" else { continue }
        do {
          let role = try await connection.quote(identifier: name)
          _ = try await connection.query(
            "GRANT \(role) TO CURRENT_USER\(isNew ? " WITH SET TRUE, INHERIT TRUE" : "")")
          prepared.granted.append(name)
        } catch let error as PostgresError where !error.isConnectionLost {
          prepared.refused.append(name)
        }
      }
      return prepared
    }
  }

  /// What the placeholders were given in one database goes with them; what they own, a left-out owner's objects, stays.
  func release(_ prepared: Prepared, in database: String) async throws {
    guard !prepared.placeholders.isEmpty else { return }
    try await target.session(in: database, for: "removing roles that stand in for others") { connection in
      for name in prepared.placeholders {
        let role = try await connection.quote(identifier: name)
        _ = try await connection.pipeline(
          [[Statement("REASSIGN OWNED BY \(role) TO CURRENT_USER"), Statement("DROP OWNED BY \(role)")]])[0].get()
      }
    }
  }

  /// Also after a failure, and when the task is cancelled: what a database still needs of it stays.
  ///
  /// - Parameter keepsMemberships: whether some database is replicated from now on.
  func undo(_ prepared: Prepared, keepsMemberships: Bool = false) async {
    guard !prepared.placeholders.isEmpty || !prepared.granted.isEmpty else { return }
    await Task {
      try? await target.session(in: entrance, for: "undoing the preparation of roles") { connection in
        for name in prepared.placeholders {
          _ = try? await connection.query("DROP ROLE IF EXISTS \(try await connection.quote(identifier: name))")
        }
        for name in prepared.granted where !keepsMemberships && !prepared.placeholders.contains(name) {
          _ = try? await connection.query("REVOKE \(try await connection.quote(identifier: name)) FROM CURRENT_USER")
        }
      }
    }.value
  }
}

/// What databases need roles for that are carried over, or not.
struct NamedRoles: Sendable {
  /// Owners of something in the databases.
  var owners: [String]
  /// Owners of the databases themselves.
  var databaseOwners: [String]
  /// Those that are named there and not carried over.
  var absent: [String]
}

extension ClusterSnapshot {
  /// The roles that these databases need.
  func roles(of databases: [String], less excluded: [String]) -> NamedRoles {
    let needed = (roleReferences.ifKnown ?? []).filter { role in
      databases.contains { $0.isSameName(as: role.datname) } && !role.rolname.hasPrefix("pg_")
    }.map { ($0.rolname, $0.kinds) }
    let pinned = inspected.filter { database in databases.contains { $0.isSameName(as: database.name) } }
      .flatMap { $0.bootstrapReferences.ifKnown ?? [] }.filter { !$0.kinds.isEmpty }.map { ($0.rolname, $0.kinds) }
    let leftOut = Set(excluded).union(Provider.ownedRoles)
    func names(_ isWanted: ((name: String, kinds: [String])) -> Bool) -> [String] {
      (needed + pinned).filter(isWanted).map(\.0).uniqued
    }
    return NamedRoles(
      owners: names { $0.kinds.contains("o") && !leftOut.contains($0.name) },
      databaseOwners: names { $0.kinds.contains("d") && !leftOut.contains($0.name) },
      absent: names { leftOut.contains($0.name) })
  }
}
