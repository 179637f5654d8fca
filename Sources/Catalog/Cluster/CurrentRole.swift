/// The role that the session runs as.
public struct CurrentRole: CatalogRow {
  public var rolname: String
  public var rolsuper: Bool
  public var rolcreaterole: Bool
  public var rolcreatedb: Bool
  public var rolreplication: Bool
  public var rolbypassrls: Bool
  /// Well-known roles whose privileges it has (`pg_has_role`, `USAGE`). For a superuser, all of them.
  public var inherits: [String]
  /// Well-known roles that it is a member of, so that `SET ROLE` is allowed.
  public var memberOf: [String]
  /// -1 for no limit of its own; nil where an older snapshot does not tell.
  public var rolconnlimit: Int? = nil

  public static let subject = "the connected role"

  // Only the roles that some rule asks for: a cluster may have a hundred thousand of its own.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls, r.rolconnlimit,
           ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_roles g
                  WHERE g.rolname IN (\(wellKnown)) AND g.oid <> r.oid
                    AND pg_catalog.pg_has_role(r.oid, g.oid, 'USAGE') ORDER BY 1) AS inherits,
           ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_roles g
                  WHERE g.rolname IN (\(wellKnown)) AND g.oid <> r.oid
                    AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER') ORDER BY 1) AS member_of
      FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
    """
  }

  private static let wellKnown = """
    'pg_read_all_settings', 'pg_read_all_stats', 'pg_read_all_data', 'pg_monitor', 'pg_create_subscription', 'pg_signal_backend', \
    'rds_superuser', 'rds_replication', 'cloudsqlsuperuser', 'alloydbsuperuser', 'azure_pg_admin', 'neon_superuser', \
    'supabase_admin', 'avnadmin', 'doadmin', 'crunchy_superuser', 'crunchy_replication'
    """

  /// A predefined role reads all tables, those of the system among them.
  public var readsPasswords: Bool { rolsuper || inherits.contains("pg_read_all_data") }
}
