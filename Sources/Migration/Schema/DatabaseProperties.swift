import Catalog
import Postgres

/// What belongs to a database itself and is no part of what is in it: settings, privileges, a comment. `pg_restore`
/// carries it over only where it creates the database.
struct DatabaseProperties: Sendable {
  private struct Setting: Decodable, Sendable {
    /// nil for all roles.
    var role: String?
    var entry: String
  }

  private struct Grant: Decodable, Sendable {
    /// nil for PUBLIC.
    var grantee: String?
    var privilege: String
    var isGrantable: Bool
  }

  private let name: String
  private let settings: [Setting]
  private let grants: [Grant]
  private let comment: String?
  private let owner: String?
  private let connectionLimit: Int
  /// Whether privileges on it were ever granted or revoked.
  private let hasPrivileges: Bool
  private let isTemplate: Bool

  /// - Throws: `MigrationError`, `CancellationError`.
  init(of snapshot: SourceSnapshot) async throws {
    name = snapshot.database
    settings = try await snapshot.rows(
      of: Setting.self, for: "reading the database's settings",
      """
      SELECT r.rolname AS role, e.entry FROM pg_catalog.pg_db_role_setting s
        JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase AND d.datname = pg_catalog.current_database()
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole CROSS JOIN LATERAL unnest(s.setconfig) AS e(entry)
       WHERE s.setrole = 0 OR r.oid IS NOT NULL ORDER BY 1 NULLS FIRST, 2
      """)
    grants = try await snapshot.rows(
      of: Grant.self, for: "reading the database's privileges",
      """
      SELECT r.rolname AS grantee, x.privilege_type AS privilege, x.is_grantable
        FROM pg_catalog.pg_database d CROSS JOIN LATERAL pg_catalog.aclexplode(d.datacl) x
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantee
       WHERE d.datname = pg_catalog.current_database() AND x.grantee <> d.datdba
         AND (x.grantee = 0 OR r.oid IS NOT NULL) ORDER BY 1 NULLS FIRST, 2
      """)
    let rows = try await attempting("reading the database's comment", snapshot.source, database: name) {
      try await snapshot.connection.query(
        """
        SELECT pg_catalog.shobj_description(d.oid, 'pg_database'), pg_catalog.pg_get_userbyid(d.datdba), d.datconnlimit,
               d.datistemplate, d.datacl IS NOT NULL
          FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
        """)
    }
    (comment, owner) = (rows.text(0, 0), rows.text(0, 1))
    connectionLimit = rows.text(0, 2).flatMap { Int($0) } ?? -1
    isTemplate = rows.text(0, 3) == "t"
    hasPrivileges = rows.text(0, 4) == "t"
  }

  /// Gives them to the target's database, as far as the server allows it.
  ///
  /// - Parameter isNew: whether the database was created by the migration: it has the source's limits then.
  /// - Returns: what it did not allow, in words.
  func apply(isNew: Bool, over connection: Connection) async throws -> [String] {
    let database = try await connection.quote(identifier: name)
    var statements: [(what: String, sql: String)] = []
    if isNew, connectionLimit >= 0 {
      statements.append(("its connection limit", "ALTER DATABASE \(database) CONNECTION LIMIT \(connectionLimit)"))
    }
    if isNew, isTemplate { statements.append(("being a template", "ALTER DATABASE \(database) IS_TEMPLATE true")) }
    for setting in settings {
      guard let parts = StoredParameter(entry: setting.entry) else { continue }
      var holder = "DATABASE"
      if let role = setting.role { holder = "ROLE \(try await connection.quote(identifier: role)) IN DATABASE" }
      statements.append(
        (
          "its setting \(parts.name)",
          "ALTER \(holder) \(database) SET \(parts.assignment)"
        ))
    }
    if isNew, hasPrivileges {
      statements.append(("what PUBLIC lost", "REVOKE ALL ON DATABASE \(database) FROM PUBLIC"))
    }
    for grant in grants {
      var grantee = "PUBLIC"
      if let role = grant.grantee { grantee = try await connection.quote(identifier: role) }
      statements.append(
        (
          "\(grant.privilege) for \(grant.grantee ?? "PUBLIC")",
          "GRANT \(grant.privilege) ON DATABASE \(database) TO \(grantee)\(grant.isGrantable ? " WITH GRANT OPTION" : "")"
        ))
    }
    if let comment {
      statements.append(
        ("its comment", "COMMENT ON DATABASE \(database) IS \(try await connection.quote(literal: comment))"))
    }
    var refused: [String] = []
    // It was there before, and stays whose it is.
    let there = try await connection.query(
      """
      SELECT pg_catalog.pg_get_userbyid(d.datdba) FROM pg_catalog.pg_database d
       WHERE d.datname = pg_catalog.current_database()
      """
    ).text(0, 0)
    if !isNew, let owner, let there, owner != there { refused.append("its owner \(owner): it belongs to \(there)") }
    for statement in statements {
      do {
        _ = try await connection.query(statement.sql)
      } catch let error as PostgresError where !error.isConnectionLost {
        refused.append("\(statement.what): \(error.message)")
      }
    }
    return refused
  }
}
