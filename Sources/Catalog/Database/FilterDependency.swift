/// Something that a dump with a table filter writes down, and that depends on something which it does not.
public struct FilterDependency: CatalogRow {
  /// How many there are in all; rows are given for the first of them only.
  public var nTotal: Int
  /// As people say it: `view public.sales`.
  public var dependent: String
  /// Whether it is that a publication has the table, which pg_dump leaves out before 18.
  public var isPublished: Bool
  /// As people say it: `table public.orders`.
  public var needed: String
  /// What `pg_get_object_address` finds it by.
  public var neededType: String
  public var neededNames: [String]
  public var neededArguments: [String]
  /// The extension that it belongs to.
  public var neededExtension: String?
  /// Whether the target database has such a one already; asked afterwards.
  public var isOnTarget: Bool?

  public static let subject = "what depends on tables that the filter leaves out"

  /// `only` or `without`, and the schemas and names of the patterns for the database.
  public static func parameters(_ filter: TableFilter, in database: String) -> [String] {
    let (kind, patterns): (String, [TablePattern]) =
      switch filter {
      case .all: ("without", [])
      case .without(let patterns): ("without", patterns)
      case .only(let patterns): ("only", patterns)
      }
    let own = patterns.filter { $0.database.map { $0.isSameName(as: database) } ?? true }
    return [kind, arrayLiteral(own.map { $0.schema ?? "" }), arrayLiteral(own.map(\.table))]
  }

  // pg_dump leaves out, or takes alone, what a pattern names: tables, views and sequences; with them what is theirs:
  // types of their rows, indexes, constraints, defaults, triggers, rules and policies. A sequence goes with the table
  // that owns it only where it is an identity column's, or tables are all that is taken. Whatever else there is, is
  // written down, or is not where tables are all; the dependencies between both fail. Those of a kind other than
  // normal are no obstacle, but for partitions of a table. 1247 is pg_type, 1259 pg_class, 2604 pg_attrdef, 2606
  // pg_constraint, 2618 pg_rewrite, 2620 pg_trigger, 3079 pg_extension, 3256 pg_policy, 3381 pg_statistic_ext, 826
  // pg_default_acl, 6100 pg_subscription, 6106 pg_publication_rel.
  public static func sql(_ server: ServerVersion) -> String {
    let isTopmost = server.major >= 11 ? "AND k.conparentid = 0" : ""
    let statistics =
      server.major >= 10
      ? "UNION ALL SELECT 3381::oid, s.oid, s.stxrelid FROM pg_catalog.pg_statistic_ext s" : ""
    return """
      WITH named AS (
        SELECT DISTINCT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS f (nspname, relname)
            ON f.relname = c.relname::text AND f.nspname IN ('', n.nspname::text)
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.oid >= 16384
      ), chosen AS (
        SELECT named.oid FROM named
        UNION SELECT d.objid FROM named JOIN pg_catalog.pg_depend d ON d.refclassid = 1259 AND d.refobjid = named.oid
          JOIN pg_catalog.pg_class c ON d.classid = 1259 AND c.oid = d.objid AND c.relkind = 'S'
         WHERE d.deptype = 'i' OR d.deptype = 'a' AND $1 = 'only'
      ), members AS (
        SELECT e.classid, e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e'
      ), parts(classid, objid, owner) AS (
        SELECT 2618::oid, r.oid, r.ev_class FROM pg_catalog.pg_rewrite r
        UNION ALL SELECT 2606::oid, k.oid, k.conrelid FROM pg_catalog.pg_constraint k
         WHERE k.conrelid <> 0 \(isTopmost)
        UNION ALL SELECT 2604::oid, d.oid, d.adrelid FROM pg_catalog.pg_attrdef d
        UNION ALL SELECT 2620::oid, t.oid, t.tgrelid FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal
        UNION ALL SELECT 3256::oid, p.oid, p.polrelid FROM pg_catalog.pg_policy p
        UNION ALL SELECT 1259::oid, i.indexrelid, i.indrelid FROM pg_catalog.pg_index i
        \(statistics)
        UNION ALL SELECT 1259::oid, c.oid, c.oid FROM pg_catalog.pg_class c
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
        UNION ALL SELECT 1247::oid, t.oid, c.oid FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_type t ON t.oid = c.reltype OR t.typelem = c.reltype
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.reltype <> 0
      ), needs AS (
        SELECT DISTINCT d.classid, d.objid, p.owner,
               CASE WHEN r.owner IS NULL THEN d.refclassid ELSE 1259::oid END AS refclassid,
               coalesce(r.owner, d.refobjid) AS refobjid
          FROM pg_catalog.pg_depend d
          LEFT JOIN parts p ON p.classid = d.classid AND p.objid = d.objid
          LEFT JOIN parts r ON r.classid = d.refclassid AND r.objid = d.refobjid
         WHERE d.refobjid >= 16384 AND d.objid >= 16384
           AND (d.deptype = 'n' OR d.deptype = 'a' AND d.classid = 6106 AND d.refclassid = 1259
                OR d.deptype = 'a' AND d.classid = 1259 AND EXISTS (
                   SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhrelid = d.objid AND i.inhparent = d.refobjid
                      AND p.owner = d.objid))
           AND d.classid NOT IN (826::oid, 3079::oid, 6100::oid)
           AND (p.owner IS NOT NULL OR d.classid NOT IN (2606::oid, 2620::oid))
           AND CASE $1 WHEN 'only'
               THEN p.owner IN (SELECT oid FROM chosen) AND (r.owner IS NULL OR r.owner NOT IN (SELECT oid FROM chosen))
               ELSE r.owner IN (SELECT oid FROM chosen) AND (p.owner IS NULL OR p.owner NOT IN (SELECT oid FROM chosen))
               END
           AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM members)
           AND (p.owner IS NULL OR (1259::oid, p.owner) NOT IN (SELECT classid, objid FROM members))
      )
      SELECT count(*) OVER () AS n_total, n.classid = 6106 AS is_published,
             CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite r WHERE r.oid = n.objid AND n.classid = 2618
                                  AND r.rulename = '_RETURN')
               THEN pg_catalog.pg_describe_object(1259, n.owner, 0)
               ELSE pg_catalog.pg_describe_object(n.classid, n.objid, 0) END AS dependent,
             pg_catalog.pg_describe_object(n.refclassid, n.refobjid, 0) AS needed,
             a.type AS needed_type, a.object_names AS needed_names, a.object_args AS needed_arguments,
             (SELECT x.extname FROM pg_catalog.pg_depend e JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid
               WHERE e.classid = n.refclassid AND e.objid = n.refobjid AND e.deptype = 'e' LIMIT 1)
               AS needed_extension, NULL::bool AS is_on_target
        FROM needs n CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(n.refclassid, n.refobjid, 0) a
       ORDER BY 3, 4 LIMIT 1000
      """
  }
}
