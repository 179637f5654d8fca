/// Common table expressions, to follow `WITH RECURSIVE`, of which the last one, `code (relation, kind, name, is_planted)`,
/// tells which tables and partitioned tables have code of users that the server runs when rows come in or a query is
/// planned: in checks, domains, generated columns, partition keys, and expressions of indexes and statistics objects.
///
/// What only immutable functions compute that a superuser has brought in as machine code is no code: those of the server,
/// and of well-known extensions such as citext (`internal` and C are languages 12 and 13 of every server). Of others nobody
/// knows whether they run text that they are given, as those of postgis_raster do. Whatever else there is in an expression
/// is: other functions, operators and domains, and those of the server's own functions that may have an effect or read
/// something (`lo_export`, `query_to_xml`), as a check may call them, and their privileges are looked at only when it runs.
/// Among them are no clocks, nor conversions by the time zone, nor what writes a value as text (`||`). A domain that is
/// used counts by its own checks. And a range type can have functions that run when a value of it is read or indexed.
///
/// Read from the expressions themselves: the catalogs have no dependencies on what the server brought along. A number of
/// five digits or more that is the identifier of a function, an operator or a type of this kind is taken for one; at worst
/// it was something else.
///
/// `is_planted` is what somebody has written who is no superuser: it is nothing for a superuser to run, whose table it is.
///
/// Partitions have their parents' partition keys as checks; and a partitioned table has the code of its partitions, to
/// which its rows go.
public func codeOfTables(_ server: ServerVersion) -> String {
  let knownExtensions = [
    "btree_gin", "btree_gist", "citext", "cube", "earthdistance", "fuzzystrmatch", "hstore", "intarray", "isn", "ltree",
    "pg_trgm", "pgcrypto", "seg", "unaccent", "uuid-ossp", "vector", "ip4r", "prefix", "hll",
  ].map { "'\($0)'::name" }.joined(separator: ", ")
  var expressions = [
    """
    SELECT k.conrelid, k.contypid, 'check', k.conname::text, k.conbin::text
      FROM pg_catalog.pg_constraint k WHERE k.contype = 'c'::"char" AND k.oid >= 16384::oid
    """,
    """
    SELECT i.indrelid, 0::oid, 'index', x.relname::text, concat_ws(' ', i.indexprs::text, i.indpred::text)
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
     WHERE i.indrelid >= 16384::oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
    """,
  ]
  if server.major >= 12 {
    expressions.append(
      """
      SELECT d.adrelid, 0::oid, 'generated column', a.attname::text, d.adbin::text
        FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
       WHERE a.attgenerated <> ''::"char" AND d.adrelid >= 16384::oid
      """)
  }
  if server.major >= 10 {
    expressions.append(
      """
      SELECT p.partrelid, 0::oid, 'partition key', c.relname::text, p.partexprs::text
        FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
       WHERE p.partexprs IS NOT NULL
      """)
  }
  if server.major >= 14 {
    expressions.append(
      """
      SELECT s.stxrelid, 0::oid, 'statistics object', s.stxname::text, s.stxexprs::text
        FROM pg_catalog.pg_statistic_ext s WHERE s.stxexprs IS NOT NULL
      """)
  }
  return """
    expression (relation, domain, kind, name, tree) AS (
      \(expressions.joined(separator: " UNION ALL "))
    ), number (relation, domain, kind, name, is_called, oid) AS (
      SELECT DISTINCT e.relation, e.domain, e.kind, e.name, false, m.found[1]::int8
        FROM expression e, LATERAL pg_catalog.regexp_matches(e.tree, '\\m([0-9]{5,10})\\M', 'g') m(found)
      UNION ALL
      SELECT DISTINCT e.relation, e.domain, e.kind, e.name, true, m.found[1]::int8
        FROM expression e,
             LATERAL pg_catalog.regexp_matches(e.tree, ':(?:funcid|opfuncid|elemfuncid) ([0-9]{1,5})\\M', 'g') m(found)
    ), written (oid, is_planted) AS (
      SELECT p.oid, NOT r.rolsuper FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
       WHERE p.oid >= 16384::oid AND NOT (
             p.provolatile = 'i'::"char" AND p.prolang IN (12::oid, 13::oid) AND r.rolsuper AND EXISTS (
             SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
              WHERE d.classid = 1255::oid AND d.objid = p.oid AND d.refclassid = 3079::oid AND d.deptype = 'e'::"char"
                AND (e.extname IN (\(knownExtensions))
                     OR e.extname = 'postgis'::name AND e.extversion ~ '^([3-9]|[1-9][0-9])[.]')))
    ), theirs (oid, is_planted) AS (
      SELECT w.oid::int8, w.is_planted FROM written w
      UNION SELECT o.oid::int8, w.is_planted
        FROM pg_catalog.pg_operator o JOIN written w ON w.oid = o.oprcode::oid WHERE o.oid >= 16384::oid
    ), effective (oid) AS (
      SELECT p.oid::int8 FROM pg_catalog.pg_proc p
       WHERE p.oid < 16384::oid AND p.provolatile <> 'i'::"char" AND NOT (p.provolatile = 's'::"char" AND (
             p.pronargs = 0::int2
             OR p.proargtypes::oid[] && '{1082,1083,1114,1184,1186,1266}'::oid[]
             OR p.proname IN ('textanycat'::name, 'anytextcat'::name)))
    ), coded_domain (oid) AS (
      SELECT n.domain FROM number n
       WHERE n.domain <> 0::oid AND (
             n.oid IN (SELECT t.oid FROM theirs t) OR n.is_called AND n.oid IN (SELECT f.oid FROM effective f)
             OR n.oid IN (SELECT t.oid::int8 FROM pg_catalog.pg_type t
                           WHERE t.oid >= 16384::oid AND t.oid <> n.domain AND t.typtype = 'd'::"char"))
    ), holding (oid, kind, name, is_planted) AS (
      SELECT t.oid, 'domain', t.typname::text, NOT o.rolsuper
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_roles o ON o.oid = t.typowner
       WHERE t.oid IN (SELECT d.oid FROM coded_domain d)
      UNION ALL
      SELECT t.oid, 'range type', t.typname::text, NOT o.rolsuper
        FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid
        JOIN pg_catalog.pg_roles o ON o.oid = t.typowner
       WHERE r.rngcanonical::oid IN (SELECT w.oid FROM written w) OR r.rngsubdiff::oid IN (SELECT w.oid FROM written w)
      UNION
      SELECT x.oid, h.kind, h.name, h.is_planted FROM holding h CROSS JOIN LATERAL (
        \(TypeParts.holders(of: "h.oid", server))) x
    ), running (relation, domain, kind, name, is_planted) AS (
      SELECT n.relation, n.domain, n.kind, n.name, t.is_planted FROM number n JOIN theirs t ON t.oid = n.oid
      UNION
      SELECT n.relation, n.domain, n.kind, n.name, h.is_planted FROM number n JOIN holding h ON h.oid::int8 = n.oid
      UNION
      SELECT n.relation, n.domain, n.kind, n.name, false FROM number n
       WHERE n.is_called AND n.oid IN (SELECT f.oid FROM effective f)
    ), own (relation, kind, name, is_planted) AS (
      SELECT r.relation, r.kind, r.name, r.is_planted FROM running r WHERE r.relation <> 0::oid
      UNION
      SELECT a.attrelid, h.kind, h.name, h.is_planted FROM holding h JOIN pg_catalog.pg_attribute a ON a.atttypid = h.oid
       WHERE a.attnum > 0::int2 AND NOT a.attisdropped AND a.attrelid >= 16384::oid
    ), below (relation, kind, name, is_planted) AS (
      SELECT o.relation, o.kind, o.name, o.is_planted FROM own o WHERE o.kind = 'partition key'
      UNION SELECT i.inhrelid, b.kind, b.name, b.is_planted FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.relation
    ), above (relation, kind, name, is_planted) AS (
      SELECT o.relation, o.kind, o.name, o.is_planted FROM own o
      UNION SELECT i.inhparent, u.kind, u.name, u.is_planted FROM above u JOIN pg_catalog.pg_inherits i ON i.inhrelid = u.relation
              JOIN pg_catalog.pg_class c ON c.oid = i.inhparent AND c.relkind = 'p'::"char"
    ), code (relation, kind, name, is_planted) AS (
      SELECT b.relation, b.kind, b.name, b.is_planted FROM below b
      UNION SELECT u.relation, u.kind, u.name, u.is_planted FROM above u
    )
    """
}

/// A table with code of an owner who is no superuser, which runs when rows come in.
public struct CodedTable: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var owner: String
  /// What has code that a load runs: `check positive`, `domain d`, `index i`.
  public var code: [String]
  /// Triggers and rules that act in a session that applies changes, as they are ENABLE ALWAYS or ENABLE REPLICA.
  public var firing: [String]
  /// Whether the owner has the privileges that loading the table takes: USAGE on the schema, INSERT and TRUNCATE.
  public var ownerMayLoad: Bool
  /// Whether the owner is a superuser, and the code somebody else's.
  public var isOfSuperuser: Bool
  /// It holds no rows itself.
  public var isPartitioned: Bool
  /// Has REPLICA IDENTITY FULL, and code in an index.
  public var isFoundByCode: Bool

  public static let subject = "the tables with code of their owners"

  public static func sql(_ server: ServerVersion) -> String {
    let ofSuperuser = "EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = c.relowner AND r.rolsuper)"
    let isCoded = """
      c.relkind IN ('r'::"char", 'p'::"char") AND (c.oid IN (SELECT d.relation FROM code d)
                                                   OR c.oid IN (SELECT f.relation FROM firing f))
      AND (NOT \(ofSuperuser) OR c.oid IN (SELECT d.relation FROM code d WHERE d.is_planted))
      """
    return """
      WITH RECURSIVE \(codeOfTables(server)), firing (relation, name) AS (
        SELECT t.tgrelid, 'trigger ' || t.tgname FROM pg_catalog.pg_trigger t
         WHERE t.tgenabled IN ('A'::"char", 'R'::"char") AND NOT t.tgisinternal
        UNION ALL
        SELECT r.ev_class, 'rule ' || r.rulename FROM pg_catalog.pg_rewrite r
         WHERE r.ev_enabled IN ('A'::"char", 'R'::"char"))
      SELECT count(*) OVER () AS n_total, n.nspname, c.relname,
             coalesce((SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.oid = c.relowner), '') AS owner,
             ARRAY(SELECT DISTINCT d.kind || ' ' || d.name FROM code d WHERE d.relation = c.oid ORDER BY 1) AS code,
             ARRAY(SELECT DISTINCT f.name FROM firing f WHERE f.relation = c.oid ORDER BY 1) AS firing,
             coalesce(pg_catalog.has_schema_privilege(c.relowner, c.relnamespace, 'USAGE')
               AND pg_catalog.has_table_privilege(c.relowner, c.oid, 'INSERT')
               AND pg_catalog.has_table_privilege(c.relowner, c.oid, 'TRUNCATE'), false) AS owner_may_load,
             \(ofSuperuser) AS is_of_superuser, c.relkind = 'p'::"char" AS is_partitioned,
             c.relreplident = 'f'::"char" AND EXISTS (
               SELECT FROM code d WHERE d.relation = c.oid AND d.kind = 'index') AS is_found_by_code
        \(userRelations(where: isCoded))
       ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $1::int8
      """
  }
}
