import Catalog
import Postgres

/// Copies what is not replicated: nobody writes to it now. What the target has of it is replaced.
struct LateCopying: Sendable {
  let snapshot: SourceSnapshot
  let target: Endpoint
  let jobs: Int
  /// The `pg_dump` and `pg_restore` to carry large objects with; nil where this machine has none that could.
  let tools: ClientTools?
  /// Is told how many bytes of rows have arrived.
  let progress: @Sendable (Int) -> Void

  private var database: String { snapshot.database }

  /// Both at the same time.
  func run(_ tables: [SourceTable], largeObjects: Bool) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await copy(tables) }
      if largeObjects { group.addTask { try await copyLargeObjects() } }
      try await group.waitForAll()
    }
  }

  private func copy(_ tables: [SourceTable]) async throws {
    guard !tables.isEmpty else { return }
    let (foreignKeys, mayBeReplica) = try await target.session(in: database, for: "emptying tables") { connection in
      // Rows that go through a partitioned table may come to any of its partitions.
      for root in tables.compactMap(\.routedThrough).uniqued {
        _ = try await connection.query("TRUNCATE \(root)")
      }
      let version = ServerVersion(rawValue: connection.session.serverVersion)
      let foreignKeys = try await connection.query(ForeignKey.sql(version)).decode(ForeignKey.self)
      return (Dictionary(grouping: foreignKeys, by: \.referenced), try await isAllowedToBeReplica(connection, version))
    }
    let queue = PartQueue(CopyPlan(tables: tables, jobs: 1, canSplit: false).parts)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<min(jobs, tables.count) {
        group.addTask {
          let source = try await snapshot.join()
          do {
            try await target.session(in: database, for: "connecting") { destination in
              let copy = TableCopy(
                snapshot: snapshot, target: target, journal: nil, source: source, destination: destination,
                progress: progress)
              while var part = await queue.next() {
                try Task.checkCancellation()
                let references = foreignKeys[part.table.name] ?? []
                part.replacesReferencedRows = mayBeReplica && !references.isEmpty
                part.suspendedForeignKeys = mayBeReplica ? [] : references
                part.replacesExtensionRows = part.table.isOfExtension
                _ = try await copy.copy(part)
              }
            }
            await source.close()
          } catch {
            await source.close()
            throw error
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Whether the role may switch off foreign keys (`session_replication_role`): superusers may, and from 15 on those who
  /// were granted it.
  private func isAllowedToBeReplica(_ connection: Connection, _ version: ServerVersion) async throws -> Bool {
    let granted =
      version.major >= 15 ? "pg_catalog.has_parameter_privilege('session_replication_role', 'SET')" : "false"
    return try await connection.query(
      "SELECT r.rolsuper OR \(granted) FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"
    ).text(0, 0) == "t"
  }

  /// The largest first.
  private actor PartQueue {
    private var parts: ArraySlice<TablePart>

    init(_ parts: [TablePart]) { self.parts = parts[...] }

    func next() -> TablePart? { parts.popFirst() }
  }

  // MARK: Large objects

  /// More are not removed in one transaction: each takes a lock.
  private static let removedAtOnce = 1000

  /// All of them, as nothing tells which were changed.
  private func copyLargeObjects() async throws {
    try await target.session(in: database, for: "replacing large objects") { connection in
      while true {
        let removed = try await connection.query(
          """
          SELECT pg_catalog.lo_unlink(x.oid)
            FROM (SELECT m.oid FROM pg_catalog.pg_largeobject_metadata m LIMIT \(Self.removedAtOnce)) x
          """)
        if removed.count == 0 { return }
      }
    }
    let there = try await attempting("looking for large objects", snapshot.source, database: database) {
      try await snapshot.connection.query(ReadingStatements.hasLargeObjects).text(0, 0)
    }
    guard there == "t" else { return }
    guard let tools else {
      throw MigrationError("there is no pg_dump that could copy the large objects; see --pg-bin")
    }
    let (dump, restore) = (
      Program(folder: tools.folder, name: "pg_dump"), Program(folder: tools.folder, name: "pg_restore")
    )
    let noTables = ["--exclude-schema=*", "--snapshot=\(snapshot.id)"]
    if tools.pgDump.major < 17 {
      // Up to 16 large objects are created by what comes before the data (release notes of 17).
      let archive = try await SchemaArchive(
        of: database, from: snapshot.source, dump: dump, restore: restore, arguments: noTables)
      let kinds = ["BLOB ", "ACL - LARGE OBJECT ", "COMMENT - LARGE OBJECT "]
      try await archive.restore(
        archive.beforeData.filter { entry in kinds.contains { entry.description.hasPrefix($0) } }, into: database,
        of: target, settings: ["synchronous_commit": "off"])
    }
    try await attempting("copying large objects", target, database: database) {
      try await dump.run(
        ["--format=custom", "--compress=0", "--section=data"] + noTables,
        over: snapshot.source.program(database: database), into: restore, ["--exit-on-error", "--single-transaction"],
        over: target.program(database: database, settings: ["synchronous_commit": "off"]))
    }
  }
}
