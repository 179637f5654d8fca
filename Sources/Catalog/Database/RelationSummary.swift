/// How much there is in a database, for the plan.
public struct RelationSummary: CatalogRow {
  /// Ordinary tables and partitions, less those of extensions.
  public var tables: Int

  public static let subject = "the number of tables"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) AS tables
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.oid >= 16384 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::regclass
                          AND e.objid = c.oid AND e.objsubid = 0 AND e.deptype = 'e')
    """
  }
}
