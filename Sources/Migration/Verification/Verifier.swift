import Assessment
import Catalog
import Postgres

/// Compares source and target after the copy, the source in the snapshot that was copied.
struct Verifier: Sendable {
  let mode: Verification.Mode
  let snapshot: SourceSnapshot
  let target: Endpoint
  let slots: Slots
  let jobs: Int
  /// Whether everything of the source was to be carried over, so that both have the same number of objects.
  let comparesObjects: Bool
  /// What is known to differ in the schema.
  var known = ObjectComparison.Known()
  /// In the source, for catalogs as they are now, where no new session can be opened.
  var present: Connection?

  func run(_ tables: [SourceTable]) async throws -> Verification {
    guard mode != .none else { return Verification(mode: mode, tables: 0, mismatches: []) }
    return try await run(ComparedTable.all(of: tables))
  }

  func run(_ tables: [ComparedTable]) async throws -> Verification {
    let samples = mode == .sample && tables.contains { $0.sizeBytes >= TableSample.leastSize }
    guard samples, present == nil else { return try await compare(tables, present) }
    return try await snapshot.source.session(in: snapshot.database, for: "connecting", purpose: .reading) {
      try await compare(tables, $0)
    }
  }

  private func compare(_ tables: [ComparedTable], _ present: Connection?) async throws -> Verification {
    let comparison = TableComparison(
      mode: mode, database: snapshot.database, source: snapshot.source, target: target, present: present)
    let results = Results()
    let workers = min(jobs, tables.count)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<max(workers, 0) {
        group.addTask {
          try await slots.run {
            let source = try await snapshot.join()
            do {
              try await target.session(in: snapshot.database, for: "connecting", purpose: .reading) { destination in
                let reader = JoinedReader(snapshot: snapshot, connection: source)
                for index in stride(from: worker, to: tables.count, by: workers) {
                  try Task.checkCancellation()
                  let outcome = try await comparison.compare(tables[index], reader, destination)
                  if outcome.difference != nil, try await snapshot.hasChanged(tables[index].name) {
                    await snapshot.locks.note(changed: tables[index].name)
                  } else {
                    await results.add(outcome)
                  }
                }
              }
              await snapshot.leave(source)
            } catch {
              await snapshot.leave(source)
              throw error
            }
          }
        }
      }
      try await group.waitForAll()
    }
    var verification = Verification(
      mode: mode, tables: tables.count, mismatches: await results.mismatches.sorted { $0.object < $1.object })
    if mode == .sample {
      let depths = await results.depths
      (verification.sampledTables, verification.countedTables) = (depths[.sample] ?? 0, depths[.counts] ?? 0)
    }
    if comparesObjects {
      verification.mismatches += try await ObjectCounts.mismatches(snapshot, target, found: known.found)
      let schema = try await SchemaComparison(
        database: snapshot.database, source: snapshot.source, target: target, known: known
      ).run()
      (verification.objects, verification.objectDifferences) = (schema.objects, schema.differences)
    }
    return verification
  }

  private actor Results {
    var mismatches: [Verification.Mismatch] = []
    var depths: [Verification.Depth: Int] = [:]

    func add(_ outcome: TableComparison.Outcome) {
      if let mismatch = outcome.difference { mismatches.append(mismatch) }
      depths[outcome.depth, default: 0] += 1
    }
  }
}

extension Endpoint {
  func has(database: String, from entrance: String?) async throws -> Bool {
    try await session(in: entrance, for: "looking for database \(quotedIdentifier(database))") {
      try await $0.query(ReadingStatements.database, [database]).count > 0
    }
  }
}
