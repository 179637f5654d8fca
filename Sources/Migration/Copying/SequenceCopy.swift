import Assessment
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

  /// - Returns: those that do not have the values afterwards.
  func run() async throws -> [Verification.Mismatch] {
    // Those of extensions too, where the extension says that they are the user's.
    let sequences = try await snapshot.rows(
      of: Sequence.self, for: "listing the sequences",
      """
      SELECT c.oid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_class c
       WHERE c.relkind = 'S' AND (c.oid = ANY ($1::oid[]) OR c.oid IN (
             SELECT unnest(e.extconfig) FROM pg_catalog.pg_extension e WHERE NOT e.extname = ANY ($2::text[])))
       ORDER BY c.oid
      """, [arrayLiteral(oids), arrayLiteral(extensionsLeftOut)])
    guard !sequences.isEmpty else { return [] }
    let database = snapshot.database
    return try await target.session(in: database, for: "setting sequences") { connection in
      var mismatches: [Verification.Mismatch] = []
      for start in stride(from: 0, to: sequences.count, by: Self.batch) {
        let names = sequences[start..<min(start + Self.batch, sequences.count)].map(\.name)
        let reading = names.map { Statement("SELECT last_value, is_called FROM \($0)") }
        let values = try await attempting("reading sequences", snapshot.source, database: database) {
          try await snapshot.connection.pipeline([reading])[0].get()
        }
        let statements = zip(names, values).map { name, rows in
          Statement(
            "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2::int8, $3::bool)",
            [name, rows.text(0, 0), rows.text(0, 1)])
        }
        let answers = try await connection.pipeline([statements, reading])
        _ = try answers[0].get()
        for (name, (source, target)) in zip(names, zip(values, try answers[1].get())) {
          let (own, other) = (source.text(0, 0) ?? "", target.text(0, 0) ?? "")
          guard own != other || source.text(0, 1) != target.text(0, 1) else { continue }
          mismatches.append(
            Verification.Mismatch(
              object: "sequence \(name)", message: "\(own) on the source, \(other) on the target"))
        }
      }
      return mismatches
    }
  }
}
