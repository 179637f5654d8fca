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
    if comparesObjects { mismatches += try await objectMismatches() }
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

  /// The sum of the rows' hashes does not depend on their order. The functions give the same on every version that has
  /// them (11 and newer); 10 has no hash of 64 bits.
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
      let hash =
        snapshot.version.major >= 11
        ? "pg_catalog.hashtextextended(\(table.row) COLLATE \"C\", 0)"
        : "('x' || pg_catalog.substr(pg_catalog.md5(\(table.row)), 1, 16))::bit(64)::int8"
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

  // MARK: Objects

  private func objectMismatches() async throws -> [Verification.Mismatch] {
    let here = try await attempting("counting objects", snapshot.source, database: snapshot.database) {
      try await Self.counts(over: snapshot.connection)
    }
    let there = try await target.session(in: snapshot.database, for: "counting objects") {
      try await Self.counts(over: $0)
    }
    return Set(here.keys).union(there.keys).sorted().compactMap { kind in
      let (source, target) = (here[kind] ?? 0, there[kind] ?? 0)
      guard source != target else { return nil }
      return Verification.Mismatch(object: kind, message: "\(source) on the source, \(target) on the target")
    }
  }

  /// By kind, what users have made: neither the server's nor an extension's, nor the journal.
  private static func counts(over connection: Connection) async throws -> [String: Int] {
    let own = """
      NOT IN (SELECT n.oid FROM pg_catalog.pg_namespace n
               WHERE n.nspname ~ '^(pg_|\(Journal.prefix))' OR n.nspname = 'information_schema')
      """
    func member(_ catalog: String, _ oid: String) -> String {
      """
      NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.\(catalog)'::pg_catalog.regclass
                     AND d.objid = \(oid) AND d.deptype = 'e')
      """
    }
    // Constraints of partitions have parents since 11.
    let parentless = connection.session.serverVersion >= 110_000 ? "AND k.conparentid = 0" : ""
    let rows = try await connection.query(
      """
      SELECT CASE c.relkind WHEN 'r' THEN 'tables' WHEN 'p' THEN 'partitioned tables' WHEN 'v' THEN 'views'
                            WHEN 'm' THEN 'materialized views' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'foreign tables'
                            WHEN 'i' THEN 'indexes' WHEN 'I' THEN 'partitioned indexes' WHEN 'c' THEN 'composite types'
                            ELSE c.relkind::text END, count(*)
        FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
       WHERE c.relnamespace \(own) AND \(member("pg_class", "coalesce(i.indrelid, c.oid)"))
         AND coalesce(i.indisvalid OR c.relkind = 'I', true)
       GROUP BY 1
      UNION ALL
      SELECT 'functions', count(*) FROM pg_catalog.pg_proc p WHERE p.pronamespace \(own) AND \(member("pg_proc", "p.oid"))
      UNION ALL
      SELECT CASE k.contype WHEN 'f' THEN 'foreign keys' WHEN 'c' THEN 'check constraints' ELSE 'keys' END, count(*)
        FROM pg_catalog.pg_constraint k
       WHERE k.connamespace \(own) AND k.contype IN ('f', 'c', 'p', 'u', 'x') \(parentless)
         AND (k.conrelid = 0 OR \(member("pg_class", "k.conrelid")))
       GROUP BY 1
      UNION ALL
      SELECT 'triggers', count(*) FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
       WHERE NOT t.tgisinternal AND c.relnamespace \(own) AND \(member("pg_class", "c.oid"))
      """)
    return Dictionary(
      (0..<rows.count).map { (rows.text($0, 0) ?? "", Int(rows.text($0, 1) ?? "") ?? 0) }, uniquingKeysWith: +)
  }
}

extension Endpoint {
  func has(database: String, from entrance: String?) async throws -> Bool {
    try await session(in: entrance, for: "looking for database \(quotedIdentifier(database))") {
      try await $0.query("SELECT FROM pg_catalog.pg_database WHERE datname = $1", [database]).count > 0
    }
  }
}
