import Assessment
import Catalog
import Postgres
import Synchronization

/// What comes after the switch, with the target in use. Each part is tried; what fails is done by the next `cutover`, which
/// finds the manifest saying that it is switched over.
extension Cutover {
  func tidy() async throws {
    // The locks of the tables go first: what is removed from the source takes some of its own.
    if let holder = sessions?.holder { _ = try? await holder.query("ROLLBACK") }
    step("removing the subscription, the slot and the publication")
    var problems: [String] = []
    // Of a server that is silent, not every part finds that out for itself. Views take as long as they take.
    let limit = Deadline(seconds: Self.patienceAfterwards)
    for part in Part.allCases {
      do {
        switch part {
        case .subscription: try await limit.run { try await self.dropSubscription() }
        case .settings: try await limit.run { try await self.putSettingsBack() }
        case .slots: try await limit.run { try await self.dropSlots() }
        case .publication: try await limit.run { try await self.dropPublication() }
        case .views: try await refreshAfterwards()
        case .memberships: try await limit.run { try await self.giveMembershipsBack() }
        }
      } catch is Deadline.Passed {
        problems.append("a server did not answer within \(Self.patienceAfterwards) s")
      } catch let error as CancellationError {
        throw error
      } catch {
        problems.append("\(error)")
      }
    }
    if !problems.isEmpty { throw MigrationError(problems.joined(separator: "; ")) }
    let steering = try steering.orLost()
    try await attempting("removing the manifest", replications.target, database: database) {
      _ = try await steering.connection.query(steering.journal.removal.sql)
    }
  }

  /// In this order: views are refreshed by the rights of their owners.
  private enum Part: CaseIterable { case subscription, settings, slots, publication, views, memberships }

  /// For all that is removed, in seconds.
  private static let patienceAfterwards = 60

  /// For so long it waits for a lock on the catalog of subscriptions, which a dump of any database holds.
  private static let lockTimeout = "10s"

  private func dropSubscription() async throws {
    let steering = try steering.orLost()
    let (name, connection) = (steering.manifest.name, steering.connection)
    try await attempting("removing the subscription", replications.target, database: database) {
      guard try await connection.query(ReadingStatements.subscription, ["\(name)"]).count > 0 else { return }
      let limit = Statement("SET LOCAL lock_timeout = '\(Self.lockTimeout)'")
      switch try await steering.means() {
      case .own:
        let drop = Statement("DROP SUBSCRIPTION \(name)")
        _ = try await connection.pipeline([[Statement("BEGIN"), limit, drop, Statement("COMMIT")]])[0].get()
      case .aivenExtras:
        // The slot is not its own to drop: the source lets nobody in.
        do {
          _ = try await connection.query("SELECT aiven_extras.pg_drop_subscription($1, false)", ["\(name)"])
        } catch let error as PostgresError where error.sqlstate == "42883" {
          _ = try await connection.query("SELECT aiven_extras.pg_drop_subscription($1)", ["\(name)"])
        }
      case nil: throw MigrationError("it is not this role's")
      }
    }
    try await attempting("putting replica identities back", replications.target, database: database) {
      try await TemporaryIdentities.putBack(steering.manifest.identities, on: .target, over: connection)
    }
  }

  private func dropSlots() async throws {
    let gate = try gate.orLost()
    let name = replication.name
    let others = try await replications.leftovers(of: database, beside: name)
    try await attempting("removing the slot", replications.source, database: gate.entrance) {
      for name in [name] + others { try await Replication.dropSlot(name, over: gate.connection) }
    }
  }

  /// Where the source was closed by a run that is gone, nobody gets in: what is there stays, and does no harm.
  private func dropPublication() async throws {
    let gate = try gate.orLost()
    if let sessions { return try await dropPublications(over: sessions.worker, gate) }
    guard try await gate.isOpen() else {
      result.add(
        "the source stays closed, so that the publication \(replication.name) and \(replicaIdentities) stay there: "
          + "cleanup removes them once it is open")
      return
    }
    let connection = try await attempting("connecting", replications.source, database: database) {
      try await replications.source.connect(to: database)
    }
    do {
      try await dropPublications(over: connection, gate)
    } catch {
      await connection.close()
      throw error
    }
    await connection.close()
  }

  private func dropPublications(over connection: Connection, _ gate: SourceGate) async throws {
    let rows = try await attempting("listing the publications", replications.source, database: database) {
      try await connection.query(ReadingStatements.publications)
    }
    let slots = try await attempting("listing the slots", replications.source, database: gate.entrance) {
      try await gate.connection.query(ReadingStatements.slots)
    }
    let names = Set((0..<slots.count).compactMap { slots.text($0, 0) })
    for row in 0..<rows.count {
      guard let name = rows.text(row, 0).flatMap({ ReplicationName($0) }) else { continue }
      if name != replication.name {
        // Another target's has its slot.
        guard name.target == replication.name.target, !names.contains("\(name)") else { continue }
        // Of a run that failed: the target's schema was taken when these identities were there.
        let identities = try await attempting(
          "reading the publication's comment", replications.source, database: database
        ) {
          try await PublicationMemo.read(of: name, over: connection)?.identities ?? []
        }
        let target = try steering.orLost().connection
        try await attempting("putting replica identities back", replications.target, database: database) {
          try await TemporaryIdentities.putBack(identities, on: .target, over: target)
        }
      }
      try await attempting("removing the publication", replications.source, database: database) {
        try await Replication.dropPublication(name, over: connection)
      }
    }
  }

  private var replicaIdentities: String {
    "the replica identities of \(steering?.manifest.identities.count ?? 0) tables"
  }

  // MARK: Views

  /// Those that hold something on the source, in the order in which the restore has created them on the target.
  func populatedViews() async throws -> [String] {
    let source = try sessions.orLost().worker
    return try await attempting("listing materialized views", replications.source, database: database) {
      try await MaterializedViewRefresh.names(source)
    }
  }

  func refreshBefore() async throws {
    let names = try await views.common(with: try await populatedViews())
    guard !names.isEmpty else { return }
    step("refreshing the materialized views of the target")
    try await views.run(names)
    step("\(names.count) refreshed")
  }

  private func refreshAfterwards() async throws {
    guard settings.refresh != .before else { return }
    let names = try await views.common(with: try steering.orLost().manifest.populatedViews)
    result.notRefreshed = names
    guard settings.refresh == .after, !names.isEmpty else { return }
    step("refreshing the materialized views of the target: \(listed(names))")
    let done = Mutex<Set<String>>([])
    defer { result.notRefreshed.removeAll { name in done.withLock { $0.contains(name) } } }
    try await views.run(names) { name in done.withLock { _ = $0.insert(name) } }
  }

  // MARK: Settings and memberships

  private func putSettingsBack() async throws {
    let steering = try steering.orLost()
    try await attempting("putting settings back", replications.target, database: database) {
      try await WorkerSettings(journal: steering.journal).putBack(over: steering.connection)
    }
  }

  private func giveMembershipsBack() async throws {
    let (manifest, connection) = (try steering.orLost().manifest, try steering.orLost().connection)
    try await attempting("giving memberships back", replications.target, database: database) {
      try await replications.giveBack(manifest.memberships, of: manifest.name, over: connection)
    }
  }
}
