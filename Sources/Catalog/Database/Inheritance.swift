/// A column that may be null in a table, and may not be in one that it inherits from. From 18 on there is no such thing.
public struct NullableChild: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var attname: String
  /// As SQL names it.
  public var parent: String
  /// By the statistics, where the role may see them.
  public var hasNulls: Bool

  public static let subject = "the columns that are NOT NULL in a parent only"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, x.* FROM (
      SELECT n.nspname, c.relname, a.attname, min(i.inhparent::pg_catalog.regclass::text COLLATE "C") AS parent,
             EXISTS (SELECT 1 FROM pg_catalog.pg_stats s
                      WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
                        AND NOT s.inherited AND s.null_frac > 0) AS has_nulls
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute p ON p.attrelid = i.inhparent AND p.attnum > 0 AND p.attnotnull
         AND NOT p.attisdropped
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.inhrelid AND a.attname = p.attname AND NOT a.attnotnull
       WHERE c.relkind IN ('r'::"char", 'f'::"char", 'p'::"char") AND c.oid >= 16384::oid
         AND \(isNoMember("c.oid", of: "pg_class"))
       GROUP BY n.nspname, c.relname, a.attname) x
     ORDER BY NOT x.has_nulls, x.nspname COLLATE "C", x.relname COLLATE "C", x.attname COLLATE "C" LIMIT $1::int8
    """
  }
}

/// Something of a user's in a schema of the system's, which pg_dump leaves out.
public struct MisplacedObject: CatalogRow {
  /// What ALTER calls it: `FUNCTION`, `TABLE` …
  public var kind: String
  /// As SQL names it.
  public var object: String
  /// Users' objects elsewhere that need it, as the server describes them: how many, and some.
  public var dependents: Int
  public var examples: [String]

  public static let subject = "users' objects in system schemas"

  // Views depend on things by their rules, which are shown as the view's.
  public static func sql(_ server: ServerVersion) -> String {
    let kind =
      server.major >= 11
      ? "CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END"
      : "CASE WHEN p.proisagg THEN 'AGGREGATE' ELSE 'FUNCTION' END"
    return """
      WITH misplaced AS (
        SELECT \(kind) AS kind, 1255::oid AS catalog, p.oid, NULL::oid AS type,
               pg_catalog.format('%I.%I(%s)', n.nspname, p.proname,
                 pg_catalog.pg_get_function_identity_arguments(p.oid)) AS object
          FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE p.oid >= 16384::oid AND \(isInSystemSchema("p.pronamespace"))
        UNION ALL
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                              WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END,
               1259::oid, c.oid, c.reltype, pg_catalog.format('%I.%I', n.nspname, c.relname)
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid >= 16384::oid AND \(isInSystemSchema("c.relnamespace"))
           AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
      ), needs AS (
        SELECT m.catalog, m.oid,
               pg_catalog.pg_describe_object(
                 CASE WHEN d.classid = 2618::oid THEN 1259::oid ELSE d.classid END,
                 CASE WHEN d.classid = 2618::oid THEN r.ev_class ELSE d.objid END,
                 CASE WHEN d.classid = 2618::oid THEN 0 ELSE d.objsubid END) AS dependent
          FROM misplaced m
          JOIN pg_catalog.pg_depend d ON (d.refclassid = m.catalog AND d.refobjid = m.oid)
            OR (d.refclassid = 1247::oid AND d.refobjid = m.type)
          LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 2618::oid AND r.oid = d.objid
          LEFT JOIN pg_catalog.pg_class o ON o.oid = CASE d.classid WHEN 1259::oid THEN d.objid
                                                                    WHEN 2618::oid THEN r.ev_class END
         WHERE d.deptype = 'n'::"char" AND NOT coalesce(\(isInSystemSchema("o.relnamespace")), false)
           AND coalesce(r.ev_class, 0::oid) <> m.oid
      )
      SELECT m.kind, m.object, (SELECT count(DISTINCT x.dependent) FROM needs x
                                 WHERE x.catalog = m.catalog AND x.oid = m.oid) AS dependents,
             (ARRAY(SELECT DISTINCT x.dependent FROM needs x WHERE x.catalog = m.catalog AND x.oid = m.oid
                     ORDER BY 1))[1:5] AS examples
        FROM misplaced m
       WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = m.catalog AND e.objid = m.oid
                            AND e.objsubid = 0 AND e.deptype IN ('e'::"char", 'i'::"char"))
       ORDER BY 1, 2 LIMIT 200
      """
  }
}
