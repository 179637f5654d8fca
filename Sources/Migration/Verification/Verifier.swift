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

  func run(_ tables: [SourceTable]) async throws -> Verification {
    guard mode != .none else { return Verification(mode: mode, tables: 0, mismatches: []) }
    let compared = Self.compared(tables)
    let results = Results()
    let workers = min(jobs, compared.count)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<max(workers, 0) {
        group.addTask {
          try await slots.run {
            let source = try await snapshot.join()
            do {
              try await target.session(in: snapshot.database, for: "connecting", purpose: .reading) { destination in
                for index in stride(from: worker, to: compared.count, by: workers) {
                  try Task.checkCancellation()
                  let table = compared[index]
                  async let here = contentOnSource(of: table, over: source)
                  async let there = content(of: table, over: destination, target)
                  guard let mismatch = Self.difference(table, try await here, try await there) else { continue }
                  if try await snapshot.hasChanged(table.name) {
                    await snapshot.locks.note(changed: table.name)
                  } else {
                    await results.add(mismatch)
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
    var mismatches = await results.mismatches.sorted { $0.object < $1.object }
    if comparesObjects { mismatches += try await ObjectCounts.mismatches(snapshot, target) }
    return Verification(mode: mode, tables: compared.count, mismatches: mismatches)
  }

  private actor Results {
    var mismatches: [Verification.Mismatch] = []

    func add(_ mismatch: Verification.Mismatch) { mismatches.append(mismatch) }
  }

  /// What is compared as one: a table, or the partitioned one that the rows of several went through. Of an extension's
  /// table of which only some rows are the database's own, none are: to select them, the server would plan a query, and
  /// run functions of whoever owns the table.
  private static func compared(_ tables: [SourceTable]) -> [ComparedTable] {
    var seen: Set<String> = []
    return tables.compactMap { table in
      guard table.condition?.isEmpty ?? true, seen.insert(table.routedThrough ?? table.name).inserted else {
        return nil
      }
      return ComparedTable(table)
    }
  }

  /// - Returns: nil also where somebody else has the table, of which the lock was given back.
  private func contentOnSource(of table: ComparedTable, over joined: Connection) async throws -> TableContent? {
    do {
      return try await snapshot.reading(table.name, over: joined) {
        try await content(of: table, over: $0, snapshot.source)
      }
    } catch is SourceSnapshot.Taken {
      await snapshot.locks.note(changed: table.name)
      return nil
    }
  }

  /// - Returns: nil where there is no such table, or not with these columns.
  private func content(
    of table: ComparedTable, over connection: Connection, _ endpoint: Endpoint
  ) async throws -> TableContent? {
    do {
      return try await attempting("reading \(table.name)", endpoint, database: snapshot.database) {
        try await table.content(
          over: connection, mode: mode == .full ? .checksum : .count, encoding: snapshot.encoding)
      }
    } catch let error as MigrationError where ["42P01", "42703"].contains(error.sqlstate) {
      return nil
    }
  }

  private static func difference(
    _ table: ComparedTable, _ here: TableContent?, _ there: TableContent?
  ) -> Verification.Mismatch? {
    guard let here, let there else {
      let side = here == nil ? "source" : "target"
      return Verification.Mismatch(object: table.name, message: "not on the \(side), or without one of its columns")
    }
    if here.rows != there.rows {
      return Verification.Mismatch(
        object: table.name, message: "\(here.rows) rows on the source, \(there.rows) on the target")
    }
    if here.checksum != there.checksum {
      return Verification.Mismatch(object: table.name, message: "\(here.rows) rows on both sides, not the same ones")
    }
    return nil
  }
}

extension Endpoint {
  func has(database: String, from entrance: String?) async throws -> Bool {
    try await session(in: entrance, for: "looking for database \(quotedIdentifier(database))") {
      try await $0.query(ReadingStatements.database, [database]).count > 0
    }
  }
}
