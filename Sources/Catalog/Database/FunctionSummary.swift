/// What kinds of functions users and extensions have added: to tell what has to be looked at more closely.
public struct FunctionSummary: CatalogRow {
  /// In the languages `c` and `internal`, whose functions are found by the name of a library or a symbol.
  public var linked = 0
  /// In other languages, without a setting of their own: these find what they name by the `search_path` of the caller.
  public var withoutSettings = 0
  /// Of these, those in SQL: they may be inlined.
  public var inSQL = 0
  /// Something that is kept or checked for rows may run some of them: an index, a constraint, a default or a view.
  public var areRunByRelations = false
  /// In `pg_catalog` or `information_schema`.
  public var inSystemSchemas = 0

  public init() {}

  public static let subject = "the kinds of functions"

  // 12 and 13 are the languages internal and c. Aggregates are written in internal too. The operator is dearer to plan
  // than a function would be, but finds the index, which spares reading thousands of functions.
  public static func sql(_ server: ServerVersion) -> String {
    let isAggregate = server.major >= 11 ? "prokind = 'a'::\"char\"" : "proisagg"
    return """
      SELECT count(*) FILTER (WHERE prolang IN (12::oid, 13::oid) AND NOT \(isAggregate)) AS linked,
             count(*) FILTER (WHERE prolang NOT IN (12::oid, 13::oid) AND proconfig IS NULL) AS without_settings,
             count(*) FILTER (WHERE prolang = 14::oid AND proconfig IS NULL) AS \"inSQL\",
             EXISTS (SELECT 1 FROM pg_catalog.pg_depend
                      WHERE refclassid = 1255::oid AND refobjid >= 16384::oid
                        AND classid IN (1259::oid, 2604::oid, 2606::oid, 2618::oid)) AS are_run_by_relations,
             count(*) FILTER (WHERE \(isInSystemSchema("pronamespace"))) AS in_system_schemas
        FROM pg_catalog.pg_proc
       WHERE oid >= 16384::oid
      """
  }
}

/// The condition that `column` names `pg_catalog` or `information_schema`, whose OID is not the same everywhere.
/// Of the schemas that `initdb` makes, 99 is `pg_toast` and 2200 `public`.
func isInSystemSchema(_ column: String) -> String {
  "\(column) < 16384::oid AND \(column) NOT IN (99::oid, 2200::oid)"
}

/// Functions in C or `internal`, not counting members of extensions: all of one library, or of one symbol.
public struct LinkedFunctions: CatalogRow {
  /// Else they are in C.
  public var isInternal: Bool
  /// The library as the functions name it, or the symbol in the server.
  public var name: String
  public var functions: Int
  /// Some of them, as SQL names them.
  public var examples: [String]

  public static let subject = "the functions in C and internal"

  // Constructors of range types are internal functions too, which come with their type.
  public static func sql(_ server: ServerVersion) -> String {
    let isAggregate = server.major >= 11 ? "p.prokind = 'a'::\"char\"" : "p.proisagg"
    return """
      SELECT x.is_internal, x.name, count(*) AS functions,
             (array_agg(x.function ORDER BY x.function COLLATE "C"))[1:10] AS examples
        FROM (SELECT p.prolang = 12::oid AS is_internal,
                     CASE p.prolang WHEN 12::oid THEN p.prosrc ELSE coalesce(p.probin::text, '') END AS name,
                     p.oid::pg_catalog.regprocedure::text AS function
                FROM pg_catalog.pg_proc p
               WHERE p.oid >= 16384::oid AND p.prolang IN (12::oid, 13::oid) AND NOT \(isAggregate)
                 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 1255::oid AND e.objid = p.oid
                                    AND e.deptype IN ('e'::"char", 'i'::"char"))) x
       GROUP BY x.is_internal, x.name ORDER BY x.is_internal, x.name COLLATE "C"
      """
  }
}

/// A function that something runs while tables are loaded, and that finds objects by the `search_path` of its caller.
public struct UnqualifiedFunction: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var function: String
  /// `sql` or `plpgsql`.
  public var language: String
  /// `index`, `check`, `generated column` or `materialized view`.
  public var usedBy: String
  public var nspname: String
  public var relname: String
  /// The relation takes space: the function is run for its rows.
  public var hasRows: Bool
  /// What its body names without a schema, and in which schemas there is something of that name.
  public var names: [String]
  public var schemas: [String]

  public static let subject = "the functions that indexes, checks, generated columns and materialized views run"

  // Of a body without comments and strings: what is called, what is read from or written to, and what is cast to.
  // Function bodies stay on the server. Extensions are left to their authors.
  public static func sql(_ server: ServerVersion) -> String {
    let generated =
      server.major >= 12
      ? """
      UNION ALL
      SELECT d.refobjid, 'generated column', a.adrelid FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_attrdef a ON a.oid = d.objid
        JOIN pg_catalog.pg_attribute t ON t.attrelid = a.adrelid AND t.attnum = a.adnum AND t.attgenerated = 's'::"char"
       WHERE d.classid = 2604::oid AND d.refclassid = 1255::oid
      """ : ""
    let name = #"(?:"([^"]+)"|([[:alpha:]_]\w*))"#
    return """
      WITH used AS (
        SELECT d.refobjid AS oid, 'index' AS used_by, i.indrelid AS relation FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_index i ON i.indexrelid = d.objid
         WHERE d.classid = 1259::oid AND d.refclassid = 1255::oid
        UNION ALL
        SELECT d.refobjid, 'materialized view', r.ev_class FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
          JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind = 'm'::"char"
         WHERE d.classid = 2618::oid AND d.refclassid = 1255::oid
        UNION ALL
        SELECT d.refobjid, 'check', k.conrelid FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_constraint k ON k.oid = d.objid AND k.contype = 'c'::"char" AND k.conrelid > 0::oid
         WHERE d.classid = 2606::oid AND d.refclassid = 1255::oid
        \(generated)
      ), functions AS (
        SELECT p.oid, l.lanname, p.proargnames, pg_catalog.regexp_replace(p.prosrc,
                 $$'[^']*'|--[^\\n]*|/\\*([^*]|\\*+[^*/])*\\*+/$$, ' ', 'g') AS body
          FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
         WHERE p.oid >= 16384::oid AND p.oid IN (SELECT u.oid FROM used u)
           AND l.lanname IN ('sql'::name, 'plpgsql'::name) AND p.prosrc <> ''
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(p.proconfig) g WHERE g LIKE 'search_path=%')
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 1255::oid AND e.objid = p.oid
                              AND e.deptype = 'e'::"char")
      ), words AS (
        SELECT f.oid, 'function' AS kind, coalesce(m[1], pg_catalog.lower(m[2])) AS name FROM functions f,
               LATERAL pg_catalog.regexp_matches(f.body, $$(?<![.\\w"$])\(name)(?=\\s*\\()$$, 'g') m
        UNION
        SELECT f.oid, 'relation', coalesce(m[1], pg_catalog.lower(m[2])) FROM functions f,
               LATERAL pg_catalog.regexp_matches(f.body, $$\\m(?:from|join|into|update)\\s+\(name)(?!\\w|\\s*[.(])$$, 'gi') m
         WHERE coalesce(m[1], pg_catalog.lower(m[2])) <> ALL (coalesce(f.proargnames, '{}'))
        UNION
        SELECT f.oid, 'type', coalesce(m[1], pg_catalog.lower(m[2])) FROM functions f,
               LATERAL pg_catalog.regexp_matches(f.body, $$::\\s*\(name)(?!\\w|\\s*\\.)$$, 'g') m
      ), found AS (
        SELECT w.oid, w.name, n.nspname FROM words w
          JOIN pg_catalog.pg_proc p ON w.kind = 'function' AND p.proname = w.name::name
           AND p.pronamespace <> 11::oid
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_proc b WHERE b.proname = w.name::name AND b.pronamespace = 11::oid)
        UNION
        SELECT w.oid, w.name, n.nspname FROM words w
          JOIN pg_catalog.pg_class c ON w.kind = 'relation' AND c.relname = w.name::name AND c.oid >= 16384::oid
           AND c.relpersistence <> 't'::"char" AND c.relkind IN ('r'::"char", 'p'::"char", 'v'::"char", 'm'::"char", 'f'::"char")
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        UNION
        SELECT w.oid, w.name, n.nspname FROM words w
          JOIN pg_catalog.pg_type t ON w.kind = 'type' AND t.typname = w.name::name AND t.oid >= 16384::oid
          JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
         WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type b WHERE b.typname = w.name::name AND b.typnamespace = 11::oid)
      ), named AS (
        SELECT f.oid, array_agg(DISTINCT f.name ORDER BY f.name) AS names,
               array_agg(DISTINCT f.nspname::text ORDER BY f.nspname::text) AS schemas
          FROM found f GROUP BY f.oid
      )
      SELECT count(*) OVER () AS n_total, x.* FROM (
        SELECT DISTINCT f.oid::pg_catalog.regprocedure::text AS function, f.lanname AS language, u.used_by, n.nspname,
               c.relname, pg_catalog.pg_relation_size(c.oid) > 0 AS has_rows, d.names, d.schemas
          FROM used u JOIN functions f ON f.oid = u.oid JOIN named d ON d.oid = u.oid
          JOIN pg_catalog.pg_class c ON c.oid = u.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) x
       ORDER BY NOT (x.has_rows AND x.language = 'sql'::name), x.function COLLATE "C", x.nspname COLLATE "C",
                x.relname COLLATE "C", x.used_by COLLATE "C" LIMIT $1::int8
      """
  }
}
