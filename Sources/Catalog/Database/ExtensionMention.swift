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

  // 1255 is pg_proc, 1259 pg_class, 2618 pg_rewrite.
  public static func sql(_ server: ServerVersion) -> String {
    let isText = server.major >= 14 ? "p.prosqlbody IS NULL" : "true"
    let fence = MemberNames.fence(server)
    return """
      WITH RECURSIVE \(MemberNames.patterns(server)), bodies AS \(fence) (
        SELECT p.oid, pg_catalog.lower(p.proname::text) AS name, l.lanname::text AS language,
               l.lanname IN ('sql'::name, 'plpgsql'::name) AS is_sql, pg_catalog.lower(p.prosrc) AS body
          FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
         WHERE p.oid >= 16384::oid AND l.lanname NOT IN ('internal'::name, 'c'::name) AND \(isText)
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                            WHERE e.classid = 1255::oid AND e.objid = p.oid AND e.deptype = 'e'::"char")
      ), texts AS \(fence) (
        SELECT b.oid, b.language, b.is_sql,
               CASE WHEN b.is_sql THEN pg_catalog.regexp_replace(b.body,
                      $$("(?:[^"]|"")*"|'(?:[^']|'')*')|--[^\\n]*|/\\*(?:[^*]|\\*+[^*/])*\\*+/$$, $$\\1 $$, 'g')
                    ELSE pg_catalog.replace(b.body, '"', ' ') END AS body
          FROM bodies b
         WHERE EXISTS (SELECT 1 FROM patterns n WHERE n.kind <> 'column' AND pg_catalog.strpos(b.body, n.low) > 0)
      ), parts AS \(fence) (
        SELECT t.oid, t.body, CASE WHEN t.is_sql THEN pg_catalog.regexp_replace(t.body,
                 $$("(?:[^"]|"")*")|'(?:[^']|'')*'$$, $$\\1 $$, 'g') END AS code
          FROM texts t
      ), found AS \(fence) (
        SELECT t.oid, n.extension, n.extname,
               n.kind || ' ' || CASE n.kind WHEN 'column' THEN n.relname || '.' ELSE '' END || n.name AS name,
               bool_or(n.is_clear AND n.used IS NOT NULL AND coalesce(t.code ~ n.used, false)) AS is_clear
          FROM parts t JOIN patterns n ON pg_catalog.strpos(t.body, n.low) > 0
         WHERE t.body ~ n.mentioned AND (n.kind <> 'column' OR t.body ~ n.of_relation)
         GROUP BY 1, 2, 3, 4
      ), reached(root, oid) AS (
        SELECT DISTINCT f.oid, f.oid FROM found f
        UNION
        SELECT r.root, e.caller FROM reached r CROSS JOIN LATERAL (
               SELECT c.oid AS caller
                 FROM bodies t JOIN bodies c ON c.oid <> t.oid AND pg_catalog.strpos(c.body, t.name) > 0
                WHERE t.oid = r.oid
                  AND CASE WHEN c.is_sql THEN pg_catalog.regexp_replace(c.body,
                             $$("(?:[^"]|"")*")|'(?:[^']|'')*'|--[^\\n]*|/\\*(?:[^*]|\\*+[^*/])*\\*+/$$, $$\\1 $$, 'g')
                           ELSE c.body END
                      ~ ($$(?:^|[^[:alnum:]_$])"?$$
                         || pg_catalog.regexp_replace(t.name, '([^[:alnum:]_])', $$\\\\\\1$$, 'g') || $$"?\\s*\\($$)
               UNION ALL
               SELECT d.objid FROM pg_catalog.pg_depend d
                WHERE d.classid = 1255::oid AND d.refclassid = 1255::oid AND d.refobjid = r.oid
                  AND d.objid >= 16384::oid) e
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
