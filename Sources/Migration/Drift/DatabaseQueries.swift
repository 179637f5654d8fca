import Catalog

/// What is in no schema, and text search.
enum DatabaseQueries {
  static func all(_ version: ServerVersion) -> [ObjectQuery] {
    [
      database, schemas, extensions, languages, accessMethods, eventTriggers, defaultPrivileges, wrappers, servers,
      userMappings, publications(version), subscriptions(version),
    ] + textSearch + grants
  }

  private typealias Query = ObjectQuery

  /// Settings are parts of it. Those that block writes are the cutover's.
  private static let database = Query(
    kind: "'database'", catalog: "pg_database", identity: "pg_catalog.quote_ident(x.datname)",
    aspects: [
      ("owner", Query.role("x.datdba")), ("privileges", Query.privileges("x.datacl", "d", owner: "x.datdba")),
      ("connection limit", "NULLIF(x.datconnlimit, -1)"),
    ],
    parts: Query.Parts(
      condition: "true",
      name: """
        'setting ' || pg_catalog.quote_ident(pg_catalog.split_part(v.setting, '=', 1))
          || CASE s.setrole WHEN 0 THEN '' ELSE ' of role ' || pg_catalog.quote_ident(\(Query.role("s.setrole"))) END
        """,
      aspects: [("value", "pg_catalog.substr(v.setting, pg_catalog.strpos(v.setting, '=') + 1)")],
      order: "\(Query.role("s.setrole"))::text COLLATE \"C\", v.setting COLLATE \"C\"",
      // Who stops writes without --block-writes sets this one, and does not mean it for the target. Those of
      // `WorkerSettings` are this program's.
      from: """
        FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) v (setting)
        WHERE s.setdatabase = x.oid AND v.setting !~ '^default_transaction_read_only='
          AND NOT (s.setrole <> 0 AND v.setting ~ '^(array_nulls|xmloption|lc_monetary)=')
        """),
    isShared: true, from: "pg_catalog.pg_database x", condition: "x.datname = pg_catalog.current_database()")

  private static let schemas = Query(
    kind: "'schema'", catalog: "pg_namespace", identity: "pg_catalog.quote_ident(x.nspname)",
    aspects: [
      ("owner", Query.role("x.nspowner")), ("privileges", Query.privileges("x.nspacl", "n", owner: "x.nspowner")),
    ],
    from: "pg_catalog.pg_namespace x",
    condition: "x.nspname !~ '^(pg_|pgpreflight_)' AND x.nspname <> 'information_schema'")

  private static let extensions = Query(
    kind: "'extension'", catalog: "pg_extension", identity: "pg_catalog.quote_ident(x.extname)",
    aspects: [
      ("version", "x.extversion"),
      (
        "schema",
        "(SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_namespace n WHERE n.oid = x.extnamespace)"
      ),
    ],
    from: "pg_catalog.pg_extension x", condition: "x.oid >= 16384")

  private static let languages = Query(
    kind: "'language'", catalog: "pg_language", identity: "pg_catalog.quote_ident(x.lanname)",
    aspects: [
      ("owner", Query.role("x.lanowner")), ("privileges", Query.privileges("x.lanacl", "l", owner: "x.lanowner")),
      (
        "definition",
        """
        pg_catalog.concat_ws(' ', x.lanpltrusted::text, x.lanplcallfoid::pg_catalog.regprocedure::text,
          x.laninline::pg_catalog.regprocedure::text, x.lanvalidator::pg_catalog.regprocedure::text)
        """
      ),
    ],
    from: "pg_catalog.pg_language x", condition: "x.oid >= 16384")

  private static let accessMethods = Query(
    kind: "'access method'", catalog: "pg_am", identity: "pg_catalog.quote_ident(x.amname)",
    aspects: [("definition", "x.amtype::text || ' ' || x.amhandler::text")],
    from: "pg_catalog.pg_am x", condition: "x.oid >= 16384")

  private static let eventTriggers = Query(
    kind: "'event trigger'", catalog: "pg_event_trigger", identity: "pg_catalog.quote_ident(x.evtname)",
    aspects: [
      ("owner", Query.role("x.evtowner")), ("state", "NULLIF(x.evtenabled, 'O')"),
      (
        "definition",
        "pg_catalog.concat_ws(' ', x.evtevent::text, x.evttags::text, x.evtfoid::pg_catalog.regprocedure::text)"
      ),
    ],
    from: "pg_catalog.pg_event_trigger x", condition: "true")

  private static let defaultPrivileges = Query(
    kind: "'default privileges'", catalog: "pg_default_acl",
    identity: """
      'FOR ROLE ' || pg_catalog.quote_ident(\(Query.role("x.defaclrole")))
        || coalesce(' IN SCHEMA ' || (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_namespace n
                                       WHERE n.oid = x.defaclnamespace), '')
        || CASE x.defaclobjtype WHEN 'r' THEN ' ON TABLES' WHEN 'S' THEN ' ON SEQUENCES' WHEN 'f' THEN ' ON FUNCTIONS'
                                WHEN 'T' THEN ' ON TYPES' WHEN 'n' THEN ' ON SCHEMAS' ELSE ' ON LARGE OBJECTS' END
      """,
    aspects: [("privileges", Query.privileges("x.defaclacl", nil, owner: "x.defaclrole"))],
    from: "pg_catalog.pg_default_acl x", condition: "true")

  private static let wrappers = Query(
    kind: "'foreign-data wrapper'", catalog: "pg_foreign_data_wrapper", identity: "pg_catalog.quote_ident(x.fdwname)",
    aspects: [
      ("owner", Query.role("x.fdwowner")), ("privileges", Query.privileges("x.fdwacl", "F", owner: "x.fdwowner")),
      (
        "definition",
        """
        pg_catalog.concat_ws(' ', x.fdwhandler::pg_catalog.regprocedure::text,
          x.fdwvalidator::pg_catalog.regprocedure::text, x.fdwoptions::text)
        """
      ),
    ],
    from: "pg_catalog.pg_foreign_data_wrapper x", condition: "true")

  private static let servers = Query(
    kind: "'server'", catalog: "pg_foreign_server", identity: "pg_catalog.quote_ident(x.srvname)",
    aspects: [
      ("owner", Query.role("x.srvowner")), ("privileges", Query.privileges("x.srvacl", "S", owner: "x.srvowner")),
      (
        "definition",
        """
        pg_catalog.concat_ws(' ', (SELECT pg_catalog.quote_ident(w.fdwname) FROM pg_catalog.pg_foreign_data_wrapper w
                                    WHERE w.oid = x.srvfdw), x.srvtype, x.srvversion, x.srvoptions::text)
        """
      ),
    ],
    from: "pg_catalog.pg_foreign_server x", condition: "true")

  /// What they hold are passwords: no more is read than which options there are, where the role may see them.
  private static let userMappings = Query(
    kind: "'user mapping'", catalog: "pg_user_mapping", oid: "x.umid",
    identity: """
      'FOR ' || CASE x.umuser WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(x.usename) END || ' SERVER '
        || pg_catalog.quote_ident(x.srvname)
      """,
    owner: ("pg_foreign_server", "x.srvid"),
    aspects: [
      (
        "options",
        """
        (SELECT string_agg(pg_catalog.split_part(o.option, '=', 1), ', ' ORDER BY o.option COLLATE "C")
           FROM pg_catalog.unnest(x.umoptions) o (option))
        """
      )
    ],
    from: "pg_catalog.pg_user_mappings x", condition: "true")

  private static func publications(_ version: ServerVersion) -> ObjectQuery {
    var columns = ["x.puballtables", "x.pubinsert", "x.pubupdate", "x.pubdelete"]
    if version.major >= 11 { columns.append("x.pubtruncate") }
    if version.major >= 13 { columns.append("x.pubviaroot") }
    let filter =
      version.major >= 15
      ? " || coalesce(' (' || r.prattrs::text || ')', '') || coalesce(' WHERE ' || pg_catalog.pg_get_expr(r.prqual, r.prrelid), '')"
      : ""
    var aspects = [
      ("owner", Query.role("x.pubowner")),
      ("definition", "pg_catalog.concat_ws(' ', \(columns.map { "\($0)::text" }.joined(separator: ", ")))"),
      (
        "tables",
        """
        (SELECT string_agg(r.prrelid::pg_catalog.regclass::text\(filter), ', '
                           ORDER BY r.prrelid::pg_catalog.regclass::text COLLATE "C")
           FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = x.oid)
        """
      ),
    ]
    if version.major >= 15 {
      aspects.append(
        (
          "schemas",
          """
          (SELECT string_agg(pg_catalog.quote_ident(n.nspname), ', ' ORDER BY n.nspname)
             FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid
            WHERE s.pnpubid = x.oid)
          """
        ))
    }
    return Query(
      kind: "'publication'", catalog: "pg_publication", identity: "pg_catalog.quote_ident(x.pubname)", aspects: aspects,
      from: "pg_catalog.pg_publication x", condition: "x.pubname !~ '\(ReplicationName.pattern)'")
  }

  // How it connects holds a password, and only a superuser may read it.
  private static func subscriptions(_ version: ServerVersion) -> ObjectQuery {
    Query(
      kind: "'subscription'", catalog: "pg_subscription",
      // Before 14 only a superuser may read it.
      oid: version.major >= 14 ? "x.oid" : "0", identity: "pg_catalog.quote_ident(x.subname)",
      aspects: [
        ("owner", Query.role("x.subowner")), ("state", "NULLIF(x.subenabled, true)"),
        ("definition", "pg_catalog.concat_ws(' ', x.subslotname::text, x.subpublications::text)"),
      ],
      isShared: version.major >= 14,
      from: "pg_catalog.pg_subscription x JOIN pg_catalog.pg_database b ON b.oid = x.subdbid",
      condition: "b.datname = pg_catalog.current_database() AND x.subname !~ '\(ReplicationName.pattern)'")
  }

  private static var textSearch: [ObjectQuery] {
    func query(
      _ kind: String, _ catalog: String, _ prefix: String, owner: String?, _ definition: String
    ) -> ObjectQuery {
      Query(
        kind: "'\(kind)'", catalog: catalog, identity: Query.qualified("n.nspname", "x.\(prefix)name"),
        aspects: (owner.map { [("owner", Query.role($0))] } ?? []) + [("definition", definition)],
        from: "pg_catalog.\(catalog) x JOIN \(Query.schema(of: "x.\(prefix)namespace"))", condition: Query.schemas)
    }
    return [
      query(
        "text search configuration", "pg_ts_config", "cfg", owner: "x.cfgowner",
        """
        pg_catalog.concat_ws(' ', \(Query.name(in: "pg_ts_parser", "prs", "x.cfgparser")),
          (SELECT string_agg(m.maptokentype::text || ' ' || m.mapseqno::text || ' '
                             || \(Query.name(in: "pg_ts_dict", "dict", "m.mapdict")), ', '
                             ORDER BY m.maptokentype, m.mapseqno)
             FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = x.oid))
        """),
      query(
        "text search dictionary", "pg_ts_dict", "dict", owner: "x.dictowner",
        """
        pg_catalog.concat_ws(' ', \(Query.name(in: "pg_ts_template", "tmpl", "x.dicttemplate")), x.dictinitoption)
        """),
      query(
        "text search parser", "pg_ts_parser", "prs", owner: nil,
        """
        pg_catalog.concat_ws(' ', x.prsstart::text, x.prstoken::text, x.prsend::text, x.prsheadline::text,
          x.prslextype::text)
        """),
      query(
        "text search template", "pg_ts_template", "tmpl", owner: nil,
        "pg_catalog.concat_ws(' ', x.tmplinit::text, x.tmpllexize::text)"),
    ]
  }

  /// What was granted on objects that are the server's own or an extension's, where that is not as they were made.
  private static var grants: [ObjectQuery] {
    func query(
      _ kind: String, _ catalog: String, _ identity: String, acl: String, type: String, owner: String, from: String
    ) -> ObjectQuery {
      // Not the object itself, so that it is no member.
      Query(
        kind: kind, catalog: catalog, identity: identity, owner: (catalog, "0"),
        aspects: [("privileges", Query.privileges(acl, type, owner: owner))], from: from,
        condition: """
          \(acl) IS NOT NULL AND EXISTS (
            SELECT FROM pg_catalog.pg_init_privs i WHERE i.objoid = x.oid AND i.classoid = \(Query.regclass(catalog))
               AND i.objsubid = 0 AND i.initprivs::text <> \(acl)::text)
          """)
    }
    return [
      query(
        "'privileges on relation'", "pg_class", Query.qualified("n.nspname", "x.relname"), acl: "x.relacl", type: "r",
        owner: "x.relowner", from: "pg_catalog.pg_class x JOIN \(Query.schema(of: "x.relnamespace"))"),
      query(
        "'privileges on function'", "pg_proc",
        Query.qualified("n.nspname", "x.proname") + " || '(' || pg_catalog.oidvectortypes(x.proargtypes) || ')'",
        acl: "x.proacl", type: "f", owner: "x.proowner",
        from: "pg_catalog.pg_proc x JOIN \(Query.schema(of: "x.pronamespace"))"),
    ]
  }
}
