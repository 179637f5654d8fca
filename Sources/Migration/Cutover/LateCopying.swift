import Catalog
import Postgres

/// Copies what is not replicated: nobody writes to it now. What the target has of it is replaced.
struct LateCopying: Sendable {
  let snapshot: SourceSnapshot
  let target: Endpoint
  let journal: Journal
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
          try await LargeObjectCopying(
            snapshot: snapshot, target: target, journal: journal, progress: progress
          ).run()
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
      let version = ServerVersion(rawValue: connection.session.serverVersion)
      let foreignKeys = Dictionary(
        grouping: try await connection.query(ForeignKey.sql(version)).decode(ForeignKey.self), by: \.referenced)
      let mayBeReplica = try await isAllowedToBeReplica(connection, version)
      for root in tables.compactMap(\.routedThrough).uniqued {
        guard mayBeReplica, foreignKeys[root] != nil else {
          _ = try await connection.query("TRUNCATE \(root)")
          continue
        }
        let statements = ["BEGIN", "SET LOCAL session_replication_role = replica", "DELETE FROM \(root)", "COMMIT"]
        _ = try await connection.pipeline([statements.map { Statement($0) }])[0].get()
      }
      let triggers = try await connection.query(FiringTrigger.sql).decode(FiringTrigger.self)
      return (foreignKeys, Dictionary(grouping: triggers, by: \.table), mayBeReplica)
    }
    let parts = CopyPlan(tables: tables, jobs: 1, canSplit: false).parts
    let queue = PartQueue(mayBeReplica ? parts.map { [$0] } : Self.groups(parts, foreignKeys.values.flatMap(\.self)))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<min(jobs, tables.count) {
        group.addTask {
          let source = try await snapshot.join()
          do {
            try await target.session(in: database, for: "connecting") { destination in
              let copy = TableCopy(
                snapshot: snapshot, target: target, journal: nil, source: source, destination: destination,
                progress: progress)
              while let group = await queue.next() {
                try Task.checkCancellation()
                _ = try await copy.copy(
                  group.map { part in
                    var part = part
                    let references = foreignKeys[part.table.name] ?? []
                    part.isReplica = mayBeReplica
                    part.replacesReferencedRows = mayBeReplica && !references.isEmpty
                    part.suspendedForeignKeys = mayBeReplica ? [] : references
                    part.suspendedTriggers = triggers[part.table.name] ?? []
                    part.replacesExtensionRows = part.table.isOfExtension
                    return part
                  })
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

  /// Tables that refer to each other go together, in the order of their sizes otherwise.
  static func groups(_ parts: [TablePart], _ foreignKeys: [ForeignKey]) -> [[TablePart]] {
    var groups = parts.map { [$0] }
    func place(of table: String) -> Int? {
      groups.firstIndex { $0.contains { $0.table.name == table || $0.table.routedThrough == table } }
    }
    for key in foreignKeys {
      guard let one = place(of: key.referenced), let other = place(of: key.table), one != other else { continue }
      groups[min(one, other)] += groups[max(one, other)]
      groups.remove(at: max(one, other))
    }
    return groups
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
    private var groups: ArraySlice<[TablePart]>

    init(_ groups: [[TablePart]]) { self.groups = groups[...] }

    func next() -> [TablePart]? { groups.popFirst() }
  }
}
