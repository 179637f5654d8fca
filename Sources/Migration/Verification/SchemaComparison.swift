import Assessment
import Catalog
import Postgres

/// Compares what both sides have of a schema, object by object: definitions, owners, privileges, comments, policies.
///
/// Both servers send a fingerprint of each object; what an object is in words is read of those that differ.
struct SchemaComparison: Sendable {
  let database: String
  let source: Endpoint
  let target: Endpoint
  let known: ObjectComparison.Known

  /// How many objects are read in words at a time.
  private static let batch = 500

  struct Outcome: Sendable {
    /// How many objects the source has.
    var objects = 0
    var differences: [Verification.Mismatch] = []
  }

  /// - Throws: `MigrationError`, `CancellationError`.
  func run() async throws -> Outcome {
    try await source.session(in: database, for: "comparing objects", purpose: .reading) { source in
      try await target.session(in: database, for: "comparing objects", purpose: .reading) { target in
        try await compare(source, target)
      }
    }
  }

  private func compare(_ source: Connection, _ target: Connection) async throws -> Outcome {
    // Where one side has only bytes, those of the other one are what it is to have.
    for (one, other) in [(source, target), (target, source)] where one.session.isOfBytes && !other.session.isOfBytes {
      _ = try await other.query("SET client_encoding = 'SQL_ASCII'")
    }
    async let first = Fingerprints(over: source)
    async let second = Fingerprints(over: target)
    let (here, there) = (try await first, try await second)
    let schemas = try await (FoundBefore.schemas(over: source), FoundBefore.schemas(over: target))
    let ofExtensions = (schemas.0 + schemas.1).filter(\.isOfExtension).map { quotedIdentifier($0.nspname) }
    let comparison = ObjectComparison(
      source: ServerVersion(rawValue: source.session.serverVersion).major,
      target: ServerVersion(rawValue: target.session.serverVersion).major,
      missingRoles: try await Self.roles(source).subtracting(try await Self.roles(target)).union(known.absentRoles),
      comparesOwners: known.keepsOwners, keptSchemas: Set(ofExtensions + ["public"]))
    // What stood there before is nobody's difference; where that is not known, what lies in schemas of its own.
    let found = Set(known.found?.objects ?? [])
    let others =
      known.found == nil
      ? try await ObjectCounts.foreignSchemas(than: try await source.query(ReadingStatements.schemaNames), over: target)
        .map(quotedIdentifier) : []
    func isForeign(_ name: String) -> Bool {
      found.contains(name) || others.contains { name == "schema \($0)" || name.contains(" \($0).") }
    }
    var outcome = Outcome()
    var differing: [String] = []
    for (name, object) in here.objects where !comparison.skips(name) {
      outcome.objects += 1
      guard let other = there.objects[name] else {
        // As a member of its extension, it is none of the objects there.
        if comparison.keptSchemas.contains(where: { name == "schema \($0)" }) { continue }
        outcome.differences.append(Verification.Mismatch(object: name, message: "not on the target"))
        continue
      }
      if other.digest != object.digest { differing.append(name) }
    }
    for name in there.objects.keys
    where here.objects[name] == nil && !comparison.skips(name) && !isForeign(name)
      && !comparison.keptSchemas.contains(where: { name == "schema \($0)" })
    {
      outcome.differences.append(Verification.Mismatch(object: name, message: "not on the source"))
    }
    for start in stride(from: 0, to: differing.count, by: Self.batch) {
      let names = differing[start..<min(start + Self.batch, differing.count)]
      let before = try await SchemaReading.objects(
        numbered: names.compactMap { here.objects[$0]?.oid }, over: source)
      let after = try await SchemaReading.objects(
        numbered: names.compactMap { there.objects[$0]?.oid }, over: target)
      for name in names {
        guard let before = before[name], let after = after[name] else { continue }
        outcome.differences += comparison.differences(before, after).map {
          Verification.Mismatch(object: name, message: $0)
        }
      }
    }
    outcome.differences.sort { ($0.object, $0.message) < ($1.object, $1.message) }
    return outcome
  }

  private static func roles(_ connection: Connection) async throws -> Set<String> {
    let rows = try await connection.query(ReadingStatements.roleNames)
    return Set((0..<rows.count).compactMap { rows.text($0, 0) })
  }

  /// Of all objects of one side, by their names.
  private struct Fingerprints: Sendable {
    var objects: [String: (oid: Int, digest: String)] = [:]

    init(over connection: Connection) async throws {
      let rows = try await SchemaReading.fingerprints(over: connection)
      objects.reserveCapacity(rows.count)
      for row in 0..<rows.count {
        guard let name = rows.text(row, 0), let oid = rows.text(row, 1).flatMap({ Int($0) }) else { continue }
        objects[name] = (oid, rows.text(row, 2) ?? "")
      }
    }
  }
}
