/// A user's function whose text names members of an extension, which no catalog records.
///
/// Names are looked up in the texts of functions in every language but C; nothing is parsed, planned or executed. What
/// PostgreSQL itself has by the same name is not looked for.
public struct ExtensionMention: CatalogRow {
  public var extname: String
  /// With argument types, as SQL names it.
  public var function: String
  public var language: String
  /// What it names: `function crypt`, `type hstore`, `relation geometry_columns`, `operator %>`, `column
  /// pg_stat_statements.calls`.
  public var names: [String]
  /// Those of them that are certainly the extension's, and are called, cast to or read outside of comments and strings.
  public var calls: [String]
  /// Objects of users that run the function, directly or through other functions: the first of them, in words.
  public var usedBy: [String]
  /// Those of the names that the target's version of the extension lacks; nil where it was not asked.
  public var missing: [String]?

  public static let subject = "the texts of functions that name what extensions offer"

  // 1247 is pg_type, 1255 pg_proc, 1259 pg_class, 2617 pg_operator, 2618 pg_rewrite.
  public static func sql(_ server: ServerVersion) -> String {
    let isText = server.major >= 14 ? "p.prosqlbody IS NULL" : "true"
    // Up to 11 every part of a WITH is computed once.
    let fence = server.major >= 12 ? "MATERIALIZED" : ""
    return """
      WITH RECURSIVE members AS \(fence) (
        SELECT x.oid AS extension, x.extname::text AS extname, m.classid, m.objid
          FROM pg_catalog.pg_extension x
          JOIN pg_catalog.pg_depend m ON m.refclassid = 3079::oid AND m.refobjid = x.oid AND m.deptype = 'e'::"char"
         WHERE x.extname <> 'plpgsql'::name
      ), names AS \(fence) (
        SELECT DISTINCT m.extension, m.extname, 'function' AS kind, p.proname::text AS name, n.nspname::text AS nspname,
               NULL::text AS relname,
               NOT EXISTS (SELECT 1 FROM pg_catalog.pg_get_keywords() k WHERE k.word = p.proname::text)
                 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_proc b WHERE b.proname = p.proname
                                    AND NOT EXISTS (SELECT 1 FROM members y WHERE y.extension = m.extension
                                                       AND y.classid = 1255::oid AND y.objid = b.oid)) AS is_clear
          FROM members m JOIN pg_catalog.pg_proc p ON m.classid = 1255::oid AND p.oid = m.objid
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_proc b WHERE b.proname = p.proname AND b.oid < 16384::oid)
        UNION ALL
        SELECT m.extension, m.extname, 'type', t.typname::text, n.nspname::text, NULL,
               NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type b WHERE b.typname = t.typname AND b.oid <> t.oid)
          FROM members m JOIN pg_catalog.pg_type t ON m.classid = 1247::oid AND t.oid = m.objid
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c'::"char")
          JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
         WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type b WHERE b.typname = t.typname AND b.oid < 16384::oid)
        UNION ALL
        SELECT m.extension, m.extname, r.kind, r.name, n.nspname::text, c.relname::text,
               NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class b WHERE b.relname = c.relname AND b.oid <> c.oid)
          FROM members m JOIN pg_catalog.pg_class c ON m.classid = 1259::oid AND c.oid = m.objid
           AND c.relkind IN ('r'::"char", 'p'::"char", 'v'::"char", 'm'::"char", 'f'::"char")
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         CROSS JOIN LATERAL (
               SELECT 'relation' AS kind, c.relname::text AS name
                UNION ALL SELECT 'column', a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) r
        UNION ALL
        SELECT DISTINCT m.extension, m.extname, 'operator', o.oprname::text, NULL, NULL,
               NOT EXISTS (SELECT 1 FROM pg_catalog.pg_operator b WHERE b.oprname = o.oprname
                              AND NOT EXISTS (SELECT 1 FROM members y WHERE y.extension = m.extension
                                                 AND y.classid = 2617::oid AND y.objid = b.oid))
          FROM members m JOIN pg_catalog.pg_operator o ON m.classid = 2617::oid AND o.oid = m.objid
         WHERE o.oprname <> '=>'::name AND NOT EXISTS (
               SELECT 1 FROM pg_catalog.pg_operator b WHERE b.oprname = o.oprname AND b.oid < 16384::oid)
      ), texts AS \(fence) (
        SELECT p.oid, p.proname::text AS name, l.lanname::text AS language,
               l.lanname IN ('sql'::name, 'plpgsql'::name) AS is_sql,
               CASE WHEN l.lanname NOT IN ('sql'::name, 'plpgsql'::name) THEN p.prosrc
                    ELSE pg_catalog.regexp_replace(p.prosrc,
                           $$("(?:[^"]|"")*"|'(?:[^']|'')*')|--[^\\n]*|/\\*(?:[^*]|\\*+[^*/])*\\*+/$$, '\\1 ', 'g') END
                 AS body
          FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
         WHERE p.oid >= 16384::oid AND l.lanname NOT IN ('internal'::name, 'c'::name) AND \(isText)
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                            WHERE e.classid = 1255::oid AND e.objid = p.oid AND e.deptype = 'e'::"char")
      ), parts AS (
        SELECT t.oid, false AS is_code, t.body FROM texts t
        UNION ALL
        SELECT t.oid, true, pg_catalog.regexp_replace(t.body, $$("(?:[^"]|"")*")|'(?:[^']|'')*'$$, '\\1 ', 'g')
          FROM texts t WHERE t.is_sql
      ), words AS \(fence) (
        SELECT DISTINCT t.oid, t.is_code, m[1] IS NOT NULL AND pg_catalog.left(m[1], 1) = ':' AS is_cast,
               m[1] IS NOT NULL AND pg_catalog.left(m[1], 1) <> ':' AS is_read,
               coalesce(pg_catalog.replace(m[2], '""', '"'), pg_catalog.lower(m[3])) AS qualifier,
               coalesce(pg_catalog.replace(m[4], '""', '"'), pg_catalog.lower(m[5])) AS name, m[6] IS NOT NULL AS is_call
          FROM parts t CROSS JOIN LATERAL pg_catalog.regexp_matches(t.body,
               $$(::\\s*|\\m(?:from|join|into|update)\\s+(?:only\\s+)?)?(?:(?:"((?:[^"]|"")+)"|([[:alpha:]_][\\w$]*))\\s*\\.\\s*)?(?:"((?:[^"]|"")+)"|([[:alpha:]_][\\w$]*))(\\s*\\()?$$,
               'gi') m
      ), found AS (
        SELECT w.oid, n.extension, n.extname,
               n.kind || ' ' || CASE n.kind WHEN 'column' THEN n.relname || '.' ELSE '' END || n.name AS name,
               bool_or(w.is_code AND n.is_clear AND CASE n.kind WHEN 'function' THEN w.is_call WHEN 'type' THEN w.is_cast
                         WHEN 'relation' THEN w.is_read ELSE false END) AS is_clear
          FROM words w JOIN names n ON n.name = w.name AND n.kind <> 'operator'
           AND (n.kind = 'column' OR w.qualifier IS NULL OR w.qualifier = n.nspname)
         WHERE w.is_call = (n.kind = 'function')
           AND (n.kind <> 'column' OR EXISTS (SELECT 1 FROM words v WHERE v.oid = w.oid AND v.name = n.relname))
         GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT t.oid, n.extension, n.extname, 'operator ' || n.name, bool_or(t.is_code AND n.is_clear)
          FROM parts t CROSS JOIN LATERAL pg_catalog.regexp_matches(
               pg_catalog.regexp_replace(t.body, '"(?:[^"]|"")*"', ' ', 'g'), '([-+*/<>=~!@#%^&|`?]+)', 'g') m
          JOIN names n ON n.kind = 'operator' AND n.name = m[1]
         GROUP BY 1, 2, 3, 4
      ), edges AS \(fence) (
        SELECT w.oid AS caller, t.oid AS callee FROM words w JOIN texts c ON c.oid = w.oid AND c.is_sql = w.is_code
          JOIN texts t ON t.name = w.name WHERE w.is_call AND t.oid <> w.oid
        UNION
        SELECT d.objid, d.refobjid FROM pg_catalog.pg_depend d
         WHERE d.classid = 1255::oid AND d.refclassid = 1255::oid AND d.objid >= 16384::oid AND d.refobjid >= 16384::oid
      ), reached(root, oid) AS (
        SELECT DISTINCT f.oid, f.oid FROM found f
        UNION
        SELECT r.root, e.caller FROM reached r JOIN edges e ON e.callee = r.oid
      ), runners AS \(fence) (
        SELECT r.root, pg_catalog.min(CASE WHEN d.classid = 2618::oid
                 THEN (SELECT pg_catalog.pg_describe_object(1259::oid, w.ev_class, 0)
                         FROM pg_catalog.pg_rewrite w WHERE w.oid = d.objid)
                 ELSE pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) END) AS object
          FROM reached r JOIN pg_catalog.pg_depend d ON d.refclassid = 1255::oid AND d.refobjid = r.oid
         WHERE d.classid <> 1255::oid AND d.objid >= 16384::oid AND d.deptype <> 'e'::"char"
         GROUP BY r.root, d.classid, d.objid, d.objsubid
      )
      SELECT f.extname, f.oid::pg_catalog.regprocedure::text AS function,
             (SELECT t.language FROM texts t WHERE t.oid = f.oid) AS language,
             array_agg(DISTINCT f.name ORDER BY f.name) AS names,
             coalesce(array_agg(DISTINCT f.name ORDER BY f.name) FILTER (WHERE f.is_clear), '{}') AS calls,
             ARRAY(SELECT DISTINCT u.object FROM runners u WHERE u.root = f.oid ORDER BY 1 LIMIT 3) AS used_by,
             NULL::text[] AS missing
        FROM found f GROUP BY f.extname, f.oid ORDER BY 1, 2 LIMIT 10000
      """
  }
}
