import Catalog
import Postgres

/// Copies what is not replicated: nobody writes to it now. What the target has of it is replaced.
struct LateCopying: Sendable {
  let snapshot: SourceSnapshot
  let target: Endpoint
  let journal: Journal
  let jobs: Int
  /// Whether tables with code of their owners are loaded with the target role's rights where those of the owners can't be
  /// had.
  let acceptsCode: Bool
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

  /// What of the target stands in the way of rows that are replaced.
  private struct Obstacles: Sendable {
    /// By the table that they refer to.
    var foreignKeys: [String: [ForeignKey]]
    var triggers: [FiringTrigger]
    /// Partitions and what is below them, by the partitioned table through which rows go.
    var trees: [String: Set<String>]
    var owners: [TableOwner]
    /// The connected one.
    var role: String
    /// Whether the role may switch off foreign keys.
    var mayBeReplica: Bool

    /// The tables that rows of this one may come to.
    func tables(below table: SourceTable) -> Set<String> {
      table.routedThrough.flatMap { trees[$0] } ?? [table.name]
    }

    /// Whether foreign keys stand in the way of some tables: only then may their owners' code run in replica mode, in
    /// which no trigger of any table acts.
    func haveKeys(_ tables: Set<String>) -> Bool {
      let involved = tables.union(tables.flatMap { trees[$0] ?? [] })
      return foreignKeys.contains { referenced, keys in
        involved.contains(referenced) || keys.contains { involved.contains($0.table) }
      }
    }

    func foreignKeys(to table: SourceTable) -> [ForeignKey] {
      ([table.name] + (table.routedThrough.map { [$0] } ?? [])).flatMap { foreignKeys[$0] ?? [] }
    }
  }

  private func obstacles(_ tables: [SourceTable]) async throws -> Obstacles {
    try await target.session(in: database, for: "looking at the tables to be copied") { connection in
      let version = ServerVersion(rawValue: connection.session.serverVersion)
      let foreignKeys = try await connection.query(ForeignKey.sql(version)).decode(ForeignKey.self)
      var trees: [String: Set<String>] = [:]
      for root in tables.compactMap(\.routedThrough).uniqued {
        let rows = try await connection.query(ReadingStatements.tree, [root])
        trees[root] = Set(rows.names())
      }
      return Obstacles(
        foreignKeys: Dictionary(grouping: foreignKeys, by: \.referenced),
        triggers: try await connection.query(FiringTrigger.sql).decode(FiringTrigger.self), trees: trees,
        owners: try await connection.query(TableOwner.sql(version), [connection.session.user]).decode(TableOwner.self),
        role: connection.session.user,
        mayBeReplica: try await isAllowedToBeReplica(connection, version))
    }
  }

  /// Those of extensions that have no rows of the database's own on either side take nothing, no privilege either.
  private func withRows(_ tables: [SourceTable]) async throws -> [SourceTable] {
    var kept: [SourceTable] = []
    for table in tables {
      if table.isOfExtension, try await !snapshot.hasRows(of: table), try await !isFilled(table) { continue }
      kept.append(table)
    }
    return kept
  }

  private func isFilled(_ table: SourceTable) async throws -> Bool {
    try await target.session(in: database, for: "looking for rows in \(table.name)", purpose: .reading) {
      try await $0.query(table.hasRows).text(0, 0) == "t"
    }
  }

  private func copy(_ all: [SourceTable]) async throws {
    let tables = try await withRows(all)
    guard !tables.isEmpty else { return }
    let obstacles = try await obstacles(tables)
    let parts = CopyPlan(tables: tables, jobs: 1, canSplit: false).parts.map { part in
      var part = part
      let references = obstacles.foreignKeys(to: part.table)
      let involved = obstacles.tables(below: part.table)
      part.isReplica = obstacles.mayBeReplica
      part.replacesReferencedRows = obstacles.mayBeReplica && !references.isEmpty
      part.suspendedForeignKeys = obstacles.mayBeReplica ? [] : references
      part.suspendedTriggers = obstacles.triggers.filter { involved.contains($0.table) }
      part.forcedRowSecurity = obstacles.owners.filter { $0.isForced && $0.table == part.destination }.map(\.table)
      part.replacesRowsOfRoot = part.table.routedThrough != nil
      part.replacesExtensionRows = part.table.isOfExtension
      return part
    }
    let groups = Self.groups(parts, obstacles.mayBeReplica ? [] : obstacles.foreignKeys.values.flatMap(\.self))
    let loaded = try asOwners(groups, obstacles)
    // The tables have their indexes.
    let readings = try await snapshot.rows(
      of: LoadReading.self, for: "looking for what code reads", LoadReading.sql(snapshot.version), LoadReading.noLimit)
    let order = LoadOrder(readings, of: tables.map(\.name))
    try await LoadingRoles.with(
      loaded, in: database, of: target, run: journal.run,
      isReplica: obstacles.mayBeReplica && obstacles.haveKeys(loaded), acceptsCode: acceptsCode
    ) { owners in
      for wave in Self.waves(groups, order) {
        let queue = PartQueue(wave)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<min(jobs, wave.count) { group.addTask { try await work(on: queue, owners) } }
          try await group.waitForAll()
        }
      }
    }
  }

  /// In each wave what reads nothing but tables of earlier ones.
  static func waves(_ groups: [[TablePart]], _ order: LoadOrder) -> [[[TablePart]]] {
    guard !order.predecessors.isEmpty else { return groups.isEmpty ? [] : [groups] }
    var places: [String: Int] = [:]
    for (place, group) in groups.enumerated() { for part in group { places[part.table.name] = place } }
    var left = Set(groups.indices)
    let read = groups.enumerated().map { place, group in
      Set(group.flatMap { order.predecessors[$0.table.name] ?? [] }.compactMap { places[$0] }).subtracting([place])
    }
    var waves: [[[TablePart]]] = []
    while !left.isEmpty {
      let next = left.filter { read[$0].isDisjoint(with: left) }
      let wave = next.isEmpty ? left : next
      waves.append(
        wave.sorted().map { place in
          let names = order.sorted(groups[place].map(\.table.name))
          let ranks = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
          return groups[place].sorted { (ranks[$0.table.name] ?? 0) < (ranks[$1.table.name] ?? 0) }
        })
      left.subtract(wave)
    }
    return waves
  }

  /// The tables that are loaded as their owners. One transaction can't be that of two owners, nor can an owner suspend
  /// foreign keys of others.
  private func asOwners(_ groups: [[TablePart]], _ obstacles: Obstacles) throws -> Set<String> {
    var tables: Set<String> = []
    for group in groups {
      let destinations = Set(group.map(\.destination))
      let keys = group.flatMap(\.suspendedForeignKeys)
      let involved = destinations.union(keys.map(\.table))
      guard let first = obstacles.owners.first(where: { involved.contains($0.table) }) else { continue }
      if destinations.count == 1, keys.isEmpty {
        tables.formUnion(destinations)
      } else if !acceptsCode {
        throw MigrationError(
          "\(first.words) has code, and role \(quotedIdentifier(obstacles.role)) has to suspend foreign keys to "
            + "load it, so that the code would run with its rights: from 15 on, GRANT SET ON PARAMETER "
            + "session_replication_role to it, or accept rule load-code in a waiver")
      }
    }
    return tables
  }

  private func work(on queue: PartQueue, _ owners: LoadingRoles) async throws {
    let source = try await snapshot.join()
    var owner: LoadingRoles.OwnersSession?
    do {
      try await target.session(in: database, for: "connecting") { destination in
        while let group = await queue.next() {
          try Task.checkCancellation()
          owner = try await owners.session(for: group[0].destination, keeping: owner)
          _ = try await TableCopy(
            snapshot: snapshot, target: target, journal: nil, source: source, destination: destination, owner: owner,
            progress: progress
          ).copy(group)
        }
      }
      await owner?.connection.close()
      await snapshot.leave(source)
    } catch {
      await owner?.connection.close()
      await snapshot.leave(source)
      throw error
    }
  }

  /// Tables that refer to each other go together, and partitions whose rows go through the same partitioned table, in the
  /// order of their sizes otherwise.
  static func groups(_ parts: [TablePart], _ foreignKeys: [ForeignKey]) -> [[TablePart]] {
    var groups: [[TablePart]] = []
    for part in parts {
      let place = part.table.routedThrough.flatMap { root in groups.firstIndex { $0[0].table.routedThrough == root } }
      if let place { groups[place].append(part) } else { groups.append([part]) }
    }
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
