/// How the password of a role that logs in is kept. Never the password, nor what it is kept as.
public struct RolePassword: CatalogRow {
  public enum Kind: String, Codable, Sendable {
    case scram = "scram-sha-256"
    case md5, none
    /// By a version that kept passwords as they are, or in a form that is not known.
    case other
  }

  public var rolname: String
  public var kind: Kind

  public static let subject = "how passwords are kept"

  // `$1` holds the databases' identifiers: of the roles that they need. Only a superuser may read pg_authid.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT a.rolname, CASE WHEN a.rolpassword IS NULL THEN 'none'
                           WHEN a.rolpassword LIKE 'SCRAM-SHA-256$%' THEN 'scram-sha-256'
                           WHEN a.rolpassword LIKE 'md5%' AND length(a.rolpassword) = 35 THEN 'md5'
                           ELSE 'other' END AS kind
      FROM pg_catalog.pg_authid a
     WHERE a.rolcanlogin AND a.oid IN (
           SELECT s.refobjid FROM pg_catalog.pg_shdepend s
            WHERE s.refclassid = 1260::oid
              AND (s.dbid = ANY ($1::oid[]) OR s.dbid = 0::oid AND s.classid = 1262::oid AND s.objid = ANY ($1::oid[])))
     ORDER BY a.rolname COLLATE "C"
    """
  }
}
