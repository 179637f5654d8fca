/// What a database needs the superuser for that initdb made: `pg_shdepend` lists nothing of it, as it can't be dropped.
public struct BootstrapReference: CatalogRow {
  public var rolname: String
  /// As those of `RoleReference`: `o`, `d`, `a`, `r`. Empty where it is not needed.
  public var kinds: [String]
  /// The first objects that it owns, as SQL names them.
  public var objects: [String]

  public static let subject = "what the superuser that initdb made owns and is granted"

  // The role is 10 in every cluster. What initdb made is no part of a dump, but for a changed privilege. Members of
  // extensions come with them, whoever owns them.
  // Source: PostgreSQL documentation, `pg_shdepend`, "Pinned Dependencies"; pg_authid.dat.
  public static func sql(_ server: ServerVersion) -> String {
    func own(_ catalog: String, _ owner: String, _ name: String, where condition: String = "true") -> String {
      """
      (SELECT \(name) FROM pg_catalog.\(catalog) x
        WHERE x.\(owner) = 10::oid AND x.oid >= 16384::oid AND (\(condition)) AND NOT EXISTS (
              SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.\(catalog)'::pg_catalog.regclass
                 AND e.objid = x.oid AND e.deptype IN ('e'::"char", 'i'::"char")) LIMIT 3)
      """
    }
    var owned = [
      own("pg_class", "relowner", "x.oid::regclass::text", where: "x.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"),
      own("pg_proc", "proowner", "x.oid::regprocedure::text"),
      own("pg_namespace", "nspowner", "'schema ' || pg_catalog.quote_ident(x.nspname)", where: "x.nspname !~ '^pg_'"),
      own(
        "pg_type", "typowner", "x.oid::regtype::text",
        where: "x.typtype <> 'm' AND x.typrelid = 0 OR x.typrelid <> 0 "
          + "AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = x.typrelid) = 'c'"),
      own("pg_operator", "oprowner", "x.oid::regoperator::text"),
      own("pg_opclass", "opcowner", "'operator class ' || pg_catalog.quote_ident(x.opcname)"),
      own("pg_opfamily", "opfowner", "'operator family ' || pg_catalog.quote_ident(x.opfname)"),
      own("pg_collation", "collowner", "'collation ' || pg_catalog.quote_ident(x.collname)"),
      own("pg_conversion", "conowner", "'conversion ' || pg_catalog.quote_ident(x.conname)"),
      own("pg_ts_dict", "dictowner", "'text search dictionary ' || x.oid::regdictionary::text"),
      own("pg_ts_config", "cfgowner", "'text search configuration ' || x.oid::regconfig::text"),
      own("pg_language", "lanowner", "'language ' || pg_catalog.quote_ident(x.lanname)"),
      own("pg_foreign_data_wrapper", "fdwowner", "'foreign-data wrapper ' || pg_catalog.quote_ident(x.fdwname)"),
      own("pg_foreign_server", "srvowner", "'server ' || pg_catalog.quote_ident(x.srvname)"),
      own("pg_event_trigger", "evtowner", "'event trigger ' || pg_catalog.quote_ident(x.evtname)"),
      own("pg_largeobject_metadata", "lomowner", "'large object ' || x.oid"),
    ]
    if server.major >= 10 {
      owned += [
        own("pg_publication", "pubowner", "'publication ' || pg_catalog.quote_ident(x.pubname)"),
        own("pg_statistic_ext", "stxowner", "'statistics ' || pg_catalog.quote_ident(x.stxname)"),
      ]
    }
    func granted(_ catalog: String, _ acl: String, _ owner: String) -> String {
      """
      EXISTS (SELECT 1 FROM pg_catalog.\(catalog) x, LATERAL pg_catalog.aclexplode(x.\(acl)) g
               WHERE x.\(acl) IS NOT NULL AND g.grantee = 10::oid AND x.\(owner) <> 10::oid)
      """
    }
    let grants = [
      granted("pg_class", "relacl", "relowner"), granted("pg_proc", "proacl", "proowner"),
      granted("pg_namespace", "nspacl", "nspowner"), granted("pg_type", "typacl", "typowner"),
      granted("pg_language", "lanacl", "lanowner"), granted("pg_foreign_data_wrapper", "fdwacl", "fdwowner"),
      granted("pg_foreign_server", "srvacl", "srvowner"),
      granted("pg_largeobject_metadata", "lomacl", "lomowner"),
      granted("pg_default_acl", "defaclacl", "defaclrole"),
      """
      EXISTS (SELECT 1 FROM pg_catalog.pg_attribute x JOIN pg_catalog.pg_class c ON c.oid = x.attrelid,
                     LATERAL pg_catalog.aclexplode(x.attacl) g
               WHERE x.attacl IS NOT NULL AND g.grantee = 10::oid AND c.relowner <> 10::oid)
      """,
      "EXISTS (SELECT 1 FROM pg_catalog.pg_default_acl x WHERE x.defaclrole = 10::oid)",
      "EXISTS (SELECT 1 FROM pg_catalog.pg_user_mappings x WHERE x.umuser = 10::oid)",
    ]
    return """
      WITH owned(object) AS (\(owned.joined(separator: "\nUNION ALL\n")))
      SELECT r.rolname, pg_catalog.array_remove(ARRAY[
               CASE WHEN EXISTS (SELECT 1 FROM owned) THEN 'o' END,
               CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_database d WHERE d.datdba = 10::oid
                                    AND d.datname = pg_catalog.current_database()) THEN 'd' END,
               CASE WHEN \(grants.joined(separator: "\nOR ")) THEN 'a' END,
               CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE 10::oid = ANY (p.polroles)) THEN 'r' END
             ], NULL) AS kinds,
             ARRAY(SELECT o.object FROM owned o LIMIT 3) AS objects
        FROM pg_catalog.pg_roles r WHERE r.oid = 10::oid
      """
  }
}
