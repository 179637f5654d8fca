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
  /// Permanent tables without a primary key that serves as replica identity; an index may be named in its place.
  public var tablesMaybeUnidentified = 0
  /// With REPLICA IDENTITY FULL.
  public var fullIdentityTables = 0
  /// Some trigger is enabled as ALWAYS or REPLICA.
  public var hasFiringTriggers = false
  /// Views, which are rules, aside.
  public var tablesWithRules = 0
  /// There are functions of users or extensions, or checks that call one.
  public var mayHaveCode = false
  public var constraintsNotValid = 0
  public var invalidIndexes = 0
  public var hasGeneratedColumns = false
  /// Some table is partitioned by hash.
  public var hasHashPartitions = false
  public var mayHaveEventTriggers = false
  public var mayHavePublications = false
  public var mayHaveDefaultPrivileges = false
  public var mayHaveSecurityLabels = false
  public var mayHaveForeignServers = false
  /// In another tablespace than the database's own.
  public var relationsElsewhere = 0
  /// Tables and materialized views with an access method that is not built in.
  public var relationsOfOtherMethods = 0
  /// Text search dictionaries that are not built in.
  public var hasDictionaries = false
  /// Tables, their indexes and TOAST tables, sequences, views, …
  public var relations = 0
  /// Of the largest table or TOAST table, as of the last VACUUM or ANALYZE.
  public var largestPages = 0
  public var views = 0
  /// Tables that others inherit from, or once did; not counting partitioned tables.
  public var inheritanceParents = 0
  /// In `pg_catalog` or `information_schema`.
  public var inSystemSchemas = 0
  /// The catalog of large objects takes space, which it may also do when they are gone.
  public var mayHaveLargeObjects = false

  public init(tables: Int) { self.tables = tables }

  public static let subject = "the number of tables"

  // One reading of pg_class, of which it needs no index: most databases need no second look. A function is cheaper than
  // the operator over it: a new session does not have to find which of sixty operators is meant and what is known of
  // its selectivity. A join, as a subquery in NOT IN would be read once for each table where memory does not hold it. 2995 is pg_largeobject_metadata, 2604 pg_attrdef, 2620 pg_trigger, 3350 pg_partitioned_table, 3466
  // pg_event_trigger, 6104 pg_publication, 826 pg_default_acl, 3596 pg_seclabel, 1417 pg_foreign_server; what is left of AND is seen first.
  public static func sql(_ server: ServerVersion) -> String {
    let mayHavePublications = server.major >= 10 ? "pg_catalog.pg_relation_size(6104) > 0" : "false"
    let hasGeneratedColumns =
      server.major >= 12
      ? """
      pg_catalog.pg_relation_size(2604) > 0
               AND EXISTS (SELECT 1 FROM pg_catalog.pg_attribute WHERE pg_catalog.charne(attgenerated, ''::"char"))
      """ : "false"
    let hasHashPartitions =
      server.major >= 11
      ? """
      pg_catalog.pg_relation_size(3350) > 0
               AND EXISTS (SELECT 1 FROM pg_catalog.pg_partitioned_table WHERE pg_catalog.chareq(partstrat, 'h'::"char"))
      """ : "false"
    return """
      SELECT count(*) FILTER (WHERE relkind = 'r'::"char") AS tables,
             count(*) FILTER (WHERE relkind = 'p'::"char") AS partitioned_tables,
             count(*) FILTER (WHERE relkind = 'S'::"char") AS sequences,
             count(*) FILTER (WHERE relkind = 'm'::"char") AS materialized_views,
             count(*) FILTER (WHERE relkind = 'r'::"char" AND relpersistence = 'u'::"char") AS unlogged_tables,
             count(*) FILTER (WHERE relrowsecurity) AS row_secured_tables,
             count(*) FILTER (WHERE relkind = 'r'::"char" AND relpersistence = 'p'::"char" AND CASE relreplident
               WHEN 'd'::"char" THEN i.indrelid IS NULL
               ELSE relreplident <> 'f'::"char" END) AS tables_maybe_unidentified,
             count(*) FILTER (WHERE relkind = 'r'::"char" AND relpersistence = 'p'::"char"
                                AND relreplident = 'f'::"char") AS full_identity_tables,
             count(*) FILTER (WHERE relhasrules AND relkind IN ('r'::"char", 'p'::"char")) AS tables_with_rules,
             (SELECT count(*) FROM pg_catalog.pg_constraint WHERE NOT convalidated) AS constraints_not_valid,
             (SELECT count(*) FROM pg_catalog.pg_index WHERE NOT (indisvalid AND indisready)) AS invalid_indexes,
             count(*) AS relations, coalesce(max(relpages::int8 & 4294967295), 0) AS largest_pages,
             count(*) FILTER (WHERE relkind = 'v'::"char") AS views,
             count(*) FILTER (WHERE relhassubclass AND relkind IN ('r'::"char", 'f'::"char")) AS inheritance_parents,
             count(*) FILTER (WHERE \(isInSystemSchema("relnamespace"))) AS in_system_schemas,
             count(*) FILTER (WHERE pg_catalog.oidne(reltablespace, 0::oid)) AS relations_elsewhere,
             count(*) FILTER (WHERE pg_catalog.oidge(relam, 16384::oid) AND relkind <> 'i'::"char"
                                AND relkind <> 'I'::"char") AS relations_of_other_methods,
             EXISTS (SELECT 1 FROM pg_catalog.pg_ts_dict WHERE pg_catalog.oidge(oid, 16384::oid)) AS has_dictionaries,
             \(hasGeneratedColumns) AS has_generated_columns,
             \(hasHashPartitions) AS has_hash_partitions,
             pg_catalog.pg_relation_size(2620) > 0 AND EXISTS (
               SELECT 1 FROM pg_catalog.pg_trigger WHERE pg_catalog.chareq(tgenabled, 'A'::"char")
                  OR pg_catalog.chareq(tgenabled, 'R'::"char")) AS has_firing_triggers,
             EXISTS (SELECT 1 FROM pg_catalog.pg_proc WHERE pg_catalog.oidge(oid, 16384::oid)) OR EXISTS (
               SELECT 1 FROM pg_catalog.pg_constraint WHERE pg_catalog.oidge(oid, 16384::oid)
                  AND pg_catalog.chareq(contype, 'c'::"char") AND pg_catalog.strpos(conbin::text, ':funcid ') > 0)
               AS may_have_code,
             pg_catalog.pg_relation_size(3466) > 0 AS may_have_event_triggers,
             \(mayHavePublications) AS may_have_publications,
             pg_catalog.pg_relation_size(826) > 0 AS may_have_default_privileges,
             pg_catalog.pg_relation_size(3596) > 0 AS may_have_security_labels,
             pg_catalog.pg_relation_size(1417) > 0 AS may_have_foreign_servers,
             pg_catalog.pg_relation_size(2995) > 0 AS may_have_large_objects
        FROM pg_catalog.pg_class
        LEFT JOIN (SELECT indrelid FROM pg_catalog.pg_index WHERE indisprimary AND indimmediate AND indisvalid) i
          ON i.indrelid = oid
       WHERE pg_catalog.oidge(oid, 16384::oid) AND pg_catalog.charne(relpersistence, 't'::"char")
      """
  }
}
