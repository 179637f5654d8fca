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

  private struct Content: Sendable, Equatable {
    var rows: String
    var checksum: String?
  }

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
              try await target.session(in: snapshot.database, for: "connecting") { destination in
                for index in stride(from: worker, to: compared.count, by: workers) {
                  try Task.checkCancellation()
                  let table = compared[index]
                  async let here = snapshot.reading(table.name, over: source) {
                    try await content(of: table, over: $0, snapshot.source)
                  }
                  async let there = content(of: table, over: destination, target)
                  await results.add(Self.difference(table, try await here, try await there))
                }
              }
              await source.close()
            } catch {
              await source.close()
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

    func add(_ mismatch: Verification.Mismatch?) {
      if let mismatch { mismatches.append(mismatch) }
    }
  }

  /// What is compared as one: a table, or the partitioned one that the rows of several went through.
  private struct Compared: Sendable {
    var from: String
    var name: String
    /// The text of a row `x`.
    var row: String
  }

  private static func compared(_ tables: [SourceTable]) -> [Compared] {
    var seen: Set<String> = []
    return tables.compactMap { table in
      let name = table.routedThrough ?? table.name
      guard seen.insert(name).inserted else { return nil }
      let condition = table.condition.map { " \($0)" } ?? ""
      return Compared(
        from: table.routedThrough == nil ? "ONLY \(name)\(condition)" : name, name: name, row: row(of: table))
    }
  }

  /// A row as a whole, where it fits into a text; of columns with large values only a hash goes into it.
  private static func row(of table: SourceTable) -> String {
    guard let wide = table.wideColumns, let types = table.wideTypes, let names = table.columnNames else {
      return "(x.*)::text"
    }
    let hashes = Dictionary(
      zip(wide, types).map { name, type in
        (name, (WideRows.types[type]?.bytes ?? "%").replacing("%", with: "x.\(name)"))
      }, uniquingKeysWith: { first, _ in first })
    let values = names.map { name in hashes[name].map { "pg_catalog.md5(\($0))" } ?? "x.\(name)" }
    return "ROW(\(values.joined(separator: ", ")))::text"
  }

  /// The sum of the rows' hashes does not depend on their order.
  ///
  /// - Returns: nil where there is no such table.
  private func content(of table: Compared, over connection: Connection, _ endpoint: Endpoint) async throws -> Content? {
    do {
      return try await count(table, over: connection, endpoint)
    } catch let error as MigrationError where error.sqlstate == "42P01" {
      return nil
    }
  }

  private func count(_ table: Compared, over connection: Connection, _ endpoint: Endpoint) async throws -> Content {
    try await attempting("counting \(table.name)", endpoint, database: snapshot.database) {
      guard mode == .full else {
        let rows = try await connection.query("SELECT count(*) FROM \(table.from)")
        return Content(rows: rows.text(0, 0) ?? "", checksum: nil)
      }
      let hash = snapshot.hash(of: table.row)
      let rows = try await connection.query(
        "SELECT count(*), coalesce(sum(\(hash)::numeric), 0) FROM (SELECT * FROM \(table.from)) x")
      return Content(rows: rows.text(0, 0) ?? "", checksum: rows.text(0, 1))
    }
  }

  private static func difference(_ table: Compared, _ here: Content?, _ there: Content?) -> Verification.Mismatch? {
    guard let here, let there else {
      return Verification.Mismatch(object: table.name, message: "not on the \(here == nil ? "source" : "target")")
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

extension SourceSnapshot {
  /// 64 bits that both sides compute alike: the function gives the same on every version that has it (11 and newer).
  func hash(of text: String) -> String {
    version.major >= 11
      ? "pg_catalog.hashtextextended(\(text) COLLATE \"C\", 0)"
      : "('x' || pg_catalog.substr(pg_catalog.md5(\(text)), 1, 16))::bit(64)::int8"
  }
}

extension Endpoint {
  func has(database: String, from entrance: String?) async throws -> Bool {
    try await session(in: entrance, for: "looking for database \(quotedIdentifier(database))") {
      try await $0.query("SELECT FROM pg_catalog.pg_database WHERE datname = $1", [database]).count > 0
    }
  }
}
