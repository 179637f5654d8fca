import Catalog
import Postgres

/// Copies what is not replicated: nobody writes to it now. What the target has of it is replaced.
struct LateCopying: Sendable {
  let snapshot: SourceSnapshot
  let target: Endpoint
  let jobs: Int
  /// Is told how many bytes of rows have arrived.
  let progress: @Sendable (Int) -> Void

  private var database: String { snapshot.database }

  /// Both at the same time.
  func run(_ tables: [SourceTable], largeObjects: Bool) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await copy(tables) }
      if largeObjects {
        group.addTask {
          try await LargeObjectCopying(snapshot: snapshot, target: target, progress: progress).run()
        }
      }
      try await group.waitForAll()
    }
  }

  private func copy(_ tables: [SourceTable]) async throws {
    guard !tables.isEmpty else { return }
    let (foreignKeys, triggers, mayBeReplica) = try await target.session(in: database, for: "emptying tables") {
      connection in
      // Rows that go through a partitioned table may come to any of its partitions.
      for root in tables.compactMap(\.routedThrough).uniqued {
        _ = try await connection.query("TRUNCATE \(root)")
      }
      let version = ServerVersion(rawValue: connection.session.serverVersion)
      let foreignKeys = try await connection.query(ForeignKey.sql(version)).decode(ForeignKey.self)
      let triggers = try await connection.query(FiringTrigger.sql).decode(FiringTrigger.self)
      return (
        Dictionary(grouping: foreignKeys, by: \.referenced), Dictionary(grouping: triggers, by: \.table),
        try await isAllowedToBeReplica(connection, version)
      )
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
                part.suspendedTriggers = triggers[part.table.name] ?? []
                part.replacesExtensionRows = part.table.isOfExtension
                _ = try await copy.copy(part)
              }
            }
            await snapshot.leave(source)
          } catch {
            await snapshot.leave(source)
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
}
