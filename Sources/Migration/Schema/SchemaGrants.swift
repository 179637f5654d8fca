import Catalog
import Postgres

/// CREATE in schemas, for as long as objects are given to their owners: who is no superuser can give an object only to a
/// role that may create such in its schema (PostgreSQL documentation, ALTER TABLE, "Notes"), and on the source that may
/// have been the doing of a superuser, or the right of a database's owner.
struct SchemaGrants: Sendable {
  let snapshot: SourceSnapshot
  let target: Endpoint
  let journal: Journal

  private static let step = "create granted"

  private struct Place: Decodable, Sendable {
    var nspname: String
    var rolname: String
  }

  func grant() async throws {
    let catalogs = [
      ("pg_class", "relnamespace", "relowner"), ("pg_proc", "pronamespace", "proowner"),
      ("pg_type", "typnamespace", "typowner"), ("pg_operator", "oprnamespace", "oprowner"),
      ("pg_opclass", "opcnamespace", "opcowner"), ("pg_opfamily", "opfnamespace", "opfowner"),
      ("pg_collation", "collnamespace", "collowner"), ("pg_conversion", "connamespace", "conowner"),
      ("pg_ts_dict", "dictnamespace", "dictowner"), ("pg_ts_config", "cfgnamespace", "cfgowner"),
    ]
    let places = try await snapshot.rows(
      of: Place.self, for: "listing the owners in schemas",
      """
      SELECT DISTINCT n.nspname, r.rolname
        FROM (\(catalogs.map { "SELECT x.\($0.1), x.\($0.2) FROM pg_catalog.\($0.0) x WHERE x.oid >= 16384" }
          .joined(separator: " UNION "))) AS o(schema, owner)
        JOIN pg_catalog.pg_namespace n ON n.oid = o.schema JOIN pg_catalog.pg_roles r ON r.oid = o.owner
       WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      """)
    try await target.session(in: snapshot.database, for: "granting CREATE to owners") { connection in
      let lacking = try await connection.query(
        """
        SELECT n.nspname, r.rolname
          FROM ROWS FROM (unnest($1::text[]), unnest($2::text[])) AS p(schema, owner)
          JOIN pg_catalog.pg_namespace n ON n.nspname = p.schema JOIN pg_catalog.pg_roles r ON r.rolname = p.owner
         WHERE NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')
        """, [arrayLiteral(places.map(\.nspname)), arrayLiteral(places.map(\.rolname))]
      ).decode(Place.self)
      guard !lacking.isEmpty else { return }
      // What an interrupted attempt has granted is taken back too.
      let before = try await journal.steps(over: connection)[Self.step]
      let known = try await connection.query("SELECT unnest($1::text[])", [before ?? "{}"])
      let names = (0..<known.count).compactMap { known.text($0, 0) } + lacking.flatMap { [$0.nspname, $0.rolname] }
      let record = journal.record(Self.step, arrayLiteral(names))
      _ = try await connection.pipeline([[journal.forget([Self.step]), record]])[0].get()
      for place in lacking {
        _ = try await connection.query("GRANT CREATE ON SCHEMA \(try await words(place, "TO", connection))")
      }
    }
  }

  /// Takes back what was granted, by this run or by the one that it goes on with.
  func revoke() async throws {
    try await target.session(in: snapshot.database, for: "revoking CREATE from owners") { connection in
      guard let granted = try await journal.steps(over: connection)[Self.step] else { return }
      let names = try await connection.query("SELECT unnest($1::text[])", [granted])
      for row in stride(from: 0, to: names.count - 1, by: 2) {
        let place = Place(nspname: names.text(row, 0) ?? "", rolname: names.text(row + 1, 0) ?? "")
        _ = try await connection.query("REVOKE CREATE ON SCHEMA \(try await words(place, "FROM", connection))")
      }
      _ = try await connection.pipeline([[journal.forget([Self.step])]])[0].get()
    }
  }

  private func words(_ place: Place, _ word: String, _ connection: Connection) async throws -> String {
    let schema = try await connection.quote(identifier: place.nspname)
    return "\(schema) \(word) \(try await connection.quote(identifier: place.rolname))"
  }
}
