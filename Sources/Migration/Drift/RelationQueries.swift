import Catalog

/// Tables and what is made of columns, and what goes with them.
enum RelationQueries {
  static func all(_ version: ServerVersion) -> [ObjectQuery] {
    [
      relations(version), compositeTypes(version), indexes(version), constraints(version), domainConstraints, rules,
      triggers(version), policies, statistics(version),
    ]
  }

  private typealias Query = ObjectQuery
  private static let table = Query.qualified("n.nspname", "c.relname")

  private static func relations(_ version: ServerVersion) -> ObjectQuery {
    let toast = "(SELECT t.reloptions::text FROM pg_catalog.pg_class t WHERE t.oid = x.reltoastrelid)"
    var aspects = [
      ("owner", Query.role("x.relowner")),
      (
        "privileges",
        """
        CASE WHEN x.relkind = 'S' THEN \(Query.privileges("x.relacl", "s", owner: "x.relowner"))
             ELSE \(Query.privileges("x.relacl", "r", owner: "x.relowner")) END
        """
      ),
      ("persistence", "NULLIF(x.relpersistence, 'p')"),
      ("partition key", "CASE WHEN x.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(x.oid) END"),
      (
        "partition of",
        """
        CASE WHEN x.relispartition THEN (
          SELECT i.inhparent::pg_catalog.regclass FROM pg_catalog.pg_inherits i WHERE i.inhrelid = x.oid LIMIT 1) END
        """
      ),
      (
        "partition bound",
        "CASE WHEN x.relispartition THEN pg_catalog.pg_get_expr(x.relpartbound, x.oid) END"
      ),
      (
        "inheritance",
        """
        CASE WHEN NOT x.relispartition THEN (
          SELECT string_agg(i.inhparent::pg_catalog.regclass::text, ', ' ORDER BY i.inhseqno)
            FROM pg_catalog.pg_inherits i WHERE i.inhrelid = x.oid) END
        """
      ),
      ("type", "CASE WHEN x.reloftype <> 0 THEN pg_catalog.format_type(x.reloftype, NULL) END"),
      ("storage parameters", "x.reloptions"),
      ("storage parameters of TOAST", "CASE WHEN x.reltoastrelid <> 0 THEN \(toast) END"),
      (
        "tablespace",
        """
        CASE WHEN x.reltablespace <> 0 THEN (
          SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = x.reltablespace) END
        """
      ),
      (
        "replica identity",
        """
        CASE WHEN x.relkind NOT IN ('r', 'p', 'm') THEN NULL WHEN x.relreplident = 'n' THEN 'NOTHING'
             WHEN x.relreplident = 'f' THEN 'FULL' WHEN x.relreplident = 'i' THEN (
          SELECT 'USING INDEX ' || pg_catalog.quote_ident(r.relname) FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid WHERE i.indrelid = x.oid AND i.indisreplident)
          ELSE NULL END
        """
      ),
      ("row security", "NULLIF(x.relrowsecurity, false)"),
      ("forced row security", "NULLIF(x.relforcerowsecurity, false)"),
      (
        "definition",
        """
        CASE WHEN x.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(x.oid) WHEN x.relkind = 'f' THEN (
          SELECT pg_catalog.quote_ident(s.srvname) || ' ' || coalesce(f.ftoptions::text, '')
            FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver
           WHERE f.ftrelid = x.oid) END
        """
      ),
      (
        "parameters",
        """
        CASE WHEN x.relkind = 'S' THEN (
          SELECT 'AS ' || pg_catalog.format_type(s.seqtypid, NULL) || ' INCREMENT BY ' || s.seqincrement::text
                 || ' MINVALUE ' || s.seqmin::text || ' MAXVALUE ' || s.seqmax::text || ' START WITH ' || s.seqstart::text
                 || ' CACHE ' || s.seqcache::text || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE ' NO CYCLE' END
            FROM pg_catalog.pg_sequence s WHERE s.seqrelid = x.oid) END
        """
      ),
      ("owned by", "CASE WHEN x.relkind = 'S' THEN \(ownedBy(column: true)) END"),
    ]
    if version.major >= 12 {
      aspects.append(
        (
          "access method",
          """
          CASE WHEN x.relkind IN ('r', 'm', 'p') AND x.relam NOT IN (0, 2) THEN (
            SELECT m.amname FROM pg_catalog.pg_am m WHERE m.oid = x.relam) END
          """
        ))
    }
    return Query(
      kind: """
        CASE x.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                       WHEN 'S' THEN CASE WHEN EXISTS (
                         SELECT FROM pg_catalog.pg_depend d
                          WHERE d.classid = \(Query.regclass("pg_class")) AND d.objid = x.oid AND d.deptype = 'i'
                            AND d.refclassid = \(Query.regclass("pg_class")))
                         THEN 'identity sequence' ELSE 'sequence' END
                       WHEN 'f' THEN 'foreign table' ELSE 'table' END
        """,
      catalog: "pg_class", identity: Query.qualified("n.nspname", "x.relname"),
      relation: "CASE WHEN x.relkind = 'S' THEN \(ownedBy(column: false)) END",
      aspects: aspects,
      raw: [
        "partition bound": "x.relpartbound",
        "definition": """
        CASE WHEN x.relkind IN ('v', 'm') THEN (
               SELECT string_agg(r.ev_action::text, '') FROM pg_catalog.pg_rewrite r
                WHERE r.ev_class = x.oid AND r.rulename = '_RETURN')
             WHEN x.relkind = 'f' THEN (
               SELECT f.ftserver::text || coalesce(f.ftoptions::text, '') FROM pg_catalog.pg_foreign_table f
                WHERE f.ftrelid = x.oid) END
        """,
      ],
      parts: columns(version), from: "pg_catalog.pg_class x JOIN \(Query.schema(of: "x.relnamespace"))",
      condition: "x.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND x.relpersistence <> 't' AND \(Query.schemas)")
  }

  private static func compositeTypes(_ version: ServerVersion) -> ObjectQuery {
    Query(
      kind: "'type'", catalog: "pg_type", oid: "t.oid", identity: Query.qualified("n.nspname", "t.typname"),
      aspects: [
        ("owner", Query.role("t.typowner")), ("privileges", Query.privileges("t.typacl", "T", owner: "t.typowner")),
      ],
      parts: columns(version),
      from: """
        pg_catalog.pg_class x JOIN pg_catalog.pg_type t ON t.oid = x.reltype
          JOIN \(Query.schema(of: "t.typnamespace"))
        """,
      condition: "x.relkind = 'c' AND \(Query.schemas)")
  }

  private static func ownedBy(column: Bool) -> String {
    """
    (SELECT d.refobjid::pg_catalog.regclass::text\(column ? " || '.' || pg_catalog.quote_ident(a.attname)" : "")
       FROM pg_catalog.pg_depend d
       JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = \(Query.regclass("pg_class")) AND d.objid = x.oid AND d.deptype IN ('a', 'i')
        AND d.refclassid = \(Query.regclass("pg_class")) LIMIT 1)
    """
  }

  /// Those of a view are its definition's, but for what is said of them besides.
  private static func columns(_ version: ServerVersion) -> Query.Parts {
    let isGenerated = version.major >= 12 ? "a.attgenerated <> ''" : "false"
    var aspects = [
      ("type", "CASE WHEN x.relkind NOT IN ('v', 'm') THEN pg_catalog.format_type(a.atttypid, a.atttypmod) END"),
      (
        "collation",
        """
        CASE WHEN x.relkind NOT IN ('v', 'm') AND a.attcollation <> t.typcollation THEN \(Query.name(in: "pg_collation", "coll", "a.attcollation")) END
        """
      ),
      ("NOT NULL", "NULLIF(a.attnotnull, false)"),
      (
        "default",
        "CASE WHEN a.atthasdef AND NOT \(isGenerated) THEN pg_catalog.pg_get_expr(e.adbin, e.adrelid) END"
      ),
      ("identity", "NULLIF(a.attidentity, '')"),
      ("storage", "CASE WHEN x.relkind IN ('r', 'p', 'm') AND a.attstorage <> t.typstorage THEN a.attstorage END"),
      ("statistics target", "NULLIF(a.attstattarget, -1)"),
      // What a server of 15.20 puts there by itself is nobody's (`VersionedColumns`).
      (
        "options",
        """
        CASE WHEN a.attoptions IS NULL
               OR pg_catalog.left(a.attoptions[1], 10) = 'pg_attver=' AND pg_catalog.array_upper(a.attoptions, 1) = 1
             THEN NULL ELSE (
          SELECT string_agg(o.option, ', ') FROM pg_catalog.unnest(a.attoptions) o (option)
           WHERE pg_catalog.left(o.option, 10) <> 'pg_attver=') END
        """
      ),
      ("foreign options", "a.attfdwoptions"),
      ("privileges", "NULLIF(\(Query.privileges("a.attacl", nil, owner: "x.relowner")), '[]')"),
      ("comment", "d.description"),
    ]
    if version.major >= 12 {
      aspects.append(
        ("generation expression", "CASE WHEN \(isGenerated) THEN pg_catalog.pg_get_expr(e.adbin, e.adrelid) END"))
      aspects.append(("generated", "NULLIF(a.attgenerated, '')"))
    }
    if version.major >= 14 { aspects.append(("compression", "NULLIF(a.attcompression, '')")) }
    return Query.Parts(
      condition: "x.relkind <> 'S'", name: "'column ' || pg_catalog.quote_ident(a.attname)", aspects: aspects,
      raw: [
        "type": "a.atttypid::text || ' ' || a.atttypmod::text", "collation": "a.attcollation", "default": "e.adbin",
        "generation expression": "NULL", "storage": "a.attstorage", "options": "a.attoptions",
        "privileges": "a.attacl",
      ],
      order: "a.attnum",
      from: """
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
        LEFT JOIN pg_catalog.pg_description d
          ON d.classoid = \(Query.regclass("pg_class")) AND d.objoid = a.attrelid AND d.objsubid = a.attnum
        WHERE a.attrelid = x.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND (x.relkind NOT IN ('v', 'm') OR a.atthasdef OR a.attacl IS NOT NULL OR d.description IS NOT NULL
               OR a.attstattarget >= 0)
        """)
  }

  // What belongs to a constraint is the constraint's. One that is not valid is not carried, and a build may go on.
  private static func indexes(_ version: ServerVersion) -> ObjectQuery {
    Query(
      kind: "'index'", catalog: "pg_class", identity: Query.qualified("n.nspname", "x.relname"), relation: table,
      owner: ("pg_class", "i.indrelid"),
      aspects: [
        ("definition", "pg_catalog.pg_get_indexdef(x.oid)"),
        (
          "tablespace",
          """
          CASE WHEN x.reltablespace <> 0 THEN (
            SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = x.reltablespace) END
          """
        ),
        ("clustering", "NULLIF(i.indisclustered, false)"),
        (
          "partition of",
          "(SELECT p.inhparent::pg_catalog.regclass FROM pg_catalog.pg_inherits p WHERE p.inhrelid = x.oid LIMIT 1)"
        ),
        (
          "statistics targets",
          """
          (SELECT string_agg(a.attnum::text || ' ' || a.attstattarget::text, ', ' ORDER BY a.attnum)
             FROM pg_catalog.pg_attribute a WHERE a.attrelid = x.oid AND a.attstattarget >= 0)
          """
        ),
      ],
      raw: [
        "definition": "(i.*)::text || x.relam::text || coalesce(x.reloptions::text, '')", "clustering": "NULL",
      ],
      from: """
        pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
          JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN \(Query.schema(of: "c.relnamespace"))
        """,
      condition: """
        c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND \(Query.schemas)
          AND (i.indisvalid OR x.relkind = 'I')
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                           WHERE k.conindid = x.oid AND k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x'))
        """)
  }

  private static func constraints(_ version: ServerVersion) -> ObjectQuery {
    // A foreign key to a partitioned table has one to each of its partitions beside it.
    let isPart =
      version.major >= 11
      ? """
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p
                       WHERE x.conparentid <> 0 AND p.oid = x.conparentid AND p.conrelid = x.conrelid)
      """ : ""
    return Query(
      kind: "'constraint'", catalog: "pg_constraint",
      identity: "pg_catalog.quote_ident(x.conname) || ' on ' || \(table)", relation: table,
      owner: ("pg_class", "c.oid"),
      aspects: [
        ("definition", "pg_catalog.pg_get_constraintdef(x.oid)"),
        (
          "index",
          """
          CASE WHEN x.contype IN ('p', 'u', 'x') THEN (
            SELECT NULLIF(coalesce(r.reloptions::text, '')
                          || coalesce(' TABLESPACE ' || (SELECT pg_catalog.quote_ident(s.spcname)
                                                           FROM pg_catalog.pg_tablespace s
                                                          WHERE s.oid = r.reltablespace), '')
                          || CASE WHEN i.indisclustered THEN ' clustered' ELSE '' END, '')
              FROM pg_catalog.pg_class r JOIN pg_catalog.pg_index i ON i.indexrelid = r.oid WHERE r.oid = x.conindid) END
          """
        ),
      ],
      raw: ["definition": "x.*"],
      from: """
        pg_catalog.pg_constraint x JOIN pg_catalog.pg_class c ON c.oid = x.conrelid
          JOIN \(Query.schema(of: "c.relnamespace"))
        """,
      condition: "x.contype IN ('c', 'f', 'p', 'u', 'x') AND c.relpersistence <> 't' AND \(Query.schemas) \(isPart)")
  }

  private static var domainConstraints: ObjectQuery {
    let domain = Query.qualified("n.nspname", "t.typname")
    return Query(
      kind: "'constraint'", catalog: "pg_constraint",
      identity: "pg_catalog.quote_ident(x.conname) || ' on domain ' || \(domain)", owner: ("pg_type", "t.oid"),
      aspects: [("definition", "pg_catalog.pg_get_constraintdef(x.oid)")],
      from: """
        pg_catalog.pg_constraint x JOIN pg_catalog.pg_type t ON t.oid = x.contypid
          JOIN \(Query.schema(of: "t.typnamespace"))
        """,
      condition: "x.contype = 'c' AND \(Query.schemas)")
  }

  private static let rules = Query(
    kind: "'rule'", catalog: "pg_rewrite", identity: "pg_catalog.quote_ident(x.rulename) || ' on ' || \(table)",
    relation: table, owner: ("pg_class", "c.oid"),
    aspects: [
      ("definition", "pg_catalog.pg_get_ruledef(x.oid)"), ("state", "NULLIF(x.ev_enabled, 'O')"),
    ], raw: ["definition": "x.*"],
    from: """
      pg_catalog.pg_rewrite x JOIN pg_catalog.pg_class c ON c.oid = x.ev_class JOIN \(Query.schema(of: "c.relnamespace"))
      """,
    condition: "x.rulename <> '_RETURN' AND c.relpersistence <> 't' AND \(Query.schemas)")

  // Those of partitions are their parent's.
  private static func triggers(_ version: ServerVersion) -> ObjectQuery {
    Query(
      kind: "'trigger'", catalog: "pg_trigger", identity: "pg_catalog.quote_ident(x.tgname) || ' on ' || \(table)",
      relation: table, owner: ("pg_class", "c.oid"),
      aspects: [
        ("definition", "pg_catalog.pg_get_triggerdef(x.oid)"), ("state", "NULLIF(x.tgenabled, 'O')"),
      ], raw: ["definition": "x.*"],
      from: """
        pg_catalog.pg_trigger x JOIN pg_catalog.pg_class c ON c.oid = x.tgrelid JOIN \(Query.schema(of: "c.relnamespace"))
        """,
      condition: """
        NOT x.tgisinternal \(version.major >= 13 ? "AND x.tgparentid = 0" : "") AND c.relpersistence <> 't'
          AND \(Query.schemas)
        """)
  }

  private static let policies = Query(
    kind: "'policy'", catalog: "pg_policy", identity: "pg_catalog.quote_ident(x.polname) || ' on ' || \(table)",
    relation: table, owner: ("pg_class", "c.oid"),
    aspects: [
      ("command", "x.polcmd"), ("permissive", "NULLIF(x.polpermissive, true)"),
      (
        "roles",
        """
        (SELECT string_agg(CASE r.oid WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(\(Query.role("r.oid"))) END, ', '
                           ORDER BY \(Query.role("r.oid"))::text COLLATE "C")
           FROM pg_catalog.unnest(x.polroles) r (oid))
        """
      ),
      ("USING", "pg_catalog.pg_get_expr(x.polqual, x.polrelid)"),
      ("WITH CHECK", "pg_catalog.pg_get_expr(x.polwithcheck, x.polrelid)"),
    ],
    raw: ["USING": "x.*", "WITH CHECK": "NULL", "roles": "NULL"],
    from: """
      pg_catalog.pg_policy x JOIN pg_catalog.pg_class c ON c.oid = x.polrelid JOIN \(Query.schema(of: "c.relnamespace"))
      """,
    condition: Query.schemas)

  private static func statistics(_ version: ServerVersion) -> ObjectQuery {
    var aspects = [
      ("definition", "pg_catalog.pg_get_statisticsobjdef(x.oid)"), ("owner", Query.role("x.stxowner")),
    ]
    if version.major >= 13 { aspects.append(("statistics target", "NULLIF(x.stxstattarget, -1)")) }
    return Query(
      kind: "'statistics'", catalog: "pg_statistic_ext", identity: Query.qualified("n.nspname", "x.stxname"),
      relation: Query.name(in: "pg_class", "rel", "x.stxrelid"), aspects: aspects, raw: ["definition": "x.*"],
      from: "pg_catalog.pg_statistic_ext x JOIN \(Query.schema(of: "x.stxnamespace"))", condition: Query.schemas)
  }
}
