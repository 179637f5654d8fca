import Catalog

/// How the objects of one catalog are read, as they are compared: each with its name, and with what it is by aspect.
///
/// What is written by the server's own functions runs nobody's code: they look into catalogs and write down what is
/// there. Objects of extensions are the extensions', and those of this program are not the users'.
struct ObjectQuery: Sendable {
  /// An SQL expression, as are the others.
  var kind: String
  var catalog: String
  var oid = "x.oid"
  /// The name as in SQL.
  var identity: String
  /// The table that the object goes with, where it does.
  var relation = "NULL::text"
  /// What is an extension's or not; else the object itself.
  var owner: (catalog: String, oid: String)?
  /// Expressions of texts; NULL is what an object has that nobody has told otherwise.
  var aspects: [(name: String, value: String)]
  /// An object of objects of texts: the aspects of its parts, columns, say.
  var parts = "NULL::json"
  /// Comments are kept by database, or by cluster.
  var isShared = false
  var from: String
  var condition: String

  /// Columns `kind`, `identity`, `relation`, `catalog`, `oid`, `owner_catalog`, `owner_oid`, `aspects`, `parts`,
  /// `shared_comment`.
  var sql: String {
    let member = owner ?? (catalog, oid)
    return """
      SELECT (\(kind))::text AS kind, (\(identity))::text AS identity, (\(relation))::text AS relation,
             \(Self.regclass(catalog)) AS catalog, \(oid)::oid AS oid,
             \(Self.regclass(member.catalog)) AS owner_catalog, (\(member.oid))::oid AS owner_oid,
             \(Self.object(aspects)) AS aspects, \(parts) AS parts,
             \(isShared ? "pg_catalog.shobj_description(\(oid), '\(catalog)')" : "NULL::text") AS shared_comment
        FROM \(from)
       WHERE \(condition)
      """
  }

  // MARK: Expressions

  static func regclass(_ catalog: String) -> String {
    "'pg_catalog.\(catalog)'::pg_catalog.regclass::oid"
  }

  static func object(_ aspects: [(name: String, value: String)]) -> String {
    let list = aspects.map { "'\($0.name)', (\($0.value))::text" }.joined(separator: ", ")
    return "pg_catalog.json_strip_nulls(pg_catalog.json_build_object(\(list)))"
  }

  static func qualified(_ namespace: String, _ name: String) -> String {
    "pg_catalog.quote_ident(\(namespace)) || '.' || pg_catalog.quote_ident(\(name))"
  }

  /// The qualified name of what an OID stands for; NULL for 0.
  static func name(in catalog: String, _ prefix: String, _ oid: String) -> String {
    """
    (SELECT \(qualified("named_in.nspname", "named.\(prefix)name"))
       FROM pg_catalog.\(catalog) named JOIN pg_catalog.pg_namespace named_in ON named_in.oid = named.\(prefix)namespace
      WHERE named.oid = \(oid))
    """
  }

  static func role(_ oid: String) -> String { "pg_catalog.pg_get_userbyid(\(oid))" }

  /// NULL where it is what an object of that kind has that nobody has granted anything on. The owner's name is not in
  /// it: who is given an object has what its owner had.
  ///
  /// - Parameter type: as `acldefault` has it; nil: nobody has anything by default.
  static func privileges(_ acl: String, _ type: String?, owner: String) -> String {
    func written(_ acl: String) -> String {
      """
      (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(g.grantee, g.privilege, g.option, g.grantor)
                         ORDER BY g.grantee COLLATE "C" NULLS FIRST, g.privilege COLLATE "C", g.grantor COLLATE "C")::text,
                       '[]')
         FROM (SELECT CASE a.grantee WHEN 0 THEN NULL WHEN \(owner) THEN '' ELSE \(role("a.grantee"))::text END AS grantee,
                      a.privilege_type::text AS privilege, a.is_grantable::text AS option,
                      CASE WHEN a.grantor <> \(owner) THEN \(role("a.grantor"))::text END AS grantor
                 FROM pg_catalog.aclexplode(\(acl)) a) g)
      """
    }
    let usual = type.map { written("pg_catalog.acldefault('\($0)', \(owner))") } ?? "'[]'"
    return "CASE WHEN \(acl) IS NOT NULL THEN NULLIF(\(written(acl)), \(usual)) END"
  }

  /// The schemas of users.
  static let schemas = "n.nspname !~ '^(pg_|pgpreflight_)' AND n.nspname <> 'information_schema'"
  static func schema(of namespace: String) -> String { "pg_catalog.pg_namespace n ON n.oid = \(namespace)" }
}
