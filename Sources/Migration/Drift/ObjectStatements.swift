import Catalog

/// The statements that read all objects of a database.
enum ObjectStatements {
  private static func queries(_ version: ServerVersion) -> [ObjectQuery] {
    RelationQueries.all(version) + TypeQueries.all(version) + DatabaseQueries.all(version)
  }

  /// What an object is, as an array: its aspects, those of its parts, its comment, its security labels.
  private static func details(_ version: ServerVersion) -> (detail: String, from: String) {
    let detail = """
      pg_catalog.json_build_array(x.aspects, x.parts, coalesce(x.shared_comment, d.description), l.labels)::text
      """
    let all = queries(version).map(\.sql).joined(separator: "\nUNION ALL\n")
    let from = """
        FROM (\(all)) x
        LEFT JOIN pg_catalog.pg_description d ON d.classoid = x.catalog AND d.objoid = x.oid AND d.objsubid = 0
        LEFT JOIN (SELECT s.classoid, s.objoid,
                          string_agg(s.objsubid::text || ' ' || s.provider || ' ' || s.label, ', '
                                     ORDER BY s.objsubid, s.provider COLLATE "C") AS labels
                     FROM pg_catalog.pg_seclabel s GROUP BY s.classoid, s.objoid) l
          ON l.classoid = x.catalog AND l.objoid = x.oid
       WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                          WHERE e.classid = x.owner_catalog AND e.objid = x.owner_oid AND e.deptype = 'e')
      """
    return (detail, from)
  }

  /// A digest that the server computes, and computes again; it is compared with none of another server.
  private static func digest(_ text: String, _ version: ServerVersion) -> String {
    version.major >= 11
      ? "pg_catalog.hashtextextended((\(text)) COLLATE \"C\", 0)"
      : "('x' || pg_catalog.substr(pg_catalog.md5(\(text)), 1, 16))::bit(64)::int8"
  }

  /// Columns `name`, `oid`, `digest`.
  static func digests(_ version: ServerVersion) -> String {
    let (detail, from) = details(version)
    return "SELECT x.kind || ' ' || x.identity AS name, x.oid, \(digest(detail, version)) AS digest \(from)"
  }

  /// Of some, by their numbers: columns `name`, `kind`, `identity`, `relation`, `detail`.
  static func some(_ version: ServerVersion) -> String {
    let (detail, from) = details(version)
    return """
      SELECT x.kind || ' ' || x.identity AS name, x.kind, x.identity, x.relation, \(detail) AS detail \(from)
         AND x.oid = ANY ($1::oid[])
      """
  }

  /// Of all: columns `name`, `kind`, `identity`, `relation`, `digest`, `detail`.
  static func all(_ version: ServerVersion) -> String {
    let (detail, from) = details(version)
    return """
      SELECT y.name, y.kind, y.identity, y.relation, \(digest("y.detail", version)) AS digest, y.detail
        FROM (SELECT x.kind || ' ' || x.identity AS name, x.kind, x.identity, x.relation, \(detail) AS detail \(from)) y
      """
  }
}
