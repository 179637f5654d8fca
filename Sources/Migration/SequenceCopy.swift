import Catalog
import Postgres

/// Gives the target's sequences the values of the source's. Sequences are in no snapshot: what is read here is not less
/// than what the copied rows have used.
struct SequenceCopy: Sendable {
  private struct Sequence: Decodable, Sendable { var name: String }

  private let snapshot: SourceSnapshot
  private let target: Endpoint
  private let oids: [Int]
  private let extensionsLeftOut: [String]

  init(_ snapshot: SourceSnapshot, _ target: Endpoint, _ archive: SchemaArchive, _ extensionsLeftOut: [String]) {
    self.snapshot = snapshot
    self.target = target
    oids = archive.beforeData.filter { $0.isKind("SEQUENCE") }.map(\.oid)
    self.extensionsLeftOut = extensionsLeftOut
  }

  /// Bounds the memory that many sequences take.
  private static let batch = 1000

  func run() async throws {
    // Those of extensions too, where the extension says that they are the user's.
    let sequences = try await snapshot.rows(
      of: Sequence.self, for: "listing the sequences",
      """
      SELECT c.oid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_class c
       WHERE c.relkind = 'S' AND (c.oid = ANY ($1::oid[]) OR c.oid IN (
             SELECT unnest(e.extconfig) FROM pg_catalog.pg_extension e WHERE NOT e.extname = ANY ($2::text[])))
       ORDER BY c.oid
      """, [arrayLiteral(oids), arrayLiteral(extensionsLeftOut)])
    guard !sequences.isEmpty else { return }
    let database = snapshot.database
    try await target.session(in: database, for: "setting sequences") { connection in
      for start in stride(from: 0, to: sequences.count, by: Self.batch) {
        let names = sequences[start..<min(start + Self.batch, sequences.count)].map(\.name)
        let values = try await attempting("reading sequences", snapshot.source, database: database) {
          try await snapshot.connection.pipeline(
            [names.map { Statement("SELECT last_value, is_called FROM \($0)") }])[0].get()
        }
        let statements = zip(names, values).map { name, rows in
          Statement(
            "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2::int8, $3::bool)",
            [name, rows.text(0, 0), rows.text(0, 1)])
        }
        _ = try await connection.pipeline([statements])[0].get()
      }
    }
  }
}
