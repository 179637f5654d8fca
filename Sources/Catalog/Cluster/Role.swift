/// A role of the cluster, less the predefined ones.
public struct Role: CatalogRow {
  public var rolname: String
  public var rolcanlogin: Bool
  public var rolsuper: Bool
  public var rolinherit = true
  public var rolcreatedb = false
  public var rolcreaterole = false
  public var rolreplication = false
  public var rolbypassrls = false

  public static let subject = "the roles"

  // Names that begin with pg_ are the server's own (documentation, "Predefined Roles").
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT r.rolname, r.rolcanlogin, r.rolsuper, r.rolinherit, r.rolcreatedb, r.rolcreaterole, r.rolreplication,
           r.rolbypassrls
      FROM pg_catalog.pg_roles r
     WHERE r.rolname !~ '^pg_' ORDER BY r.rolname COLLATE "C"
    """
  }
}

/// That a role is a member of another, whoever granted it.
public struct Membership: CatalogRow {
  public var role: String
  public var member: String
  public var adminOption: Bool
  /// Before 16 it is up to the member's attribute INHERIT.
  public var inheritOption: Bool
  public var setOption: Bool

  public static let subject = "the memberships of roles"

  public static func sql(_ server: ServerVersion) -> String {
    let hasOptions = server.major >= 16
    return """
      SELECT g.rolname AS role, m.rolname AS member, bool_or(a.admin_option) AS admin_option,
             bool_or(\(hasOptions ? "a.inherit_option" : "m.rolinherit")) AS inherit_option,
             \(hasOptions ? "bool_or(a.set_option)" : "true") AS set_option
        FROM pg_catalog.pg_auth_members a JOIN pg_catalog.pg_roles g ON g.oid = a.roleid
        JOIN pg_catalog.pg_roles m ON m.oid = a.member
       WHERE pg_catalog.oidge(a.member, 16384::oid)
       GROUP BY g.rolname, m.rolname ORDER BY g.rolname COLLATE "C", m.rolname COLLATE "C"
      """
  }
}
