/// What the text of a function in SQL or PL/pgSQL says about what it reads. A body that was parsed when the function was
/// made (14 and newer) is not looked at: dependencies say it.
enum FunctionBody {
  /// A query for what the function `r.oid` names, where `r.class` is 1255: `class` and `oid` of functions and relations, and
  /// `is_firm`, whether it stands where one is called or read: else it is a word like any other.
  ///
  /// Without comments, strings, and FROM where it does not begin a list of tables. Names without a schema are looked for in
  /// the function's own search_path, or anywhere where it has none.
  static func named(_ server: ServerVersion) -> String {
    """
    SELECT w.class, w.oid, w.is_firm FROM (
      SELECT pg_catalog.regexp_replace(pg_catalog.regexp_replace(\(text(server)),
                 $$("(?:[^"]|"")*")|'(?:[^']|'')*'|--[^\\n]*|/\\*(?:[^*]|\\*+[^*/])*\\*+/$$, '\\1 ', 'g'),
               $$(\\mdistinct\\s+|\\m(?:extract|substring|trim|overlay)\\s*\\((?:[^()]|\\([^()]*\\))*)\\mfrom\\M$$,
               '\\1,', 'gi') AS code,
             (SELECT pg_catalog.string_to_array(pg_catalog.regexp_replace(g, '^search_path=|[ "]', '', 'g'), ',')
                FROM pg_catalog.unnest(p.proconfig) g
               WHERE g LIKE 'search_path=%' AND g NOT LIKE '%$user%' AND g NOT LIKE '%""%') AS path
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
       WHERE r.class = 1255::oid AND p.oid = r.oid AND l.lanname IN ('sql'::name, 'plpgsql'::name) OFFSET 0) b
     CROSS JOIN LATERAL (
      SELECT 1259::oid AS class, c.oid, t.is_firm
        FROM (SELECT \(unquoted(1)) AS schema, \(unquoted(3)) AS name, true AS is_firm
                FROM pg_catalog.regexp_matches(b.code,
                  $$\\m(?:from|join|update|table|insert\\s+into|merge\\s+into)\\s+(?:only\\s+)?[(\\s]*\(qualified)$$, 'gi') m
              UNION ALL
              SELECT \(unquoted(1)), \(unquoted(3)), true
                FROM (SELECT f[1] AS list FROM pg_catalog.regexp_matches(b.code, $$\\mfrom\\s+([^;()]+)$$, 'gi') f
                      UNION ALL
                      SELECT \(withoutParentheses("f[1]"))
                        FROM pg_catalog.regexp_matches(b.code, $$\\mfrom\\s+(\(balanced))$$, 'gi') f) f
               CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(
                 pg_catalog.regexp_replace(f.list, $$\\m(?:\(ends))\\M.*$$, '', 'i'), ',')) s (item)
               CROSS JOIN LATERAL pg_catalog.regexp_matches(s.item, $$^\\s*(?:only\\s+|lateral\\s+)?\(qualified)$$, 'i') m
              UNION ALL
              SELECT NULL, \(unquoted(1)), false FROM pg_catalog.regexp_matches(b.code, $$\(name)$$, 'g') m
               WHERE b.code ~* '\\m(?:from|join|table|update|into)\\M') t
        JOIN pg_catalog.pg_class c ON c.relname = t.name::name AND c.oid >= 16384::oid
         AND c.relkind IN ('r'::"char", 'p'::"char", 'v'::"char", 'm'::"char") AND c.relpersistence <> 't'::"char"
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND \(isFound("t.schema"))
      UNION ALL
      SELECT 1255::oid, p.oid, t.schema IS NOT NULL OR NOT EXISTS (
               SELECT 1 FROM pg_catalog.pg_proc y WHERE y.proname = t.name::name AND y.pronamespace = 11::oid)
        FROM (SELECT \(unquoted(1)) AS schema, \(unquoted(3)) AS name
                FROM pg_catalog.regexp_matches(b.code, $$\(qualified)\\s*\\($$, 'g') m) t
        JOIN pg_catalog.pg_proc p ON p.proname = t.name::name AND p.oid >= 16384::oid
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND \(isFound("t.schema"))
      UNION ALL
      SELECT 1255::oid, o.oprcode::oid, false FROM pg_catalog.regexp_matches(b.code, '([-+*/<>=~!@#%^&|`?]+)', 'g') m
        JOIN pg_catalog.pg_operator o ON o.oprname = m[1]::name AND o.oid >= 16384::oid
      UNION ALL
      SELECT 1255::oid, e.refobjid, false FROM pg_catalog.regexp_matches(b.code, $$\(name)$$, 'g') m
        JOIN pg_catalog.pg_type t ON t.typname = (\(unquoted(1)))::name AND t.typtype = 'd'::"char" AND t.oid >= 16384::oid
        JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid
        JOIN pg_catalog.pg_depend e ON e.classid = 2606::oid AND e.objid = k.oid AND e.refclassid = 1255::oid) w
    """
  }

  /// Of a function `p`: whether what it reads is put together at run time.
  static func isOpaque(_ server: ServerVersion) -> String {
    // A list of statements is kept that has the server plan something: this is none.
    """
    pg_catalog.regexp_replace(\(text(server)), $$'(?:[^']|'')*'|--[^\\n]*|/\\*(?:[^*]|\\*+[^*/])*\\*+/$$, ' ', 'g')
      ~* '\\m(execut[e]|dblink\\w*|(query|cursor|table|schema|database)_to_xml\\w*|ts_stat|lo_get)\\M'
    """
  }

  private static func text(_ server: ServerVersion) -> String {
    server.major >= 14 ? "CASE WHEN p.prosqlbody IS NULL THEN p.prosrc ELSE '' END" : "p.prosrc"
  }

  private static let ends = [
    "where", "group", "order", "having", "limit", "offset", "fetch", "for", "union", "intersect", "except", "window",
    "loop", "into", "join", "left", "right", "full", "inner", "cross", "natural", "on", "using", "returning", "set",
    "then", "end",
  ].joined(separator: "|")

  /// Text with parentheses of up to three levels.
  private static let balanced = #"(?:[^;()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*"#

  private static func withoutParentheses(_ text: String) -> String {
    (0..<3).reduce(text) { text, _ in "pg_catalog.regexp_replace(\(text), '\\([^()]*\\)', ' ', 'g')" }
  }

  /// An identifier, in quotes or not.
  private static let name = #"(?:"((?:[^"]|"")+)"|([[:alpha:]_][\w$]*))"#
  private static let qualified = #"(?:\#(name)\s*\.\s*)?\#(name)"#

  /// An identifier of a match `m`, of which this is the first of two groups.
  private static func unquoted(_ group: Int) -> String {
    "coalesce(pg_catalog.replace(m[\(group)], '\"\"', '\"'), pg_catalog.lower(m[\(group + 1)]))"
  }

  private static func isFound(_ schema: String) -> String {
    """
    (\(schema) IS NULL AND (b.path IS NULL OR n.nspname::text = ANY (b.path)) OR n.nspname = (\(schema))::name)
    """
  }
}
