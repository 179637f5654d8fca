/// What a server that was built without libxml refuses: stored values of type `xml`, and expressions that hold one.
public struct XMLUse: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  /// `column`, `view`, `default`, `constraint`, or `function`.
  public var kind: String
  public var nspname: String
  /// Of the table or view; of a function, with its arguments.
  public var relname: String
  /// Of the column or constraint; empty for the rest.
  public var name: String
  /// Whether what is there already can't come along: of a column, that its table takes space.
  public var isRefused: Bool
  /// A column of a table by itself that is of type xml as such, which ALTER TABLE can make text.
  public var isPlain: Bool

  public static let subject = "the uses of type xml"

  // 142 is xml, 143 its array. A tree holds a value as a CONST that is not null, and xmlelement, xmlforest and xmlpi as
  // XMLEXPR: these three write names down when they are parsed. The others are refused only when they run.
  public static func sql(_ server: ServerVersion) -> String {
    let functionBody = server.major >= 14 ? "pg_catalog.concat(p.prosqlbody, p.proargdefaults)" : "p.proargdefaults"
    return """
      WITH RECURSIVE parts(part, whole) AS (
        \(TypeParts.pairs)
      ), x(oid) AS (
        SELECT t.oid FROM pg_catalog.pg_type t WHERE t.oid IN (142::oid, 143::oid)
        UNION SELECT p.whole FROM x JOIN parts p ON p.part = x.oid
      ), uses AS (
        SELECT 'column' AS kind, n.nspname::text AS nspname, c.relname::text AS relname, a.attname::text AS name,
               pg_catalog.pg_relation_size(c.oid) > 0 AS is_refused,
               a.atttypid = 142::oid AND c.relkind = 'r'::"char" AND NOT EXISTS (
                 SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid OR i.inhparent = c.oid) AS is_plain,
               c.oid AS owner
          FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r'::"char", 'm'::"char")
           AND c.relpersistence <> 't'::"char" AND a.atttypid IN (SELECT x.oid FROM x)
        UNION ALL
        SELECT 'view', n.nspname, c.relname, '', true, false, c.oid
          FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE \(holds("r.ev_action"))
        UNION ALL
        SELECT 'default', n.nspname, c.relname, a.attname, true, false, c.oid
          FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid
          JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE \(holds("d.adbin"))
        UNION ALL
        SELECT 'constraint', n.nspname, coalesce(c.relname, t.typname), k.conname, true, false,
               coalesce(c.oid, t.oid)
          FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
          LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
          LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid
         WHERE \(holds("k.conbin"))
        UNION ALL
        SELECT 'function', n.nspname,
               p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', '', true, false, p.oid
          FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE \(holds(functionBody))
      )
      SELECT count(*) OVER () AS n_total, u.kind, u.nspname, u.relname, u.name, u.is_refused, u.is_plain FROM uses u
       WHERE u.owner >= 16384::oid AND NOT EXISTS (
             SELECT 1 FROM pg_catalog.pg_depend e
              WHERE e.objid = u.owner AND e.objsubid = 0 AND e.deptype = 'e'::"char" AND e.classid IN (
                    'pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_type'::regclass))
       ORDER BY u.is_refused DESC, u.nspname COLLATE "C", u.relname COLLATE "C", u.name COLLATE "C" LIMIT $1::int8
      """
  }

  private static func holds(_ tree: String) -> String {
    let constant = ":consttypmod -1 :constcollid 0 :constlen -1 :constbyval false :constisnull false"
    let patterns =
      ["142", "143"].map { "'%{CONST :consttype \($0) \(constant)%'" }
      + ["1", "2", "4"].map { "'%{XMLEXPR :op \($0) %'" }
    return "\(tree)::text LIKE ANY (ARRAY[\(patterns.joined(separator: ", "))])"
  }
}
