import Catalog
import Postgres

/// The objects of both sides as they were when the replication of a database was set up: a table of the run's journal on
/// the target, which stays as long as the replication does.
extension Journal {
  private var objects: String { "\(schema).objects" }

  var objectsCreation: Statement {
    Statement(
      """
      CREATE TABLE IF NOT EXISTS \(objects) (
        side pg_catalog.text, name pg_catalog.text, kind pg_catalog.text, identity pg_catalog.text,
        relation pg_catalog.text, digest pg_catalog.int8, detail pg_catalog.text)
      """)
  }

  var objectsRemoval: Statement { Statement("TRUNCATE \(objects)") }

  /// Writes what `SchemaReading` has read.
  func keep(_ rows: SchemaReading.Rows, over connection: Connection) async throws {
    try await connection.beginCopyIn(
      """
      COPY \(objects) (side, name, kind, identity, relation, digest, detail) FROM STDIN
        WITH (FORMAT text, ENCODING \(Quoting.literal(rows.encoding)))
      """)
    for part in rows.parts { try await connection.writeCopyData(part) }
    _ = try await connection.endCopyIn()
  }

  /// - Returns: nil where nothing was kept.
  func digests(of side: Side, over connection: Connection) async throws -> [String: String]? {
    guard try await connection.query(ReadingStatements.keptObjects, [schema]).count > 0 else { return nil }
    let rows = try await connection.query("SELECT name, digest FROM \(objects) WHERE side = $1", [side.rawValue])
    var digests: [String: String] = [:]
    digests.reserveCapacity(rows.count)
    for row in 0..<rows.count { digests[rows.text(row, 0) ?? ""] = rows.text(row, 1) ?? "" }
    return digests
  }

  /// Which of these there were, without the quotes that not all servers write.
  ///
  /// - Returns: nil where nothing was kept.
  func names(of side: Side, among names: [String], over connection: Connection) async throws -> Set<String>? {
    guard try await connection.query(ReadingStatements.keptObjects, [schema]).count > 0 else { return nil }
    let rows = try await connection.query(
      "SELECT name FROM \(objects) WHERE side = $1 AND name = ANY ($2::text[])",
      [side.rawValue, arrayLiteral(names.map(Quoting.withoutUnequalQuotes))])
    return Set((0..<rows.count).compactMap { rows.text($0, 0) })
  }

  /// Those of some names.
  func objects(of side: Side, named names: [String], over connection: Connection) async throws -> [String: SchemaObject]
  {
    guard !names.isEmpty else { return [:] }
    let rows = try await connection.query(
      "SELECT name, kind, identity, relation, detail FROM \(objects) WHERE side = $1 AND name = ANY ($2::text[])",
      [side.rawValue, arrayLiteral(names)])
    return SchemaReading.objects(rows)
  }
}
