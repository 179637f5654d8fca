/// How much there is in a database: for the plan, and to tell what has to be looked at more closely.
public struct RelationSummary: CatalogRow {
  /// Ordinary tables and partitions, those of extensions among them.
  public var tables: Int
  public var partitionedTables = 0
  public var sequences = 0
  public var materializedViews = 0
  public var unloggedTables = 0
  /// With row security switched on.
  public var rowSecuredTables = 0
  /// Permanent tables whose rows logical replication can't tell apart.
  public var unidentifiedTables = 0
  /// With REPLICA IDENTITY FULL.
  public var fullIdentityTables = 0
  /// Counted to a million and one.
  public var largeObjects = 0

  public init(tables: Int) { self.tables = tables }

  public static let subject = "the number of tables"

  // Everything that follows from one reading of pg_class and of pg_index: most databases need no second look.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) FILTER (WHERE relkind = 'r'::"char") AS tables,
           count(*) FILTER (WHERE relkind = 'p'::"char") AS partitioned_tables,
           count(*) FILTER (WHERE relkind = 'S'::"char") AS sequences,
           count(*) FILTER (WHERE relkind = 'm'::"char") AS materialized_views,
           count(*) FILTER (WHERE relkind = 'r'::"char" AND relpersistence = 'u'::"char") AS unlogged_tables,
           count(*) FILTER (WHERE relrowsecurity) AS row_secured_tables,
           count(*) FILTER (WHERE relkind = 'r'::"char" AND relpersistence = 'p'::"char" AND CASE relreplident
             WHEN 'd'::"char" THEN oid NOT IN (SELECT indrelid FROM pg_catalog.pg_index
                                                WHERE indisprimary AND indimmediate AND indisvalid)
             WHEN 'i'::"char" THEN oid NOT IN (SELECT indrelid FROM pg_catalog.pg_index
                                                WHERE indisreplident AND indimmediate AND indisvalid)
             ELSE relreplident = 'n'::"char" END) AS unidentified_tables,
           count(*) FILTER (WHERE relkind = 'r'::"char" AND relpersistence = 'p'::"char"
                              AND relreplident = 'f'::"char") AS full_identity_tables,
           (SELECT count(*) FROM (SELECT 1 FROM pg_catalog.pg_largeobject_metadata LIMIT 1000001) AS x)
             AS large_objects
      FROM pg_catalog.pg_class
     WHERE oid >= 16384::oid AND relpersistence <> 't'::"char"
    """
  }
}
