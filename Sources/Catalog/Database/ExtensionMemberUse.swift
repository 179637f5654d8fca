/// A member of an extension on which objects of users depend, or the data of its configuration tables, which a dump names by column even where there are no rows.
public struct ExtensionMemberUse: CatalogRow {
  /// How it stands with the member in the version of the extension that the target has or would create.
  public enum Presence: String, Codable, Sendable {
    case there, missing
    /// A function of the name with as many arguments, of other types.
    case changed
  }

  public var extname: String
  /// `function similarity(text,text)`, `column pg_stat_statements.calls`, `type hstore`, …: see `OfferedMember`.
  public var member: String
  /// How many objects depend on it.
  public var dependents: Int
  /// The first of them, in words.
  public var examples: [String]
  /// Nil where the target was not asked, or can't tell.
  public var presence: Presence?

  public static let subject = "the members of extensions that objects depend on"

  /// The table filter, as `FilterDependency.parameters` has it.
  public static func parameters(_ filter: TableFilter, in database: String) -> [String] {
    FilterDependency.parameters(filter, in: database)
  }

  // What hangs on relations that are skipped is not created: 2604 is pg_attrdef, 2606 pg_constraint, 2618 pg_rewrite,
  // 2620 pg_trigger, 3256 pg_policy.
  public static func sql(_ server: ServerVersion) -> String {
    """
    WITH skipped AS (\(namedRelations)), uses AS (
      SELECT m.extension, m.classid AS refclassid, m.objid AS refobjid, d.refobjsubid, d.classid, d.objid, d.objsubid,
             CASE d.classid
             WHEN 1259::oid THEN coalesce((SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = d.objid), d.objid)
             WHEN 2604::oid THEN (SELECT k.adrelid FROM pg_catalog.pg_attrdef k WHERE k.oid = d.objid)
             WHEN 2606::oid THEN (SELECT k.conrelid FROM pg_catalog.pg_constraint k WHERE k.oid = d.objid)
             WHEN 2618::oid THEN (SELECT k.ev_class FROM pg_catalog.pg_rewrite k WHERE k.oid = d.objid)
             WHEN 2620::oid THEN (SELECT k.tgrelid FROM pg_catalog.pg_trigger k WHERE k.oid = d.objid)
             WHEN 3256::oid THEN (SELECT k.polrelid FROM pg_catalog.pg_policy k WHERE k.oid = d.objid) END AS owner
        FROM (\(extensionMembers)) m JOIN pg_catalog.pg_depend d ON \(isUseOfMember)
    ), needs AS (
      SELECT x.extname, k.member,
             CASE u.classid WHEN 2618::oid THEN pg_catalog.pg_describe_object(1259::oid, u.owner, 0)
                            ELSE pg_catalog.pg_describe_object(u.classid, u.objid, u.objsubid) END AS dependent
        FROM uses u JOIN pg_catalog.pg_extension x ON x.oid = u.extension AND x.extname <> 'plpgsql'::name
       CROSS JOIN LATERAL (\(memberKeys(of: "u.refclassid", "u.refobjid", column: "u.refobjsubid"))) k
       WHERE NOT ($1::text = 'without' AND u.owner IS NOT NULL AND u.owner IN (SELECT s.oid FROM skipped s))
      UNION
      SELECT x.extname, pg_catalog.concat('column ', c.relname, '.', a.attname),
             'data of ' || pg_catalog.pg_describe_object(1259::oid, c.oid, 0)
        FROM pg_catalog.pg_extension x CROSS JOIN LATERAL pg_catalog.unnest(x.extconfig) r(relation)
        JOIN pg_catalog.pg_class c ON c.oid = r.relation AND c.relkind = 'r'::"char"
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    )
    SELECT n.extname, n.member, count(*) AS dependents,
           (array_agg(n.dependent ORDER BY n.dependent))[1:3] AS examples, NULL::text AS presence
      FROM needs n GROUP BY n.extname, n.member ORDER BY 1, 2 LIMIT 20000
    """
  }
}

/// What an extension of the target offers.
public struct OfferedMember: CatalogRow {
  public var extname: String
  public var extversion: String
  /// As `ExtensionMemberUse` has it. A function with defaults is there once for each number of arguments that it takes.
  public var member: String

  public static let subject = "the members of the extensions"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.extname, x.extversion, k.member FROM pg_catalog.pg_extension x
      JOIN (\(extensionMembers)) m ON m.extension = x.oid
     CROSS JOIN LATERAL (\(memberKeys(of: "m.classid", "m.objid", column: nil))) k
     WHERE x.extname = ANY ($1::name[])
    """
  }
}

/// The names of an object that are the same wherever and in whichever schema the extension is, as `member`.
///
/// - Parameter column: the number of the column that is meant; nil for all columns, and for all numbers of arguments.
private func memberKeys(of catalog: String, _ oid: String, column: String?) -> String {
  let columns = column.map { "a.attnum = \($0) AND a.attnum <> 0" } ?? "a.attnum <> 0 AND NOT a.attisdropped"
  let shortest = column == nil ? "p.pronargs - p.pronargdefaults" : "p.pronargs::int4"
  func name(ofType type: String) -> String {
    // An array is named as its elements are.
    """
    (SELECT coalesce(e.typname, t.typname)::text FROM pg_catalog.pg_type t
       LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid WHERE t.oid = \(type))
    """
  }
  let arguments = """
    pg_catalog.array_to_string(ARRAY(SELECT t.typname::text
        FROM pg_catalog.unnest(p.proargtypes::oid[]) WITH ORDINALITY a(oid, n) JOIN pg_catalog.pg_type t ON t.oid = a.oid
       WHERE a.n <= g.n ORDER BY a.n), ',')
    """
  return """
    SELECT pg_catalog.concat('function ', p.proname, '(', \(arguments), ')') AS member
      FROM pg_catalog.pg_proc p CROSS JOIN LATERAL pg_catalog.generate_series(\(shortest), p.pronargs::int4) g(n)
     WHERE \(catalog) = 1255::oid AND p.oid = \(oid)
    UNION ALL
    SELECT pg_catalog.concat('result ', p.proname, '(', \(arguments), ').', z.name)
      FROM pg_catalog.pg_proc p CROSS JOIN LATERAL pg_catalog.generate_series(\(shortest), p.pronargs::int4) g(n)
     CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(p.proargmodes), pg_catalog.unnest(p.proargnames)) z(mode, name)
     WHERE \(catalog) = 1255::oid AND p.oid = \(oid) AND z.mode IN ('o'::"char", 't'::"char", 'b'::"char") AND z.name <> ''
    UNION ALL
    SELECT pg_catalog.concat('type ', \(name(ofType: oid))) WHERE \(catalog) = 1247::oid
    UNION ALL
    SELECT pg_catalog.concat('relation ', c.relname) FROM pg_catalog.pg_class c
     WHERE \(catalog) = 1259::oid AND c.oid = \(oid)
    UNION ALL
    SELECT pg_catalog.concat('column ', c.relname, '.', a.attname) FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
     WHERE \(catalog) = 1259::oid AND c.oid = \(oid) AND \(columns)
    UNION ALL
    SELECT pg_catalog.concat('operator ', o.oprname, ' (', coalesce(\(name(ofType: "o.oprleft")), 'none'), ',',
             coalesce(\(name(ofType: "o.oprright")), 'none'), ')')
      FROM pg_catalog.pg_operator o WHERE \(catalog) = 2617::oid AND o.oid = \(oid)
    UNION ALL
    SELECT pg_catalog.concat('cast from ', \(name(ofType: "k.castsource")), ' to ', \(name(ofType: "k.casttarget")))
      FROM pg_catalog.pg_cast k WHERE \(catalog) = 2605::oid AND k.oid = \(oid)
    UNION ALL
    SELECT pg_catalog.concat('operator class ', o.opcname, ' for ', h.amname)
      FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am h ON h.oid = o.opcmethod
     WHERE \(catalog) = 2616::oid AND o.oid = \(oid)
    UNION ALL
    SELECT pg_catalog.concat('operator family ', o.opfname, ' for ', h.amname)
      FROM pg_catalog.pg_opfamily o JOIN pg_catalog.pg_am h ON h.oid = o.opfmethod
     WHERE \(catalog) = 2753::oid AND o.oid = \(oid)
    UNION ALL
    SELECT pg_catalog.concat(i.type, ' ', coalesce(i.name, i.identity))
      FROM pg_catalog.pg_identify_object(\(catalog), \(oid), 0) i
     WHERE \(catalog) NOT IN (1247::oid, 1255::oid, 1259::oid, 2605::oid, 2616::oid, 2617::oid, 2753::oid)
    """
}
