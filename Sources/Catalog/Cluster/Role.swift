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
