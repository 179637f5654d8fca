/// A table whose load runs code that reads, or may read, other relations; and a materialized view whose query reads another
/// one, also through functions.
///
/// A load runs checks, also those of domains, generated columns and partition keys; what indexes compute runs when they are
/// built, and when rows come into a table that has them. Found from dependencies, and from the text of the functions'
/// bodies, from function to function, through views, operators, casts and domains. Nothing is planned or executed to find it.
public struct LoadReading: CatalogRow {
  /// How many there are in all.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var oid: Int
  /// Qualified, quoted by the server, as all names that follow.
  public var name: String
  public var isMaterializedView: Bool
  /// What follows is of the table's indexes.
  public var isIndex: Bool
  /// It takes space: the code runs for its rows.
  public var hasRows: Bool
  /// Heap, TOAST and indexes.
  public var sizeBytes: Int
  /// `check positive`, `domain d`, `generated column total`, `partition key of t`, `index i`.
  public var code: [String]
  /// What the code calls.
  public var functions: [String]
  /// Tables that it reads, perhaps itself, without extensions' ones.
  public var reads: [String]
  /// Materialized views that it reads.
  public var views: [String]
  /// Tables and materialized views that it may read: somewhere in a body there is a word of that name.
  public var mayRead: [String]
  /// Functions whose text does not say what they read: it is put together at run time, or machine code of no extension.
  public var opaque: [String]

  public static let subject = "what the code of tables reads"

  // 12 and 13 are the languages internal and c. 1247 is pg_type, 1255 pg_proc, 1259 pg_class, 2604 pg_attrdef, 2605 pg_cast,
  // 2606 pg_constraint, 2617 pg_operator, 2618 pg_rewrite, 3079 pg_extension. Before 15 the dependency of a generated column is
  // the column's, not its expression's. Machine code of an extension reads that extension's tables at most
  // (spatial_ref_sys). What is not validated is created after all rows. Bodies stay on the server.
  public static func sql(_ server: ServerVersion) -> String {
    """
    WITH RECURSIVE called (classid, objid, objsubid, class, oid) AS (
      SELECT d.classid, d.objid, d.objsubid, f.class, f.oid
        FROM pg_catalog.pg_depend d CROSS JOIN LATERAL \(named(by: "d")) f
       WHERE d.refclassid IN (1255::oid, 1247::oid, 2605::oid, 2617::oid) AND d.refobjid >= 16384::oid
         AND d.classid IN (1259::oid, 2604::oid, 2606::oid)
      UNION
      SELECT 2606::oid, k.oid, 0, 1255::oid, p.oid FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_proc p ON p.oid < 16384::oid AND p.proname IN (\(readers))
       WHERE k.contype = 'c'::"char" AND k.oid >= 16384::oid
         AND pg_catalog.strpos(k.conbin::text, ':funcid ' || p.oid || ' ') > 0
    ), typed (type, name, class, oid) AS (
      SELECT t.oid, t.typname::text, c.class, c.oid FROM called c
        JOIN pg_catalog.pg_constraint k ON c.classid = 2606::oid AND k.oid = c.objid AND k.convalidated
        JOIN pg_catalog.pg_type t ON t.oid = k.contypid
      UNION
      SELECT x.oid, h.name, h.class, h.oid FROM typed h CROSS JOIN LATERAL (
        \(TypeParts.holders(of: "h.type", server))) x
    ), keyed (relation, name, class, oid) AS (
      SELECT c.objid, r.relname::text, c.class, c.oid FROM called c
        JOIN pg_catalog.pg_class r ON r.oid = c.objid AND r.relkind = 'p'::"char"
       WHERE c.classid = 1259::oid AND c.objsubid = 0
      UNION
      SELECT i.inhrelid, k.name, k.class, k.oid FROM keyed k JOIN pg_catalog.pg_inherits i ON i.inhparent = k.relation
    ), used (relation, kind, name, class, oid) AS (
      SELECT k.conrelid, 'check', k.conname::text, c.class, c.oid FROM called c
        JOIN pg_catalog.pg_constraint k ON c.classid = 2606::oid AND k.oid = c.objid AND k.contype = 'c'::"char"
         AND k.convalidated AND k.conrelid > 0::oid
      UNION
      SELECT a.attrelid, 'domain', t.name, t.class, t.oid FROM typed t JOIN pg_catalog.pg_attribute a ON a.atttypid = t.type
       WHERE a.attnum > 0::int2 AND NOT a.attisdropped
      UNION
      SELECT k.relation, 'partition key of', k.name, k.class, k.oid FROM keyed k
      \(generatedColumns(server))
      UNION
      SELECT i.indrelid, 'index', x.relname::text, c.class, c.oid FROM called c
        JOIN pg_catalog.pg_index i ON c.classid = 1259::oid AND i.indexrelid = c.objid AND c.objsubid = 0
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      UNION
      SELECT m.oid, 'materialized view', m.relname::text, f.class, f.oid FROM pg_catalog.pg_class m
        JOIN pg_catalog.pg_rewrite w ON w.ev_class = m.oid
        JOIN pg_catalog.pg_depend d ON d.classid = 2618::oid AND d.objid = w.oid AND d.refobjid >= 16384::oid
         AND d.refobjid <> m.oid
       CROSS JOIN LATERAL \(named(by: "d")) f
       WHERE m.relkind = 'm'::"char" AND m.oid >= 16384::oid
    ), reached (rclass, root, class, oid, is_firm) AS (
      SELECT DISTINCT u.class, u.oid, u.class, u.oid, true FROM used u
      UNION
      SELECT r.rclass, r.root, x.class, x.oid, r.is_firm AND x.is_firm FROM reached r CROSS JOIN LATERAL (
        SELECT 1259::oid AS class, i.inhrelid AS oid, true AS is_firm FROM pg_catalog.pg_inherits i
         WHERE r.class = 1259::oid AND i.inhparent = r.oid
        UNION ALL
        SELECT f.class, f.oid, true FROM pg_catalog.pg_class v JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
          JOIN pg_catalog.pg_depend d ON d.classid = 2618::oid AND d.objid = w.oid AND d.refobjid >= 16384::oid
           AND d.refobjid <> v.oid
         CROSS JOIN LATERAL \(named(by: "d")) f
         WHERE r.class = 1259::oid AND v.oid = r.oid AND v.relkind = 'v'::"char"
        UNION ALL
        SELECT f.class, f.oid, true FROM pg_catalog.pg_depend d CROSS JOIN LATERAL \(named(by: "d")) f
         WHERE r.class = 1255::oid AND d.classid = 1255::oid AND d.objid = r.oid AND d.refobjid >= 16384::oid
        UNION ALL
        SELECT 1259::oid, pg_catalog.unnest(e.extconfig), false FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_extension e ON d.refclassid = 3079::oid AND e.oid = d.refobjid AND d.deptype = 'e'::"char"
          JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND p.prolang = 13::oid
         WHERE r.class = 1255::oid AND d.classid = 1255::oid AND d.objid = r.oid
        UNION ALL
        \(FunctionBody.named(server))) x
    ), opaque (oid) AS (
      SELECT p.oid FROM (SELECT DISTINCT r.oid FROM reached r WHERE r.class = 1255::oid) r
        JOIN pg_catalog.pg_proc p ON p.oid = r.oid JOIN pg_catalog.pg_language l ON l.oid = p.prolang
       WHERE CASE WHEN p.oid < 16384::oid THEN true WHEN p.prolang = 12::oid THEN false
                  WHEN p.prolang = 13::oid THEN NOT EXISTS (
                    SELECT 1 FROM pg_catalog.pg_depend d
                     WHERE d.classid = 1255::oid AND d.objid = p.oid AND d.deptype = 'e'::"char")
                  WHEN l.lanname IN ('sql'::name, 'plpgsql'::name) THEN \(FunctionBody.isOpaque(server))
                  WHEN l.lanname::text ~ '^(plperl|plpython|pltcl|plv8)' THEN p.prosrc ~* '\\m(spi\\w*|plpy|plv8)\\M'
                  ELSE true END
    ), found AS (
      SELECT u.relation, u.kind, u.name, u.class AS rclass, u.oid AS root, r.oid, r.is_firm, o.oid IS NOT NULL AS is_opaque,
             c.relkind
        FROM used u JOIN reached r ON r.rclass = u.class AND r.root = u.oid
        LEFT JOIN opaque o ON r.class = 1255::oid AND o.oid = r.oid
        LEFT JOIN pg_catalog.pg_class c ON r.class = 1259::oid AND c.oid = r.oid
         AND c.relkind IN ('r'::"char", 'm'::"char")
       WHERE o.oid IS NOT NULL OR c.oid IS NOT NULL
    )
    SELECT count(*) OVER () AS n_total, x.* FROM (
      SELECT n.nspname, c.relname, c.oid, c.oid::pg_catalog.regclass::text AS name,
             c.relkind = 'm'::"char" AS is_materialized_view, f.kind = 'index' AS is_index,
             pg_catalog.pg_relation_size(c.oid) > 0 AS has_rows,
             coalesce(pg_catalog.pg_total_relation_size(c.oid), 0) AS size_bytes,
             \(all("f.kind || ' ' || f.name")) AS code,
             \(all("f.root::pg_catalog.regprocedure::text", "f.rclass = 1255::oid")) AS functions,
             \(all("f.oid::pg_catalog.regclass::text", "f.relkind = 'r'::\"char\" AND f.is_firm")) AS reads,
             \(all("f.oid::pg_catalog.regclass::text", "f.relkind = 'm'::\"char\" AND f.is_firm")) AS views,
             \(all("f.oid::pg_catalog.regclass::text", "f.relkind IS NOT NULL AND NOT f.is_firm")) AS may_read,
             \(all("f.oid::pg_catalog.regprocedure::text", "f.is_opaque")) AS opaque
        FROM found f JOIN pg_catalog.pg_class c ON c.oid = f.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r'::"char", 'm'::"char") AND c.relpersistence <> 't'::"char"
       GROUP BY n.nspname, c.relname, c.oid, c.relkind, f.kind = 'index'
      HAVING c.relkind = 'r'::"char" OR bool_or(f.relkind = 'm'::"char") OR bool_or(f.is_opaque)) x
     ORDER BY x.nspname COLLATE "C", x.relname COLLATE "C", x.is_index LIMIT $1::int8
    """
  }

  /// More than there are.
  public static let noLimit = ["\(Int32.max)"]

  /// Functions of the server's own that read what they are told to.
  private static let readers = [
    "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "cursor_to_xml", "table_to_xml",
    "table_to_xml_and_xmlschema", "schema_to_xml", "schema_to_xml_and_xmlschema", "database_to_xml",
    "database_to_xml_and_xmlschema", "ts_stat", "lo_get",
  ].map { "'\($0)'::name" }.joined(separator: ", ")

  private static func all(_ value: String, _ condition: String = "true") -> String {
    "coalesce(array_agg(DISTINCT \(value) COLLATE \"C\") FILTER (WHERE \(condition)), '{}')"
  }

  /// What a dependency leads to: functions, also of operators, casts and the checks of domains, and relations.
  private static func named(by dependency: String) -> String {
    let (class_, object) = ("\(dependency).refclassid", "\(dependency).refobjid")
    return """
      (SELECT \(class_) AS class, \(object) AS oid WHERE \(class_) IN (1255::oid, 1259::oid)
       UNION ALL
       SELECT 1255::oid, o.oprcode::oid FROM pg_catalog.pg_operator o WHERE \(class_) = 2617::oid AND o.oid = \(object)
       UNION ALL
       SELECT 1255::oid, k.castfunc FROM pg_catalog.pg_cast k WHERE \(class_) = 2605::oid AND k.oid = \(object)
       UNION ALL
       SELECT 1255::oid, e.refobjid FROM pg_catalog.pg_constraint k
         JOIN pg_catalog.pg_depend e ON e.classid = 2606::oid AND e.objid = k.oid AND e.refclassid = 1255::oid
        WHERE \(class_) = 1247::oid AND k.contypid = \(object))
      """
  }

  private static func generatedColumns(_ server: ServerVersion) -> String {
    guard server.major >= 12 else { return "" }
    return """
      UNION
      SELECT a.adrelid, 'generated column', t.attname::text, c.class, c.oid FROM called c
        JOIN pg_catalog.pg_attrdef a ON c.classid = 2604::oid AND a.oid = c.objid
        JOIN pg_catalog.pg_attribute t ON t.attrelid = a.adrelid AND t.attnum = a.adnum AND t.attgenerated = 's'::"char"
      UNION
      SELECT t.attrelid, 'generated column', t.attname::text, c.class, c.oid FROM called c
        JOIN pg_catalog.pg_attribute t ON c.classid = 1259::oid AND t.attrelid = c.objid AND t.attnum = c.objsubid
         AND t.attgenerated = 's'::"char"
      """
  }
}
