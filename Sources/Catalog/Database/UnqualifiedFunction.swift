/// A function that runs while tables are loaded, and that finds objects by the `search_path` of its caller.
///
/// Found from the text of the functions' bodies and from dependencies. Nothing is planned or executed to find it: planning
/// an expression runs the functions in it, with the rights of whoever asks.
public struct UnqualifiedFunction: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var function: String
  /// `sql` or `plpgsql`.
  public var language: String
  /// `index`, `check`, `domain`, `generated column`, `partition key`, `statistics object` or `materialized view`.
  public var usedBy: String
  public var nspname: String
  public var relname: String
  /// The relation takes space: the function is run for its rows.
  public var hasRows: Bool
  /// What its body names without a schema, and in which schemas there is something of that name.
  public var names: [String]
  public var schemas: [String]
  /// What its body names without a schema, and of which the text does not say what is meant: a relation that exists
  /// nowhere, or a function that is built in and also a user's with other arguments.
  public var unclear: [String]? = nil
  /// The extension that it belongs to; nil for users' own.
  public var `extension`: String? = nil
  /// The function that the relation itself calls, where that is another one.
  public var calledBy: String? = nil
  /// It and all functions between it and the relation are in SQL.
  public var isCalledInSQL: Bool? = nil
  /// Likewise, and the planner puts their bodies into the expression: names are looked up without a single row.
  public var isInlined: Bool? = nil

  public static let subject = "the functions that tables and materialized views run"

  // Of a body without comments, strings, and FROM where it does not begin a list of tables: what is called, what is read from or written to, what is cast to, and the
  // operators. From a function whose search_path is its own, what it calls is found by that one. Function bodies stay on
  // the server.
  // 1255 is pg_proc, 1259 pg_class, 2604 pg_attrdef, 2605 pg_cast, 2606 pg_constraint, 2617 pg_operator, 2618
  // pg_rewrite, 3381 pg_statistic_ext; 14 is the language SQL, 2249 the type record. When a function is inlined: inline_function() of
  // optimizer/util/clauses.c; its body is analyzed before anything else is looked at.
  public static func sql(_ server: ServerVersion) -> String {
    """
    WITH RECURSIVE views AS (
      SELECT c.oid AS relation, r.oid AS rule FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
       WHERE c.relkind = 'm'::"char" AND c.oid >= 16384::oid
      UNION
      SELECT v.relation, r.oid FROM views v
        JOIN pg_catalog.pg_depend d ON d.classid = 2618::oid AND d.objid = v.rule AND d.refclassid = 1259::oid
        JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'v'::"char" AND c.oid >= 16384::oid
        JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
    ), called AS (
      SELECT d.classid, d.objid, d.objsubid, coalesce(o.oprcode::oid, k.castfunc, d.refobjid) AS oid
        FROM pg_catalog.pg_depend d
        LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 2617::oid AND o.oid = d.refobjid
        LEFT JOIN pg_catalog.pg_cast k ON d.refclassid = 2605::oid AND k.oid = d.refobjid
       WHERE d.refclassid IN (1255::oid, 2605::oid, 2617::oid) AND d.refobjid >= 16384::oid
         AND d.classid IN (1259::oid, 2604::oid, 2606::oid, 2618::oid, 3381::oid)
    ), typed AS (
      SELECT k.contypid AS type, c.oid FROM called c
        JOIN pg_catalog.pg_constraint k ON c.classid = 2606::oid AND k.oid = c.objid AND k.contypid > 0::oid AND k.convalidated
      UNION
      SELECT x.oid, h.oid FROM typed h CROSS JOIN LATERAL (
        SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype = h.type OR t.typelem = h.type
        UNION ALL
        SELECT t.oid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.typrelid = a.attrelid
         WHERE a.atttypid = h.type AND a.attnum > 0::int2 AND NOT a.attisdropped) x
    ), keyed AS (
      SELECT c.objid AS relation, c.oid FROM called c
        JOIN pg_catalog.pg_class r ON r.oid = c.objid AND r.relkind = 'p'::"char"
       WHERE c.classid = 1259::oid AND c.objsubid = 0
      UNION
      SELECT i.inhrelid, k.oid FROM keyed k JOIN pg_catalog.pg_inherits i ON i.inhparent = k.relation
    ), used AS (
      SELECT c.oid, 'index' AS used_by, i.indrelid AS relation FROM called c
        JOIN pg_catalog.pg_index i ON c.classid = 1259::oid AND i.indexrelid = c.objid AND c.objsubid = 0
      UNION
      SELECT c.oid, 'materialized view', v.relation FROM called c JOIN views v ON c.classid = 2618::oid AND v.rule = c.objid
      UNION
      SELECT c.oid, 'check', k.conrelid FROM called c
        JOIN pg_catalog.pg_constraint k ON c.classid = 2606::oid AND k.oid = c.objid AND k.contype = 'c'::"char"
         AND k.conrelid > 0::oid
      UNION
      SELECT t.oid, 'domain', a.attrelid FROM typed t JOIN pg_catalog.pg_attribute a ON a.atttypid = t.type
        JOIN pg_catalog.pg_class r ON r.oid = a.attrelid AND r.relkind = 'r'::"char"
       WHERE a.attnum > 0::int2 AND NOT a.attisdropped
      UNION
      SELECT k.oid, 'partition key', k.relation FROM keyed k
      \(statistics(server))
      \(generatedColumns(server))
    ), reached AS (
      SELECT u.oid AS root, f.* FROM (SELECT DISTINCT x.oid FROM used x) u
       CROSS JOIN LATERAL (\(function(server, where: "p.oid = u.oid"))) f
      UNION
      SELECT r.root, f.oid, f.language, f.arguments, f.body, f.is_in_sql AND r.is_in_sql, f.is_inlined AND r.is_inlined
        FROM reached r
       CROSS JOIN LATERAL (
             SELECT p.oid FROM pg_catalog.regexp_matches(r.body, $$(?<![.\\w"$])\(name)\\s*\\.\\s*\(name)(?=\\s*\\()$$, 'g') m
               JOIN pg_catalog.pg_namespace n
                 ON n.nspname = coalesce(\(unquoted("m[1]")), pg_catalog.lower(m[2]))::name
               JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid
                AND p.proname = coalesce(\(unquoted("m[3]")), pg_catalog.lower(m[4]))::name
             UNION
             SELECT d.refobjid FROM pg_catalog.pg_depend d
              WHERE d.classid = 1255::oid AND d.objid = r.oid AND d.refclassid = 1255::oid) c
       CROSS JOIN LATERAL (\(function(server, where: "p.oid = c.oid"))) f
    ), bodies AS (
      SELECT DISTINCT r.oid, r.language, r.arguments, r.body FROM reached r WHERE r.body <> ''
    ), words AS (
      SELECT b.oid, 'function' AS kind, coalesce(\(unquoted("m[1]")), pg_catalog.lower(m[2])) AS name FROM bodies b,
             LATERAL pg_catalog.regexp_matches(b.body, $$(?<![.\\w"$])\(name)(?=\\s*\\()$$, 'g') m
      UNION
      SELECT b.oid, 'relation', coalesce(\(unquoted("m[1]")), pg_catalog.lower(m[2])) FROM bodies b,
             LATERAL pg_catalog.regexp_matches(b.body, $$\\m(?:from|join|into|update)\\s+(?:only\\s+)?\(name)(?![\\w$"]|\\s*[.(])$$, 'gi') m
       WHERE coalesce(\(unquoted("m[1]")), pg_catalog.lower(m[2])) <> ALL (coalesce(b.arguments, '{}'))
      UNION
      SELECT b.oid, 'type', coalesce(\(unquoted("m[1]")), pg_catalog.lower(m[2])) FROM bodies b,
             LATERAL pg_catalog.regexp_matches(b.body, $$(?:::|\\mas)\\s*\(name)(?![\\w$"]|\\s*\\.)$$, 'gi') m
      UNION
      SELECT b.oid, 'operator', m[1] FROM bodies b,
             LATERAL pg_catalog.regexp_matches(
               pg_catalog.regexp_replace(b.body, '"(?:[^"]|"")*"|operator\\s*\\([^)]*\\)', ' ', 'gi'),
               '([-+*/<>=~!@#%^&|`?]+)', 'g') m
    ), found AS (
      SELECT w.oid, w.name, n.nspname FROM words w
        JOIN pg_catalog.pg_proc p ON w.kind = 'function' AND p.proname = w.name::name AND p.pronamespace <> 11::oid
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
        JOIN bodies b ON b.oid = w.oid
       WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type y WHERE y.typname = w.name::name AND y.typnamespace = 11::oid)
         AND b.body ~* ('(?:::\\s*|\\mcast\\s*\\(.*\\mas\\s+)"?' || pg_catalog.regexp_replace(w.name, '(\\W)', '\\\\\\1', 'g'))
      UNION
      SELECT w.oid, 'operator ' || w.name, n.nspname FROM words w
        JOIN pg_catalog.pg_operator o ON w.kind = 'operator' AND o.oprname = w.name::name AND o.oid >= 16384::oid
        JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
       WHERE NOT EXISTS (
             SELECT 1 FROM pg_catalog.pg_operator b WHERE b.oprname = w.name::name AND b.oprnamespace = 11::oid)
    ), unclear AS (
      SELECT w.oid, w.name FROM words w JOIN bodies b ON b.oid = w.oid AND b.language = 'sql'::name
       WHERE w.kind = 'relation' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname = w.name::name)
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_get_keywords() k WHERE k.word = w.name AND k.catcode <> 'U'::"char")
         AND w.name NOT IN ('rows', 'new', 'old') AND w.name <> ALL (coalesce(b.arguments, '{}'))
         AND NOT b.body ~* ('\\m' || pg_catalog.regexp_replace(w.name, '(\\W)', '\\\\\\1', 'g')
               || '"?\\s*(\\([^)]*\\)\\s*)?as\\s*(not\\s+)?(materialized\\s*)?\\(')
      UNION
      SELECT w.oid, w.name FROM words w JOIN bodies b ON b.oid = w.oid AND b.language = 'sql'::name
        JOIN pg_catalog.pg_proc f ON f.oid = w.oid
        JOIN pg_catalog.pg_proc p ON w.kind = 'function' AND p.proname = w.name::name AND p.pronamespace <> 11::oid
       WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_proc y WHERE y.proname = w.name::name AND y.pronamespace = 11::oid)
         AND (NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(p.proargtypes::oid[]) t WHERE t >= 16384::oid)
              OR EXISTS (SELECT 1 FROM pg_catalog.unnest(p.proargtypes::oid[]) t
                          WHERE t >= 16384::oid AND (t = ANY (f.proargtypes::oid[]) OR EXISTS (
                                SELECT 1 FROM pg_catalog.pg_type y JOIN words x ON x.oid = w.oid AND x.kind = 'type'
                                    AND x.name = y.typname::text WHERE y.oid = t))))
    ), named AS (
      SELECT b.oid,
             ARRAY(SELECT DISTINCT f.name FROM found f WHERE f.oid = b.oid ORDER BY 1) AS names,
             ARRAY(SELECT DISTINCT f.nspname::text FROM found f WHERE f.oid = b.oid ORDER BY 1) AS schemas,
             ARRAY(SELECT DISTINCT u.name FROM unclear u WHERE u.oid = b.oid ORDER BY 1) AS unclear
        FROM bodies b
    )
    SELECT count(*) OVER () AS n_total, x.* FROM (
      SELECT r.oid::pg_catalog.regprocedure::text AS function, r.language, u.used_by, n.nspname, c.relname,
             pg_catalog.pg_relation_size(c.oid) > 0 AS has_rows, d.names, d.schemas, d.unclear,
             (SELECT e.extname::text FROM pg_catalog.pg_depend m JOIN pg_catalog.pg_extension e ON e.oid = m.refobjid
               WHERE m.classid = 1255::oid AND m.objid = r.oid AND m.deptype = 'e'::"char") AS extension,
             CASE WHEN r.root <> r.oid THEN min(r.root::pg_catalog.regprocedure::text) END AS called_by,
             bool_or(r.is_in_sql) AS "isCalledInSQL", bool_or(r.is_inlined) AS is_inlined
        FROM used u JOIN reached r ON r.root = u.oid JOIN named d ON d.oid = r.oid
        JOIN pg_catalog.pg_class c ON c.oid = u.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE (d.names <> '{}' OR d.unclear <> '{}') AND \(isNoMember("c.oid", of: "pg_class"))
       GROUP BY r.oid, r.root <> r.oid, r.language, u.used_by, n.nspname, c.relname, c.oid, d.names, d.schemas, d.unclear) x
     ORDER BY x.names = '{}', NOT (x.has_rows AND x.language = 'sql'::name), x.function COLLATE "C",
              x.nspname COLLATE "C", x.relname COLLATE "C", x.used_by COLLATE "C" LIMIT $1::int8
    """
  }

  // Expressions in statistics objects are new in 14.
  private static func statistics(_ server: ServerVersion) -> String {
    guard server.major >= 14 else { return "" }
    return """
      UNION
      SELECT c.oid, 'statistics object', s.stxrelid FROM called c
        JOIN pg_catalog.pg_statistic_ext s ON c.classid = 3381::oid AND s.oid = c.objid
      """
  }

  // Generated columns are new in 12; what is not stored is not computed when rows are loaded. Before 15 the dependency
  // is recorded as the column's, not as its expression's.
  private static func generatedColumns(_ server: ServerVersion) -> String {
    guard server.major >= 12 else { return "" }
    return """
      UNION
      SELECT c.oid, 'generated column', a.adrelid FROM called c
        JOIN pg_catalog.pg_attrdef a ON c.classid = 2604::oid AND a.oid = c.objid
        JOIN pg_catalog.pg_attribute t ON t.attrelid = a.adrelid AND t.attnum = a.adnum AND t.attgenerated = 's'::"char"
      UNION
      SELECT c.oid, 'generated column', t.attrelid FROM called c
        JOIN pg_catalog.pg_attribute t ON c.classid = 1259::oid AND t.attrelid = c.objid AND t.attnum = c.objsubid
         AND t.attgenerated = 's'::"char"
      """
  }

  /// Functions in SQL and PL/pgSQL whose names are looked up by their caller's `search_path`. A body that was parsed
  /// when the function was made (14 and newer) holds no names any more, but it may call what does.
  private static func function(_ server: ServerVersion, where condition: String) -> String {
    let isFunction = server.major >= 11 ? "p.prokind = 'f'::\"char\"" : "NOT p.proisagg AND NOT p.proiswindow"
    let body = server.major >= 14 ? "CASE WHEN p.prosqlbody IS NULL THEN p.prosrc ELSE '' END" : "p.prosrc"
    return """
      SELECT s.oid, s.language, s.arguments, s.body, s.is_sql AS is_in_sql,
             s.is_sql AND s.is_function
               AND pg_catalog.regexp_replace(s.body, '"(?:[^"]|"")*"', '', 'g') !~ ';\\s*\\S' AS is_inlined
        FROM (
        SELECT p.oid, l.lanname AS language, p.proargnames AS arguments, p.prolang = 14::oid AS is_sql,
               pg_catalog.regexp_replace(pg_catalog.regexp_replace(\(body),
                   $$("(?:[^"]|"")*")|'(?:[^']|'')*'|--[^\\n]*|/\\*(?:[^*]|\\*+[^*/])*\\*+/$$, '\\1 ', 'g'),
                 $$(\\mdistinct\\s+|\\m(?:extract|substring|trim|overlay)\\s*\\((?:[^()]|\\([^()]*\\))*)\\mfrom\\M$$,
                 '\\1,', 'gi') AS body,
               NOT p.prosecdef AND NOT p.proretset AND p.prorettype <> 2249::oid AND \(isFunction) AS is_function
          FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
         WHERE \(condition) AND p.oid >= 16384::oid AND l.lanname IN ('sql'::name, 'plpgsql'::name)
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(p.proconfig) g WHERE g LIKE 'search_path=%') OFFSET 0) s
      """
  }

  /// An identifier, in quotes or not.
  private static let name = #"(?:"((?:[^"]|"")+)"|([[:alpha:]_][\w$]*))"#

  private static func unquoted(_ match: String) -> String { "pg_catalog.replace(\(match), '\"\"', '\"')" }
}
