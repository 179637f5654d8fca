import Catalog
import Postgres

/// The statements that read all objects of a database.
enum ObjectStatements {
  private static func queries(_ version: ServerVersion) -> [ObjectQuery] {
    RelationQueries.all(version) + TypeQueries.all(version) + DatabaseQueries.all(version)
  }

  private static let comment = "coalesce(x.shared_comment, d.description)"
  private static let state = "x.state || coalesce(\(comment), '') || coalesce(l.labels, '')"
  /// What an object is, as an array: its aspects, those of its parts, its comment, its security labels.
  private static let detail = "pg_catalog.json_build_array(x.aspects, x.parts, \(comment), l.labels)::text"
  /// The same on all servers, whatever words each of them quotes.
  private static func alike(_ name: String) -> String {
    #"pg_catalog.regexp_replace(\#(name), '"(\#(Quoting.unequallyQuoted))"', '\1', 'g')"#
  }
  private static let name = alike("x.kind || ' ' || x.identity")
  private static let columns =
    "\(name) AS name, x.kind, \(alike("x.identity")) AS identity, \(alike("x.relation")) AS relation"

  private static func from(_ form: ObjectQuery.Form, _ version: ServerVersion) -> String {
    """
    FROM (\(queries(version).map { $0.sql(form) }.joined(separator: "\nUNION ALL\n"))) x
      LEFT JOIN pg_catalog.pg_description d ON d.classoid = x.catalog AND d.objoid = x.oid AND d.objsubid = 0
      LEFT JOIN (SELECT s.classoid, s.objoid,
                        string_agg(s.objsubid::text || ' ' || s.provider || ' ' || s.label, ', '
                                   ORDER BY s.objsubid, s.provider COLLATE "C") AS labels
                   FROM pg_catalog.pg_seclabel s GROUP BY s.classoid, s.objoid) l
        ON l.classoid = x.catalog AND l.objoid = x.oid
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = x.owner_catalog AND e.objid = x.owner_oid AND e.deptype = 'e')
    """
  }

  /// A digest that the server computes, and computes again; it is compared with none of another server.
  private static func digest(_ version: ServerVersion) -> String {
    version.major >= 11
      ? "pg_catalog.hashtextextended((\(state)) COLLATE \"C\", 0)"
      : "('x' || pg_catalog.substr(pg_catalog.md5(\(state)), 1, 16))::bit(64)::int8"
  }

  /// Columns `name`, `oid`, `digest`.
  static func digests(_ version: ServerVersion) -> String {
    "SELECT \(name) AS name, x.oid, \(digest(version)) AS digest \(from(.state, version))"
  }

  /// Columns `name`, `oid`, `digest`: one that any server computes alike.
  static func fingerprints(_ version: ServerVersion) -> String {
    "SELECT \(name) AS name, x.oid, pg_catalog.md5(\(detail)) AS digest \(from(.detail, version))"
  }

  /// Of some, by their numbers: columns `name`, `kind`, `identity`, `relation`, `detail`.
  static func some(_ version: ServerVersion) -> String {
    """
    SELECT \(columns), \(detail) AS detail \(from(.detail, version))
       AND x.oid = ANY ($1::oid[])
    """
  }

  /// Of all: columns `name`, `kind`, `identity`, `relation`, `digest`, `detail`.
  static func all(_ version: ServerVersion) -> String {
    """
    SELECT \(columns), \(digest(version)) AS digest, \(detail) AS detail
      \(from(.both, version))
    """
  }
}
