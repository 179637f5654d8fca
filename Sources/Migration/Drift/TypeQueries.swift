import Catalog

/// Types, functions, operators, and what is made of them.
enum TypeQueries {
  static func all(_ version: ServerVersion) -> [ObjectQuery] {
    [types(version), functions(version), aggregates(version), operators, operatorClasses, operatorFamilies, casts]
      + [collations(version), conversions, transforms]
  }

  private typealias Query = ObjectQuery

  /// The name of a function with the types of its arguments; NULL for none.
  private static func function(_ oid: String) -> String { "NULLIF(\(oid)::oid::pg_catalog.regprocedure::text, '-')" }
  private static func type(_ oid: String) -> String {
    "CASE WHEN \(oid) <> 0 THEN pg_catalog.format_type(\(oid), NULL) END"
  }

  private static func types(_ version: ServerVersion) -> ObjectQuery {
    let domain = """
      CASE WHEN x.typtype = 'd' THEN pg_catalog.format_type(x.typbasetype, x.typtypmod)
                || CASE WHEN x.typcollation <> (SELECT b.typcollation FROM pg_catalog.pg_type b WHERE b.oid = x.typbasetype)
                        THEN ' COLLATE ' || \(Query.name(in: "pg_collation", "coll", "x.typcollation")) ELSE '' END END
      """
    let range = """
      CASE WHEN x.typtype = 'r' THEN (
        SELECT pg_catalog.concat_ws(' ', pg_catalog.format_type(r.rngsubtype, NULL),
                 \(Query.name(in: "pg_opclass", "opc", "r.rngsubopc")),
                 \(Query.name(in: "pg_collation", "coll", "r.rngcollation")), r.rngcanonical::text, r.rngsubdiff::text
                 \(version.major >= 14 ? ", pg_catalog.format_type(r.rngmultitypid, NULL)" : ""))
          FROM pg_catalog.pg_range r WHERE r.rngtypid = x.oid) END
      """
    let base = """
      CASE WHEN x.typtype = 'b' THEN pg_catalog.concat_ws(' ', x.typinput::text, x.typoutput::text, x.typreceive::text,
             x.typsend::text, x.typmodin::text, x.typmodout::text, x.typanalyze::text, x.typlen::text,
             x.typbyval::text, x.typalign::text, x.typstorage::text, x.typcategory::text, x.typispreferred::text,
             x.typdelim::text, x.typdefault, x.typcollation::text) END
      """
    return Query(
      kind: "CASE x.typtype WHEN 'd' THEN 'domain' ELSE 'type' END", catalog: "pg_type",
      identity: Query.qualified("n.nspname", "x.typname"),
      aspects: [
        ("owner", Query.role("x.typowner")), ("privileges", Query.privileges("x.typacl", "T", owner: "x.typowner")),
        (
          "labels",
          """
          CASE WHEN x.typtype = 'e' THEN (
            SELECT coalesce(pg_catalog.json_agg(l.enumlabel::text ORDER BY l.enumsortorder)::text, '[]')
              FROM pg_catalog.pg_enum l WHERE l.enumtypid = x.oid) END
          """
        ),
        ("definition", "coalesce(\(domain), \(range), \(base))"),
        (
          "default",
          "CASE WHEN x.typtype = 'd' THEN coalesce(pg_catalog.pg_get_expr(x.typdefaultbin, 0), x.typdefault) END"
        ),
        ("NOT NULL", "CASE WHEN x.typtype = 'd' THEN NULLIF(x.typnotnull, false) END"),
      ],
      from: "pg_catalog.pg_type x JOIN \(Query.schema(of: "x.typnamespace"))",
      // Every table has a type, and every type one of arrays.
      condition: """
        x.typtype IN ('b', 'd', 'e', 'r') AND \(Query.schemas)
          AND NOT (x.typtype = 'b' AND EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = x.oid))
        """)
  }

  private static let signature =
    Query.qualified("n.nspname", "x.proname") + " || '(' || pg_catalog.oidvectortypes(x.proargtypes) || ')'"

  private static func functions(_ version: ServerVersion) -> ObjectQuery {
    let isAggregate = version.major >= 11 ? "x.prokind = 'a'" : "x.proisagg"
    return Query(
      kind: version.major >= 11 ? "CASE x.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END" : "'function'",
      catalog: "pg_proc", identity: signature,
      aspects: [
        ("owner", Query.role("x.proowner")), ("privileges", Query.privileges("x.proacl", "f", owner: "x.proowner")),
        ("definition", "pg_catalog.pg_get_functiondef(x.oid)"),
      ],
      raw: ["definition": "x.*"],
      from: "pg_catalog.pg_proc x JOIN \(Query.schema(of: "x.pronamespace"))",
      // A range type comes with functions that make its values.
      condition: """
        NOT \(isAggregate) AND \(Query.schemas)
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                           WHERE d.classid = \(Query.regclass("pg_proc")) AND d.objid = x.oid AND d.deptype = 'i')
        """)
  }

  private static func aggregates(_ version: ServerVersion) -> ObjectQuery {
    let isAggregate = version.major >= 11 ? "x.prokind = 'a'" : "x.proisagg"
    let modify = version.major >= 11 ? ", a.aggfinalmodify::text, a.aggmfinalmodify::text" : ""
    return Query(
      kind: "'aggregate'", catalog: "pg_proc", identity: signature,
      aspects: [
        ("owner", Query.role("x.proowner")), ("privileges", Query.privileges("x.proacl", "f", owner: "x.proowner")),
        (
          "definition",
          """
          pg_catalog.concat_ws(' ', pg_catalog.pg_get_function_arguments(x.oid), pg_catalog.pg_get_function_result(x.oid),
            a.aggkind::text, a.aggnumdirectargs::text, a.aggtransfn::text, a.aggfinalfn::text, a.aggcombinefn::text,
            a.aggserialfn::text, a.aggdeserialfn::text, a.aggmtransfn::text, a.aggminvtransfn::text, a.aggmfinalfn::text,
            a.aggfinalextra::text, a.aggmfinalextra::text, a.aggsortop::pg_catalog.regoperator::text,
            pg_catalog.format_type(a.aggtranstype, NULL), a.aggtransspace::text,
            pg_catalog.format_type(NULLIF(a.aggmtranstype, 0), NULL), a.aggmtransspace::text,
            pg_catalog.quote_nullable(a.agginitval), pg_catalog.quote_nullable(a.aggminitval), x.proparallel::text\(modify))
          """
        ),
      ],
      from: """
        pg_catalog.pg_proc x JOIN \(Query.schema(of: "x.pronamespace"))
          JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = x.oid
        """,
      condition: "\(isAggregate) AND \(Query.schemas)")
  }

  private static let operators = Query(
    kind: "'operator'", catalog: "pg_operator",
    identity: """
      pg_catalog.quote_ident(n.nspname) || '.' || x.oprname || '('
        || coalesce(\(type("x.oprleft")), 'NONE') || ', ' || coalesce(\(type("x.oprright")), 'NONE') || ')'
      """,
    aspects: [
      ("owner", Query.role("x.oprowner")),
      (
        "definition",
        """
        pg_catalog.concat_ws(' ', x.oprcode::text, \(type("x.oprresult")), x.oprcom::pg_catalog.regoperator::text,
          x.oprnegate::pg_catalog.regoperator::text, x.oprrest::text, x.oprjoin::text, x.oprcanhash::text,
          x.oprcanmerge::text)
        """
      ),
    ],
    from: "pg_catalog.pg_operator x JOIN \(Query.schema(of: "x.oprnamespace"))",
    condition: "x.oprcode <> 0 AND \(Query.schemas)")

  private static let operatorClasses = Query(
    kind: "'operator class'", catalog: "pg_opclass",
    identity: "\(Query.qualified("n.nspname", "x.opcname")) || ' USING ' || pg_catalog.quote_ident(m.amname)",
    aspects: [
      ("owner", Query.role("x.opcowner")),
      (
        "definition",
        """
        pg_catalog.concat_ws(' ', \(type("x.opcintype")), x.opcdefault::text, \(type("x.opckeytype")),
          \(Query.name(in: "pg_opfamily", "opf", "x.opcfamily")))
        """
      ),
    ],
    from: """
      pg_catalog.pg_opclass x JOIN \(Query.schema(of: "x.opcnamespace"))
        JOIN pg_catalog.pg_am m ON m.oid = x.opcmethod
      """,
    condition: Query.schemas)

  private static let operatorFamilies = Query(
    kind: "'operator family'", catalog: "pg_opfamily",
    identity: "\(Query.qualified("n.nspname", "x.opfname")) || ' USING ' || pg_catalog.quote_ident(m.amname)",
    aspects: [
      ("owner", Query.role("x.opfowner")),
      (
        "definition",
        """
        pg_catalog.concat_ws(' ',
          (SELECT string_agg(o.amopstrategy::text || ' ' || o.amopopr::pg_catalog.regoperator::text || ' '
                             || o.amoppurpose::text, ', '
                             ORDER BY o.amopstrategy, o.amopopr::pg_catalog.regoperator::text COLLATE "C")
             FROM pg_catalog.pg_amop o WHERE o.amopfamily = x.oid),
          (SELECT string_agg(p.amprocnum::text || ' ' || p.amproc::text || ' '
                             || pg_catalog.format_type(p.amproclefttype, NULL) || ' '
                             || pg_catalog.format_type(p.amprocrighttype, NULL), ', '
                             ORDER BY p.amprocnum, pg_catalog.format_type(p.amproclefttype, NULL) COLLATE "C",
                                      pg_catalog.format_type(p.amprocrighttype, NULL) COLLATE "C")
             FROM pg_catalog.pg_amproc p WHERE p.amprocfamily = x.oid))
        """
      ),
    ],
    from: """
      pg_catalog.pg_opfamily x JOIN \(Query.schema(of: "x.opfnamespace"))
        JOIN pg_catalog.pg_am m ON m.oid = x.opfmethod
      """,
    condition: Query.schemas)

  private static let casts = Query(
    kind: "'cast'", catalog: "pg_cast",
    identity: """
      '(' || pg_catalog.format_type(x.castsource, NULL) || ' AS ' || pg_catalog.format_type(x.casttarget, NULL) || ')'
      """,
    aspects: [
      ("definition", "pg_catalog.concat_ws(' ', x.castmethod::text, x.castcontext::text, \(function("x.castfunc")))")
    ],
    // A range type comes with casts to its multirange.
    from: "pg_catalog.pg_cast x",
    condition: """
      x.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = \(Query.regclass("pg_cast")) AND d.objid = x.oid AND d.deptype = 'i')
      """)

  private static func collations(_ version: ServerVersion) -> ObjectQuery {
    var columns = ["x.collencoding::text", "x.collcollate", "x.collctype", "x.collprovider::text"]
    if version.major >= 12 { columns.append("x.collisdeterministic::text") }
    if version.major >= 17 {
      columns.append("x.colllocale")
    } else if version.major >= 15 {
      columns.append("x.colliculocale")
    }
    if version.major >= 16 { columns.append("x.collicurules") }
    return Query(
      kind: "'collation'", catalog: "pg_collation", identity: Query.qualified("n.nspname", "x.collname"),
      aspects: [
        ("owner", Query.role("x.collowner")),
        ("definition", "pg_catalog.concat_ws(' ', \(columns.joined(separator: ", ")))"),
      ],
      from: "pg_catalog.pg_collation x JOIN \(Query.schema(of: "x.collnamespace"))", condition: Query.schemas)
  }

  private static let conversions = Query(
    kind: "'conversion'", catalog: "pg_conversion", identity: Query.qualified("n.nspname", "x.conname"),
    aspects: [
      ("owner", Query.role("x.conowner")),
      (
        "definition",
        """
        pg_catalog.concat_ws(' ', pg_catalog.pg_encoding_to_char(x.conforencoding),
          pg_catalog.pg_encoding_to_char(x.contoencoding), x.conproc::text, x.condefault::text)
        """
      ),
    ],
    from: "pg_catalog.pg_conversion x JOIN \(Query.schema(of: "x.connamespace"))", condition: Query.schemas)

  private static let transforms = Query(
    kind: "'transform'", catalog: "pg_transform",
    identity: """
      'FOR ' || pg_catalog.format_type(x.trftype, NULL) || ' LANGUAGE '
        || (SELECT pg_catalog.quote_ident(l.lanname) FROM pg_catalog.pg_language l WHERE l.oid = x.trflang)
      """,
    aspects: [
      ("definition", "pg_catalog.concat_ws(' ', \(function("x.trffromsql")), \(function("x.trftosql")))")
    ],
    from: "pg_catalog.pg_transform x", condition: "x.oid >= 16384")
}
