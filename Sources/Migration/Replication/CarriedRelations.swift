import Catalog
import Postgres

/// What a database that is replicated is about, for its manifest.
extension DatabaseMigration {
  /// Tables and sequences, each with its way.
  func carried(
    _ tables: [SourceTable], _ archive: SchemaArchive, _ replication: Replication?
  ) async throws -> [Manifest.Addition] {
    guard let replication else { return [] }
    let sequences = archive.beforeData.filter { $0.isKind("SEQUENCE") }.map(\.oid)
    return try await source.session(in: name, for: "listing what is replicated", purpose: .reading) { connection in
      let rows = try await connection.query(ReadingStatements.publishedRelations, ["\(replication.name)"])
      let published = Set((0..<rows.count).compactMap { rows.text($0, 0).flatMap { Int($0) } })
      let found = try await connection.query(
        ReadingStatements.carriedSequences, [arrayLiteral(sequences), arrayLiteral(extensionsLeftOut)])
      return tables.map { table in
        let way = published.contains(table.oid) ? Manifest.Relation.Way.replicated : .copied
        return Manifest.Addition(source: table.oid, name: table.name, kind: .table, way: way)
      }
        + Manifest.Addition.sequences(found)
    }
  }

  /// What the cutover has to know beside that.
  func manifest(_ replication: Replication, over connection: Connection) async throws -> [Statement] {
    guard var manifest = try await journal.manifest(over: connection)?.content else { return [] }
    manifest.identities = try await source.session(
      in: name, for: "reading the publication's comment", purpose: .reading
    ) { try await PublicationMemo.read(of: replication.name, over: $0)?.identities ?? [] }
    manifest.memberships = roles.granted
    manifest.throughput = record.throughput
    manifest.acceptsCode = settings.acceptsCode(name)
    return [try journal.change(to: manifest)]
  }
}

extension Manifest.Addition {
  /// As `ReadingStatements.carriedSequences` lists them.
  static func sequences(_ rows: Rows) -> [Manifest.Addition] {
    (0..<rows.count).compactMap { row in
      guard let oid = rows.text(row, 0).flatMap({ Int($0) }), let name = rows.text(row, 1) else { return nil }
      return Manifest.Addition(source: oid, name: Quoting.requoted(name), kind: .sequence, way: .copied)
    }
  }
}
