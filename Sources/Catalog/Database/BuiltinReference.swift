// Users' objects that need something built in which a later version lacks. Asked with the names of just those.

/// A view that reads a column which a later version's system view lacks.
public struct SystemViewColumn: CatalogRow {
  public var nspname: String
  public var relname: String
  public var isMaterialized: Bool
  /// What it reads: `pg_stat_wal.wal_sync`.
  public var columns: [String]

  public static let subject = "the columns of system views that views read"

  // System views are not pinned: what depends on them is recorded.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT n.nspname, c.relname, c.relkind = 'm'::"char" AS is_materialized,
           array_agg(DISTINCT v.relname || '.' || a.attname) AS columns
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class v ON v.oid = a.attrelid AND v.relkind = 'v'::"char" AND v.oid < 16384::oid
      JOIN pg_catalog.pg_depend d ON d.refclassid = 1259::oid AND d.refobjid = v.oid AND d.refobjsubid = a.attnum
       AND d.classid = 2618::oid
      JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid >= 16384::oid AND v.relname || '.' || a.attname = ANY ($1::text[])
       AND \(isNoMember("c.oid", of: "pg_class"))
     GROUP BY n.nspname, c.relname, c.relkind ORDER BY 1, 2
    """
  }

  public static func parameters(_ removed: [RemovedBuiltin]) -> [String] {
    [arrayLiteral(removed.filter { $0.kind == .column }.map(\.name))]
  }
}

/// An expression with a function or operator that a later version lacks.
public struct BuiltinReference: CatalogRow {
  /// What has the expression: `view`, `default`, `check`, `index`, `policy`, `trigger`, `function`, `aggregate`.
  public var kind: String
  /// The relation, type, function or aggregate, as SQL names it.
  public var object: String
  /// Of a relation.
  public var nspname: String?
  public var relname: String?
  /// Its own name, where the object is the table that has it.
  public var part: String?
  /// With argument types, as they were asked for.
  public var names: [String]

  public static let subject = "the built-in functions and operators that expressions use"

  // What depends on pinned objects is not recorded, but stored expressions name their OIDs.
  public static func sql(_ server: ServerVersion) -> String {
    let bodies =
      server.major >= 14
      ? """
      UNION ALL
      SELECT 'function', 1255::oid, p.oid, NULL, p.prosqlbody::text FROM pg_catalog.pg_proc p
       WHERE p.oid >= 16384::oid AND p.prosqlbody IS NOT NULL
      """ : ""
    return """
      WITH gone AS (
        SELECT 'f' AS field, pg_catalog.to_regprocedure('pg_catalog.' || f)::oid::text AS ref, f AS name
          FROM pg_catalog.unnest($1::text[]) f
        UNION ALL
        SELECT 'o', pg_catalog.to_regoperator('pg_catalog.' || o)::oid::text, o FROM pg_catalog.unnest($2::text[]) o
      ), pattern AS (
        SELECT pg_catalog.format(':(funcid|aggfnoid|winfnoid|opno) (%s)[ }]',
                 coalesce(pg_catalog.string_agg(g.ref, '|'), '-')) AS refs FROM gone g WHERE g.ref IS NOT NULL
      ), trees AS (
        SELECT 'view' AS kind, 1259::oid AS catalog, r.ev_class AS oid,
               CASE r.rulename WHEN '_RETURN'::name THEN NULL ELSE r.rulename::text END AS part,
               r.ev_action::text || r.ev_qual::text AS tree
          FROM pg_catalog.pg_rewrite r WHERE r.ev_class >= 16384::oid
        UNION ALL
        SELECT 'default', 1259::oid, d.adrelid, a.attname::text, d.adbin::text
          FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        UNION ALL
        SELECT 'check', CASE WHEN k.conrelid > 0::oid THEN 1259::oid ELSE 1247::oid END,
               CASE WHEN k.conrelid > 0::oid THEN k.conrelid ELSE k.contypid END, k.conname::text, k.conbin::text
          FROM pg_catalog.pg_constraint k WHERE k.conbin IS NOT NULL AND k.oid >= 16384::oid
        UNION ALL
        SELECT 'index', 1259::oid, i.indrelid, c.relname::text,
               pg_catalog.concat(i.indexprs::text, i.indpred::text)
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
         WHERE i.indrelid >= 16384::oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
        UNION ALL
        SELECT 'policy', 1259::oid, p.polrelid, p.polname::text,
               pg_catalog.concat(p.polqual::text, p.polwithcheck::text)
          FROM pg_catalog.pg_policy p
        UNION ALL
        SELECT 'trigger', 1259::oid, t.tgrelid, t.tgname::text, t.tgqual::text FROM pg_catalog.pg_trigger t
         WHERE t.tgqual IS NOT NULL
        \(bodies)
      ), refs AS (
        SELECT t.kind, t.catalog, t.oid, t.part, g.name
          FROM trees t CROSS JOIN pattern p CROSS JOIN LATERAL pg_catalog.regexp_matches(t.tree, p.refs, 'g') m
          JOIN gone g ON g.ref = m[2] AND g.field = CASE m[1] WHEN 'opno' THEN 'o' ELSE 'f' END
        UNION ALL
        SELECT 'aggregate', 1255::oid, a.aggfnoid::oid, NULL, g.name
          FROM pg_catalog.pg_aggregate a JOIN gone g ON g.field = 'f'
           AND g.ref::oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
         WHERE a.aggfnoid >= 16384::oid
      )
      SELECT r.kind,
             CASE r.catalog WHEN 1255::oid THEN r.oid::pg_catalog.regprocedure::text
                            WHEN 1247::oid THEN r.oid::pg_catalog.regtype::text
                            ELSE r.oid::pg_catalog.regclass::text END AS object,
             n.nspname, c.relname, r.part, array_agg(DISTINCT r.name) AS names
        FROM refs r LEFT JOIN pg_catalog.pg_class c ON r.catalog = 1259::oid AND c.oid = r.oid
        LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = r.catalog AND e.objid = r.oid
                            AND e.objsubid = 0 AND e.deptype = 'e'::"char")
       GROUP BY r.kind, r.catalog, r.oid, n.nspname, c.relname, r.part ORDER BY 1, 2, r.part
      """
  }

  public static func parameters(_ removed: [RemovedBuiltin]) -> [String] {
    [.function, .operator].map { (kind: RemovedBuiltin.Kind) in
      arrayLiteral(removed.filter { $0.kind == kind }.map(\.name))
    }
  }
}
