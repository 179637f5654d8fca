/// What a database needs the superuser for that initdb made: `pg_shdepend` lists nothing of it, as it can't be dropped.
public struct BootstrapReference: CatalogRow {
  public var rolname: String
  /// As those of `RoleReference`: `o`, `d`, `a`, `r`. Empty where it is not needed.
  public var kinds: [String]

  public static let subject = "what the superuser that initdb made owns and is granted"

  // The role is 10 in every cluster. What initdb made is no part of a dump, but for a changed privilege. Members of
  // extensions come with them, whoever owns them.
  // Source: PostgreSQL documentation, `pg_shdepend`, "Pinned Dependencies"; pg_authid.dat.
  public static func sql(_ server: ServerVersion) -> String {
    func owns(_ catalog: String, _ owner: String, where condition: String = "true") -> String {
      """
      EXISTS (SELECT 1 FROM pg_catalog.\(catalog) x
               WHERE x.\(owner) = 10::oid AND x.oid >= 16384::oid AND (\(condition)) AND NOT EXISTS (
                     SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.\(catalog)'::pg_catalog.regclass
                        AND e.objid = x.oid AND e.deptype IN ('e'::"char", 'i'::"char")))
      """
    }
    var owned = [
      owns("pg_class", "relowner", where: "x.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"),
      // Schemas in which extensions lie are made with them, and stay whose they are on the target.
      owns(
        "pg_namespace", "nspowner",
        where:
          "x.nspname !~ '^pg_' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_extension f WHERE f.extnamespace = x.oid)"),
      owns(
        "pg_type", "typowner",
        where: "x.typtype <> 'm' AND x.typrelid = 0 OR x.typrelid <> 0 "
          + "AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = x.typrelid) = 'c'"),
    ]
    owned += [
      ("pg_proc", "proowner"), ("pg_operator", "oprowner"), ("pg_opclass", "opcowner"), ("pg_opfamily", "opfowner"),
      ("pg_collation", "collowner"), ("pg_conversion", "conowner"), ("pg_ts_dict", "dictowner"),
      ("pg_ts_config", "cfgowner"), ("pg_language", "lanowner"), ("pg_foreign_data_wrapper", "fdwowner"),
      ("pg_foreign_server", "srvowner"), ("pg_event_trigger", "evtowner"), ("pg_largeobject_metadata", "lomowner"),
    ].map { owns($0, $1) }
    if server.major >= 10 { owned += [owns("pg_publication", "pubowner"), owns("pg_statistic_ext", "stxowner")] }
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
      SELECT r.rolname, pg_catalog.array_remove(ARRAY[
               CASE WHEN \(owned.joined(separator: "\nOR ")) THEN 'o' END,
               CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_database d WHERE d.datdba = 10::oid
                                    AND d.datname = pg_catalog.current_database()) THEN 'd' END,
               CASE WHEN \(grants.joined(separator: "\nOR ")) THEN 'a' END,
               CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE 10::oid = ANY (p.polroles)) THEN 'r' END
             ], NULL) AS kinds
        FROM pg_catalog.pg_roles r WHERE r.oid = 10::oid
      """
  }
}
