/// A setting that `ALTER ROLE … SET` or `ALTER DATABASE … SET` keeps.
public struct StoredSetting: CatalogRow {
  /// Whose sessions it holds for.
  public enum Holder: String, Codable, Sendable {
    case everyone, me, others
  }

  /// nil for every database.
  public var datname: String?
  public var holder: Holder
  public var name: String
  /// nil for customized options, which may hold secrets, and mostly where it is for other roles than the connected one.
  public var value: String?
  /// The first of the roles that have it.
  public var roles: [String]
  public var nRoles: Int

  public static let subject = "the settings of databases and roles"

  // `$1` holds the databases' identifiers. What a hundred thousand roles have alike is one row.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT d.datname, x.holder, x.name, x.value, count(r.rolname) AS n_roles,
           coalesce((array_agg(r.rolname::text ORDER BY r.rolname COLLATE "C")
                     FILTER (WHERE r.rolname IS NOT NULL))[1:100], '{}') AS roles
      FROM (
      SELECT s.setdatabase, s.setrole, h.holder, split_part(c.entry, '=', 1) AS name,
             CASE WHEN strpos(split_part(c.entry, '=', 1), '.') = 0
                       AND (h.holder <> 'others' OR split_part(c.entry, '=', 1) = 'default_with_oids')
                  THEN substr(c.entry, strpos(c.entry, '=') + 1) END AS value
        FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS c(entry)
       CROSS JOIN LATERAL (SELECT CASE WHEN s.setrole = 0::oid THEN 'everyone' WHEN s.setrole =
           (SELECT m.oid FROM pg_catalog.pg_roles m WHERE m.rolname = current_user) THEN 'me' ELSE 'others' END) AS h(holder)
       WHERE s.setdatabase = 0::oid OR s.setdatabase = ANY ($1::oid[])) x
      LEFT JOIN pg_catalog.pg_database d ON d.oid = x.setdatabase
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.setrole
     WHERE (x.setdatabase = 0::oid OR d.oid IS NOT NULL) AND (x.setrole = 0::oid OR r.oid IS NOT NULL)
     GROUP BY d.datname, x.holder, x.name, x.value
     ORDER BY d.datname COLLATE "C" NULLS FIRST, x.holder, x.name COLLATE "C", x.value COLLATE "C"
    """
  }
}

/// A setting that the target has, and whether the connected role may give it to a role, a database or a function.
public struct SettingName: CatalogRow {
  public var name: String
  /// Whether sessions may change it at all.
  public var isOfSessions: Bool
  public var mayBeSet: Bool

  public static let subject = "the names of the settings"

  // From 15 on, a role may be granted to set what else only a superuser may, and what nobody has defined yet.
  public static func sql(_ server: ServerVersion) -> String {
    let own = """
      SELECT s.name, s.context IN ('user', 'superuser') AS is_of_sessions,
             s.context = 'user' OR s.context = 'superuser' AND (i.is_super OR \
      \(server.major >= 15 ? "pg_catalog.has_parameter_privilege(s.name, 'SET')" : "false")) AS may_be_set
        FROM pg_catalog.pg_settings s
       CROSS JOIN (SELECT m.rolsuper AS is_super FROM pg_catalog.pg_roles m WHERE m.rolname = current_user) i
      """
    guard server.major >= 15 else { return own }
    return own + """

      UNION ALL
      SELECT p.parname, true, pg_catalog.has_parameter_privilege(p.parname, 'SET') FROM pg_catalog.pg_parameter_acl p
       WHERE p.parname NOT IN (SELECT s.name FROM pg_catalog.pg_settings s)
      """
  }
}

/// A setting that a role has in every database.
public struct RoleSetting: CatalogRow {
  public var rolname: String
  public var name: String
  /// nil for customized options, which may hold secrets.
  public var value: String?

  public static let subject = "the settings of roles"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT r.rolname, split_part(c.entry, '=', 1) AS name,
           CASE WHEN strpos(split_part(c.entry, '=', 1), '.') = 0
                THEN substr(c.entry, strpos(c.entry, '=') + 1) END AS value
      FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS c(entry)
      JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
     WHERE s.setdatabase = 0::oid
     ORDER BY r.rolname COLLATE "C", c.entry COLLATE "C"
    """
  }
}
