/// The names of what extensions offer, and how texts are searched for them.
enum MemberNames {
  /// The parts `members`, `names` and `patterns` of a WITH: for each name the regular expressions by which a text in lower
  /// case mentions it, and by which SQL certainly uses it. What PostgreSQL itself has by the same name is not among them.
  // 1247 is pg_type, 1255 pg_proc, 1259 pg_class, 2617 pg_operator.
  static func patterns(_ server: ServerVersion) -> String {
    let fence = fence(server)
    return """
      members AS \(fence) (
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
      ), patterns AS \(fence) (
        SELECT n.extension, n.extname, n.kind, n.name, n.relname, n.is_clear, pg_catalog.lower(n.name) AS low,
               CASE n.kind
                 WHEN 'operator' THEN $$(?:^|[^-+*/<>=~!@#%^&|`?])$$ || e.name || $$(?![-+*/<>=~!@#%^&|`?])$$
                 WHEN 'function' THEN $$(?:^|[^[:alnum:]_$."]|"?\\m$$ || e.nspname || $$"?\\s*\\.\\s*)"?$$ || e.name
                   || $$"?\\s*\\($$
                 WHEN 'column' THEN $$(?:^|[^[:alnum:]_$"])"?$$ || e.name || $$"?(?![[:alnum:]_$"])(?!\\s*\\()$$
                 ELSE $$(?:^|[^[:alnum:]_$."]|"?\\m$$ || e.nspname || $$"?\\s*\\.\\s*)"?$$ || e.name
                   || $$"?(?![[:alnum:]_$"])(?!\\s*\\()$$ END AS mentioned,
               CASE n.kind
                 WHEN 'operator' THEN $$(?:^|[^-+*/<>=~!@#%^&|`?])$$ || e.name || $$(?![-+*/<>=~!@#%^&|`?])$$
                 WHEN 'function' THEN $$(?:^|[^[:alnum:]_$."]|"?\\m$$ || e.nspname || $$"?\\s*\\.\\s*)"?$$ || e.name
                   || $$"?\\s*\\($$
                 WHEN 'type' THEN $$::\\s*(?:"?$$ || e.nspname || $$"?\\s*\\.\\s*)?"?$$ || e.name
                   || $$"?(?![[:alnum:]_$"])$$
                 WHEN 'relation' THEN $$\\m(?:from|join|into|update)\\s+(?:only\\s+)?(?:"?$$ || e.nspname
                   || $$"?\\s*\\.\\s*)?"?$$ || e.name || $$"?(?![[:alnum:]_$"])$$ END AS used,
               $$(?:^|[^[:alnum:]_$"])"?$$ || e.relname || $$"?(?![[:alnum:]_$"])$$ AS of_relation
          FROM names n CROSS JOIN LATERAL (
               SELECT pg_catalog.regexp_replace(pg_catalog.lower(n.name), '([^[:alnum:]_])', $$\\\\\\1$$, 'g') AS name,
                      pg_catalog.regexp_replace(pg_catalog.lower(coalesce(n.nspname, '')), '([^[:alnum:]_])',
                        $$\\\\\\1$$, 'g')
                        AS nspname,
                      pg_catalog.regexp_replace(pg_catalog.lower(coalesce(n.relname, '')), '([^[:alnum:]_])',
                        $$\\\\\\1$$, 'g')
                        AS relname) e
      )
      """
  }

  /// Up to 11 every part of a WITH is computed once.
  static func fence(_ server: ServerVersion) -> String { server.major >= 12 ? "MATERIALIZED" : "" }
}
