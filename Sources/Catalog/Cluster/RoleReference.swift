/// A role that a database needs, and what for.
public struct RoleReference: CatalogRow {
  public var datname: String
  public var rolname: String
  /// `o` owner of something in it, `d` of the database itself, `a` named in a privilege, a default privilege or a user
  /// mapping, `r` in a policy, `i` in an initial privilege, `m` a role that such a role is a member of.
  public var kinds: [String]
  public var rolcanlogin: Bool
  public var rolsuper: Bool
  public var rolinherit: Bool
  public var rolcreatedb: Bool
  public var rolcreaterole: Bool
  public var rolreplication: Bool
  public var rolbypassrls: Bool

  public static let subject = "the roles that databases need"

  // `$1` holds the databases' identifiers. Default privileges and user mappings name their role even in a dump without
  // owners; what a database itself grants is no part of its dump. The bootstrap superuser is never listed:
  // see `BootstrapReference`.
  // Source: PostgreSQL documentation, `pg_shdepend`.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT d.datname, r.rolname, array_agg(DISTINCT e.kind) AS kinds, r.rolcanlogin, r.rolsuper, r.rolinherit,
           r.rolcreatedb, r.rolcreaterole, r.rolreplication, r.rolbypassrls
      FROM (
      WITH RECURSIVE needed AS (
        SELECT DISTINCT s.dbid, s.refobjid AS role,
               CASE WHEN s.deptype = 'o'::"char" AND s.classid IN ('pg_catalog.pg_default_acl'::pg_catalog.regclass,
                         'pg_catalog.pg_user_mapping'::pg_catalog.regclass) THEN 'a' ELSE s.deptype::text END AS kind
          FROM pg_catalog.pg_shdepend s
         WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.dbid = ANY ($1::oid[])
        UNION
        SELECT s.objid, s.refobjid, 'd' FROM pg_catalog.pg_shdepend s
         WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.dbid = 0::oid
           AND s.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND s.objid = ANY ($1::oid[])
      ), every AS (
        SELECT n.dbid, n.role, n.kind FROM needed n
        UNION
        SELECT e.dbid, m.roleid, 'm' FROM every e JOIN pg_catalog.pg_auth_members m ON m.member = e.role
      )
      SELECT f.dbid, f.role, f.kind FROM every f) e
      JOIN pg_catalog.pg_database d ON d.oid = e.dbid JOIN pg_catalog.pg_roles r ON r.oid = e.role
     GROUP BY d.datname, r.rolname, r.rolcanlogin, r.rolsuper, r.rolinherit, r.rolcreatedb, r.rolcreaterole,
              r.rolreplication, r.rolbypassrls
     ORDER BY d.datname COLLATE "C", r.rolname COLLATE "C"
    """
  }
}

extension RoleReference {
  public init(of role: Role, in datname: String, kinds: [String]) {
    self.datname = datname
    rolname = role.rolname
    self.kinds = kinds
    rolcanlogin = role.rolcanlogin
    rolsuper = role.rolsuper
    rolinherit = role.rolinherit
    rolcreatedb = role.rolcreatedb
    rolcreaterole = role.rolcreaterole
    rolreplication = role.rolreplication
    rolbypassrls = role.rolbypassrls
  }
}

/// A role that the server brings along.
public struct PredefinedRole: CatalogRow {
  public var rolname: String

  public static let subject = "the predefined roles"

  public static func sql(_ server: ServerVersion) -> String {
    "SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolname ~ '^pg_' ORDER BY r.rolname COLLATE \"C\""
  }
}

/// A role that the connected one is a member of, or itself.
public struct AssumableRole: CatalogRow {
  public var rolname: String
  /// `SET ROLE` is allowed, and so giving objects to it.
  public var maySet: Bool
  /// Its default privileges may be altered.
  public var mayAlterDefaults: Bool

  public static let subject = "the roles that the connected one is a member of"

  // A superuser may set every role; there may be very many. From 16 on, a membership may leave SET or INHERIT out, and
  // ALTER DEFAULT PRIVILEGES takes the latter (measured with 15.20 and 18.6).
  public static func sql(_ server: ServerVersion) -> String {
    let hasOptions = server.major >= 16
    return """
      SELECT r.rolname, pg_catalog.pg_has_role(r.oid, '\(hasOptions ? "SET" : "MEMBER")') AS may_set,
             pg_catalog.pg_has_role(r.oid, '\(hasOptions ? "USAGE" : "MEMBER")') AS may_alter_defaults
        FROM pg_catalog.pg_roles r
       WHERE NOT (SELECT m.rolsuper FROM pg_catalog.pg_roles m WHERE m.rolname = current_user)
         AND pg_catalog.pg_has_role(r.oid, 'MEMBER')
       ORDER BY r.rolname COLLATE "C"
      """
  }
}

/// A role that has default privileges of its own in a database.
public struct DefaultPrivilegeRole: CatalogRow {
  public var rolname: String
  public var entries: Int

  public static let subject = "the default privileges"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT r.rolname, count(*) AS entries
      FROM pg_catalog.pg_default_acl a JOIN pg_catalog.pg_roles r ON r.oid = a.defaclrole
     GROUP BY r.rolname ORDER BY r.rolname COLLATE "C"
    """
  }
}

/// What a role may do with a setting, by `GRANT … ON PARAMETER`.
public struct ParameterPrivilege: CatalogRow {
  public var parname: String
  public var rolname: String
  /// `SET`, `ALTER SYSTEM`, or both.
  public var privileges: [String]

  public static let subject = "the privileges for settings"

  // New in 15. PUBLIC and the superuser that initdb made aside.
  public static func sql(_ server: ServerVersion) -> String {
    guard server.major >= 15 else {
      return "SELECT ''::text AS parname, ''::text AS rolname, '{}'::text[] AS privileges WHERE false"
    }
    return """
      SELECT p.parname, r.rolname, array_agg(a.privilege_type ORDER BY a.privilege_type) AS privileges
        FROM pg_catalog.pg_parameter_acl p CROSS JOIN LATERAL pg_catalog.aclexplode(p.paracl) a
        JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
       WHERE r.oid >= 16384::oid
       GROUP BY p.parname, r.rolname ORDER BY p.parname COLLATE "C", r.rolname COLLATE "C"
      """
  }
}
