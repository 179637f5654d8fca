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
  /// For some aspects, what is another one whenever the aspect is, and takes less time and no lock: what the catalog has
  /// rather than its words. It may be another one for no reason.
  var raw: [String: String] = [:]
  /// Columns, say.
  var parts: Parts?
  /// Comments are kept by database, or by cluster.
  var isShared = false
  var from: String
  var condition: String

  /// What an object is made of.
  struct Parts: Sendable {
    /// For which objects.
    var condition: String
    var name: String
    var aspects: [(name: String, value: String)]
    var raw: [String: String] = [:]
    var order: String
    /// From FROM on.
    var from: String

    fileprivate var detail: String {
      """
      CASE WHEN \(condition) THEN (
        SELECT pg_catalog.json_object_agg(\(name), \(ObjectQuery.object(aspects)) ORDER BY \(order)) \(from)) END
      """
    }

    fileprivate var state: String {
      """
      CASE WHEN \(condition) THEN (
        SELECT string_agg(\(ObjectQuery.row([name] + aspects.map { raw[$0.name] ?? $0.value })), '' ORDER BY \(order)) \(from)) END
      """
    }
  }

  /// Which form of an object is read: for its digest, to be told, or both.
  enum Form { case state, detail, both }

  /// Columns `kind`, `identity`, `relation`, `catalog`, `oid`, `owner_catalog`, `owner_oid`, `shared_comment`; `state`: a
  /// text that is another one when anything has changed; `aspects`, `parts`: the same by names, which takes much longer.
  func sql(_ form: Form) -> String {
    let member = owner ?? (catalog, oid)
    let state =
      "\(Self.row(aspects.map { raw[$0.name] ?? $0.value }))" + (parts.map { " || coalesce(\($0.state), '')" } ?? "")
      + " AS state"
    let detail = "\(Self.object(aspects)) AS aspects, \(parts?.detail ?? "NULL::json") AS parts"
    let forms = (form == .detail ? [] : [state]) + (form == .state ? [] : [detail])
    return """
      SELECT (\(kind))::text AS kind, (\(identity))::text AS identity, (\(relation))::text AS relation,
             \(Self.regclass(catalog)) AS catalog, \(oid)::oid AS oid,
             \(Self.regclass(member.catalog)) AS owner_catalog, (\(member.oid))::oid AS owner_oid,
             \(isShared ? "pg_catalog.shobj_description(\(oid), '\(catalog)')" : "NULL::text") AS shared_comment,
             \(forms.joined(separator: ", "))
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

  static func row(_ values: [String]) -> String {
    "ROW(\(values.map { "(\($0))::text" }.joined(separator: ", ")))::text"
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
