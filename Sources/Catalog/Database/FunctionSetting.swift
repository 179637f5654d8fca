/// Whether functions run with settings of their own.
public struct FunctionSettingSigns: CatalogRow {
  public var areThere: Bool

  public static let subject = FunctionSetting.subject

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT EXISTS (SELECT FROM pg_catalog.pg_proc
                    WHERE pg_catalog.oidge(oid, 16384::oid) AND proconfig IS NOT NULL) AS are_there
    """
  }
}

/// A function that runs with a setting of its own.
public struct FunctionSetting: CatalogRow {
  /// Of all functions with that setting; rows are given for the first of them only.
  public var nTotal: Int
  public var setting: String
  public var nspname: String
  public var proname: String
  public var arguments: String

  public static let subject = "the settings of functions"

  // search_path and some more are settings that every session may change in every version; half of all functions in
  // some databases have them. The value is not read: it may be a secret.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT f.n_total, f.setting, f.nspname, f.proname,
           pg_catalog.pg_get_function_identity_arguments(f.oid) AS arguments
      FROM (
      SELECT p.oid, n.nspname, p.proname, split_part(c.entry, '=', 1) AS setting,
             count(*) OVER (PARTITION BY split_part(c.entry, '=', 1)) AS n_total,
             row_number() OVER (PARTITION BY split_part(c.entry, '=', 1)
                                ORDER BY n.nspname COLLATE "C", p.proname COLLATE "C", p.oid) AS i
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
       CROSS JOIN LATERAL unnest(p.proconfig) AS c(entry)
       WHERE p.oid >= 16384::oid AND pg_catalog.textne(pg_catalog.left(n.nspname::text, 3), 'pg_')
         AND n.nspname <> 'information_schema'::name
         AND split_part(c.entry, '=', 1) NOT IN ('search_path', 'statement_timeout', 'lock_timeout', 'work_mem',
               'maintenance_work_mem', 'TimeZone', 'DateStyle', 'IntervalStyle', 'client_min_messages',
               'row_security', 'check_function_bodies')
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                            AND e.objid = p.oid AND e.deptype = 'e'::"char")) f
     WHERE f.i <= 100 ORDER BY f.setting COLLATE "C", f.i
    """
  }
}
