/// A foreign server, and what is known of the user mappings for it. The values of options may be secret.
public struct ForeignServer: CatalogRow {
  public var srvname: String
  public var fdwname: String
  public var foreignTables: Int
  public var userMappings: Int
  /// Of which the connected role sees no options: there are none, or they are hidden from it.
  public var optionlessMappings: Int
  /// It is named by a loopback address or a socket's folder, or the wrapper takes that for granted.
  public var isLocal: Bool

  public static let subject = "the foreign servers"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT s.srvname, w.fdwname,
           (SELECT count(*) FROM pg_catalog.pg_foreign_table f WHERE f.ftserver = s.oid) AS foreign_tables,
           m.user_mappings, m.optionless_mappings,
           CASE WHEN s.srvoptions IS NULL OR NOT EXISTS (
                  SELECT 1 FROM pg_catalog.unnest(s.srvoptions) o WHERE o LIKE 'host=%' OR o LIKE 'hostaddr=%'
                     OR o LIKE 'service=%') THEN w.fdwname IN ('postgres_fdw', 'dblink_fdw')
                ELSE EXISTS (SELECT 1 FROM pg_catalog.unnest(s.srvoptions) o
                              WHERE o IN ('host=localhost', 'host=127.0.0.1', 'host=::1', 'hostaddr=127.0.0.1',
                                          'hostaddr=::1') OR o LIKE 'host=/%') END AS is_local
      FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw,
           LATERAL (SELECT count(*) AS user_mappings,
                           count(*) FILTER (WHERE u.umoptions IS NULL) AS optionless_mappings
                      FROM pg_catalog.pg_user_mappings u WHERE u.srvid = s.oid) m
     WHERE s.oid >= 16384::oid
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.objid = s.oid AND e.deptype = 'e'::"char"
                          AND e.classid = 'pg_catalog.pg_foreign_server'::pg_catalog.regclass)
     ORDER BY s.srvname COLLATE "C"
    """
  }
}
