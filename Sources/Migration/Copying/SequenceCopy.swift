import Assessment
import Catalog
import Postgres

/// Gives the target's sequences the values of the source's. Sequences are in no snapshot: what is read here is not less
/// than what the copied rows have used.
struct SequenceCopy: Sendable {
  private struct Sequence: Decodable, Sendable { @QuotedName var name: String }

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

  /// A sequence as it is on the source.
  struct Value: Sendable {
    var name: String
    var last: String?
    var isCalled: String?
  }

  /// The source's values at the moment.
  func values() async throws -> [Value] {
    // Those of extensions too, where the extension says that they are the user's.
    let sequences = try await snapshot.rows(
      of: Sequence.self, for: "listing the sequences",
      """
      SELECT c.oid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_class c
       WHERE c.relkind = 'S' AND (c.oid = ANY ($1::oid[]) OR c.oid IN (
             SELECT unnest(e.extconfig) FROM pg_catalog.pg_extension e WHERE NOT e.extname = ANY ($2::text[])))
       ORDER BY c.oid
      """, [arrayLiteral(oids), arrayLiteral(extensionsLeftOut)])
    var values: [Value] = []
    for start in stride(from: 0, to: sequences.count, by: Self.batch) {
      let names = sequences[start..<min(start + Self.batch, sequences.count)].map(\.name)
      let rows = try await attempting("reading sequences", snapshot.source, database: snapshot.database) {
        try await snapshot.connection.pipeline([names.map(Self.reading)])[0].get()
      }
      values += zip(names, rows).map { Value(name: $0, last: $1.text(0, 0), isCalled: $1.text(0, 1)) }
    }
    return values
  }

  private static func reading(_ name: String) -> Statement {
    Statement("SELECT last_value, is_called FROM \(name)")
  }

  /// - Parameter known: values that were read when every table was locked; nil: those of now.
  /// - Returns: those that do not have the values afterwards.
  func run(_ known: [Value]?) async throws -> [Verification.Mismatch] {
    let values: [Value]
    if let known { values = known } else { values = try await self.values() }
    guard !values.isEmpty else { return [] }
    return try await target.session(in: snapshot.database, for: "setting sequences") { connection in
      var mismatches: [Verification.Mismatch] = []
      for start in stride(from: 0, to: values.count, by: Self.batch) {
        let batch = values[start..<min(start + Self.batch, values.count)]
        let statements = batch.map {
          Statement(
            "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2::int8, $3::bool)", [$0.name, $0.last, $0.isCalled])
        }
        let answers = try await connection.pipeline([statements, batch.map { Self.reading($0.name) }])
        _ = try answers[0].get()
        for (source, target) in zip(batch, try answers[1].get()) {
          let (own, other) = (source.last ?? "", target.text(0, 0) ?? "")
          guard own != other || source.isCalled != target.text(0, 1) else { continue }
          mismatches.append(
            Verification.Mismatch(
              object: "sequence \(source.name)", message: "\(own) on the source, \(other) on the target"))
        }
      }
      return mismatches
    }
  }
}
