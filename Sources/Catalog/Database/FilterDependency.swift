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

  /// What `namedRelations` takes: `all`, `only` or `without`, and the schemas and names of the patterns for the database.
  public static func parameters(_ filter: TableFilter, in database: String) -> [String] {
    let (kind, patterns): (String, [TablePattern]) =
      switch filter {
      case .all: ("all", [])
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
  //
  // From the tables that are named, by indexes: however many others there are, they are not read.
  public static func sql(_ server: ServerVersion) -> String {
    let hasStatistics = server.major >= 10
    let isTopmost = server.major >= 11 ? "AND k.conparentid = 0" : ""
    let statistics =
      hasStatistics
      ? "UNION ALL SELECT 3381::oid, s.oid, h.oid FROM chosen h JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = h.oid"
      : ""
    // The relation that something is a part of, as `parts` has it; NULL where it is none's.
    func owner(of object: String, in catalog: String) -> String {
      let statistics =
        hasStatistics
        ? "WHEN 3381::oid THEN (SELECT s.stxrelid FROM pg_catalog.pg_statistic_ext s WHERE s.oid = \(object))" : ""
      return """
        CASE \(catalog)
        WHEN 1259::oid THEN coalesce(
          (SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = \(object)),
          (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = \(object) AND \(isNameable("c"))))
        WHEN 2618::oid THEN (SELECT r.ev_class FROM pg_catalog.pg_rewrite r WHERE r.oid = \(object))
        WHEN 2606::oid THEN (SELECT k.conrelid FROM pg_catalog.pg_constraint k
                              WHERE k.oid = \(object) AND k.conrelid <> 0 \(isTopmost))
        WHEN 2604::oid THEN (SELECT f.adrelid FROM pg_catalog.pg_attrdef f WHERE f.oid = \(object))
        WHEN 2620::oid THEN (SELECT t.tgrelid FROM pg_catalog.pg_trigger t WHERE t.oid = \(object) AND NOT t.tgisinternal)
        WHEN 3256::oid THEN (SELECT p.polrelid FROM pg_catalog.pg_policy p WHERE p.oid = \(object))
        WHEN 1247::oid THEN (SELECT c.oid FROM pg_catalog.pg_type t
                               LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
                               JOIN pg_catalog.pg_class c
                                 ON c.oid = CASE WHEN t.typrelid <> 0 THEN t.typrelid ELSE e.typrelid END
                              WHERE t.oid = \(object) AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))
        \(statistics) END
        """
    }
    return """
      WITH named AS (
        \(namedRelations)
      ), chosen AS (
        SELECT named.oid FROM named
        UNION SELECT d.objid FROM named JOIN pg_catalog.pg_depend d ON d.refclassid = 1259 AND d.refobjid = named.oid
          JOIN pg_catalog.pg_class c ON d.classid = 1259 AND c.oid = d.objid AND c.relkind = 'S'
         WHERE d.deptype = 'i' OR d.deptype = 'a' AND $1 = 'only'
      ), parts(classid, objid, owner) AS (
        SELECT 2618::oid, r.oid, h.oid FROM chosen h JOIN pg_catalog.pg_rewrite r ON r.ev_class = h.oid
        UNION ALL SELECT 2606::oid, k.oid, h.oid FROM chosen h
          JOIN pg_catalog.pg_constraint k ON k.conrelid = h.oid \(isTopmost)
        UNION ALL SELECT 2604::oid, d.oid, h.oid FROM chosen h JOIN pg_catalog.pg_attrdef d ON d.adrelid = h.oid
        UNION ALL SELECT 2620::oid, t.oid, h.oid FROM chosen h
          JOIN pg_catalog.pg_trigger t ON t.tgrelid = h.oid AND NOT t.tgisinternal
        UNION ALL SELECT 3256::oid, p.oid, h.oid FROM chosen h JOIN pg_catalog.pg_policy p ON p.polrelid = h.oid
        UNION ALL SELECT 1259::oid, i.indexrelid, h.oid FROM chosen h JOIN pg_catalog.pg_index i ON i.indrelid = h.oid
        \(statistics)
        UNION ALL SELECT 1259::oid, c.oid, c.oid FROM chosen h
          JOIN pg_catalog.pg_class c ON c.oid = h.oid AND \(isNameable("c"))
        UNION ALL SELECT 1247::oid, pg_catalog.unnest(ARRAY[t.oid, t.typarray]), c.oid FROM chosen h
          JOIN pg_catalog.pg_class c ON c.oid = h.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
          JOIN pg_catalog.pg_type t ON t.oid = c.reltype
      ), depends AS (
        SELECT d.classid, d.objid, d.refclassid, d.refobjid, d.deptype, p.owner,
               \(owner(of: "d.refobjid", in: "d.refclassid")) AS refowner
          FROM parts p JOIN pg_catalog.pg_depend d ON d.classid = p.classid AND d.objid = p.objid
         WHERE $1 = 'only' AND d.deptype IN ('n', 'a') AND d.refobjid >= 16384 AND d.objid >= 16384
        UNION ALL
        SELECT d.classid, d.objid, d.refclassid, d.refobjid, d.deptype,
               \(owner(of: "d.objid", in: "d.classid")), p.owner
          FROM parts p JOIN pg_catalog.pg_depend d ON d.refclassid = p.classid AND d.refobjid = p.objid
         WHERE $1 <> 'only' AND d.deptype IN ('n', 'a') AND d.refobjid >= 16384 AND d.objid >= 16384
      ), needs AS (
        SELECT DISTINCT d.classid, d.objid, d.owner,
               CASE WHEN d.refowner IS NULL THEN d.refclassid ELSE 1259::oid END AS refclassid,
               coalesce(d.refowner, d.refobjid) AS refobjid
          FROM depends d
         WHERE (d.deptype = 'n' OR d.classid = 6106 AND d.refclassid = 1259
                OR d.classid = 1259 AND d.owner = d.objid AND EXISTS (
                   SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhrelid = d.objid AND i.inhparent = d.refobjid))
           AND d.classid NOT IN (826::oid, 3079::oid, 6100::oid)
           AND (d.owner IS NOT NULL OR d.classid NOT IN (2606::oid, 2620::oid))
           AND NOT EXISTS (SELECT 1 FROM chosen h WHERE h.oid = CASE $1 WHEN 'only' THEN d.refowner ELSE d.owner END)
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                            WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                            WHERE e.classid = 1259 AND e.objid = d.owner AND e.deptype = 'e')
      )
      SELECT y.n_total, y.classid = 6106 AS is_published, y.dependent, y.needed,
             a.type AS needed_type, a.object_names AS needed_names, a.object_args AS needed_arguments,
             (SELECT x.extname FROM pg_catalog.pg_depend e JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid
               WHERE e.classid = y.refclassid AND e.objid = y.refobjid AND e.deptype = 'e' LIMIT 1)
               AS needed_extension, NULL::bool AS is_on_target
        FROM (
        SELECT count(*) OVER () AS n_total, n.classid, n.refclassid, n.refobjid,
               CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite r WHERE r.oid = n.objid AND n.classid = 2618
                                    AND r.rulename = '_RETURN')
                 THEN pg_catalog.pg_describe_object(1259, n.owner, 0)
                 ELSE pg_catalog.pg_describe_object(n.classid, n.objid, 0) END AS dependent,
               pg_catalog.pg_describe_object(n.refclassid, n.refobjid, 0) AS needed
          FROM needs n ORDER BY dependent, needed LIMIT 1000) y
       CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(y.refclassid, y.refobjid, 0) a
       ORDER BY y.dependent, y.needed
      """
  }
}

/// What a pattern may name, of relations.
private func isNameable(_ relation: String) -> String {
  "\(relation).relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND \(relation).relpersistence <> 't'"
}

/// The relations that patterns name: `$2` holds their schemas, empty for any, `$3` their names. By the index over names.
let namedRelations = """
  SELECT DISTINCT c.oid
    FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS f (nspname, relname)
    JOIN pg_catalog.pg_class c ON c.relname = f.relname::name AND c.relname::text = f.relname
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND f.nspname IN ('', n.nspname::text)
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.oid >= 16384
  """
