/// Something that only a superuser creates. Not counting members of extensions.
public struct SuperuserObject: CatalogRow {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case function, leakproof, type, cast, operatorClass, template, parser, eventTrigger, publication, wrapper,
      accessMethod, grant
  }

  public var kind: Kind
  /// As SQL names it, with its schema.
  public var object: String
  /// How many of the kind there are in all; rows are given for some of them only.
  public var nTotal: Int

  public static let subject = "what only a superuser creates"

  // Everything is a superuser's by the pages of the CREATE commands; a privilege that another than the owner has granted
  // is restored as that one, by SET SESSION AUTHORIZATION. Publications are new in 10.
  public static func sql(_ server: ServerVersion) -> String {
    func own(_ catalog: String, _ alias: String) -> String {
      """
      \(alias).oid >= 16384::oid AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
          WHERE e.classid = 'pg_catalog.\(catalog)'::pg_catalog.regclass AND e.objid = \(alias).oid
            AND e.deptype = 'e'::"char")
      """
    }
    let publications =
      server.major >= 10
      ? "UNION ALL SELECT 'publication', pg_catalog.quote_ident(p.pubname) FROM pg_catalog.pg_publication p WHERE p.puballtables"
        + (server.major >= 15
          ? " OR EXISTS (SELECT 1 FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid)" : "")
      : ""
    return """
      SELECT y.kind, y.object, y.n_total FROM (
        SELECT x.kind, x.object, count(*) OVER (PARTITION BY x.kind) AS n_total,
               row_number() OVER (PARTITION BY x.kind ORDER BY x.object COLLATE "C") AS n FROM (
          SELECT CASE WHEN l.lanname IN ('c'::name, 'internal'::name) OR NOT l.lanpltrusted THEN 'function'
                      ELSE 'leakproof' END AS kind, p.oid::pg_catalog.regprocedure::text AS object
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
           WHERE (l.lanname IN ('c'::name, 'internal'::name) OR NOT l.lanpltrusted OR p.proleakproof)
             AND p.oid NOT IN (SELECT a.aggfnoid FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid >= 16384::oid)
             AND p.prorettype <> 'pg_catalog.language_handler'::pg_catalog.regtype
             AND p.oid NOT IN (SELECT unnest(ARRAY[h.laninline, h.lanvalidator]) FROM pg_catalog.pg_language h)
             AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend i WHERE i.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                                AND i.objid = p.oid AND i.deptype = 'i'::"char")
             AND \(own("pg_proc", "p"))
          UNION ALL
          SELECT 'type', t.oid::pg_catalog.regtype::text FROM pg_catalog.pg_type t
           WHERE t.typtype = 'b'::"char" AND t.typisdefined
             AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type a WHERE a.typarray = t.oid) AND \(own("pg_type", "t"))
          UNION ALL
          SELECT 'cast', pg_catalog.format('(%s AS %s)', c.castsource::pg_catalog.regtype, c.casttarget::pg_catalog.regtype)
            FROM pg_catalog.pg_cast c WHERE c.castmethod = 'b'::"char" AND \(own("pg_cast", "c"))
          UNION ALL
          SELECT 'operatorClass', pg_catalog.format('%I.%I', n.nspname, o.opcname)
            FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
           WHERE \(own("pg_opclass", "o"))
          UNION ALL
          SELECT 'template', pg_catalog.format('%I.%I', n.nspname, t.tmplname)
            FROM pg_catalog.pg_ts_template t JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
           WHERE \(own("pg_ts_template", "t"))
          UNION ALL
          SELECT 'parser', pg_catalog.format('%I.%I', n.nspname, t.prsname)
            FROM pg_catalog.pg_ts_parser t JOIN pg_catalog.pg_namespace n ON n.oid = t.prsnamespace
           WHERE \(own("pg_ts_parser", "t"))
          UNION ALL
          SELECT 'eventTrigger', pg_catalog.quote_ident(t.evtname) FROM pg_catalog.pg_event_trigger t
           WHERE \(own("pg_event_trigger", "t"))
          UNION ALL
          SELECT 'wrapper', pg_catalog.quote_ident(w.fdwname) FROM pg_catalog.pg_foreign_data_wrapper w
           WHERE \(own("pg_foreign_data_wrapper", "w"))
          UNION ALL
          SELECT DISTINCT 'grant', i.type || ' ' || i.identity
            FROM (\(grants)) g (classid, objid, objsubid, owner, acl), LATERAL pg_catalog.aclexplode(g.acl) a,
                 LATERAL pg_catalog.pg_identify_object(g.classid, g.objid, g.objsubid) i
           WHERE g.acl IS NOT NULL AND a.grantor <> g.owner
          UNION ALL
          SELECT 'accessMethod', pg_catalog.quote_ident(a.amname) FROM pg_catalog.pg_am a WHERE \(own("pg_am", "a"))
          \(publications)
        ) x) y WHERE y.n <= 10 ORDER BY y.kind COLLATE "C", y.object COLLATE "C"
      """
  }

  /// All that a dump grants something on, whoever made it.
  private static let grants =
    [
      ("pg_class", "relowner", "relacl"), ("pg_proc", "proowner", "proacl"), ("pg_namespace", "nspowner", "nspacl"),
      ("pg_type", "typowner", "typacl"), ("pg_language", "lanowner", "lanacl"),
      ("pg_foreign_data_wrapper", "fdwowner", "fdwacl"), ("pg_foreign_server", "srvowner", "srvacl"),
      ("pg_largeobject_metadata", "lomowner", "lomacl"),
    ].map { catalog, owner, acl in
      """
      SELECT '\(catalog == "pg_largeobject_metadata" ? "pg_largeobject" : catalog)'::pg_catalog.regclass, x.oid, 0, x.\(owner), x.\(acl)
        FROM pg_catalog.\(catalog) x
      """
    }.joined(separator: " UNION ALL ") + """
       UNION ALL SELECT 'pg_class'::pg_catalog.regclass, c.oid, x.attnum, c.relowner, x.attacl
        FROM pg_catalog.pg_attribute x JOIN pg_catalog.pg_class c ON c.oid = x.attrelid WHERE x.attacl IS NOT NULL
      """
}
