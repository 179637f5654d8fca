import Assessment
import Catalog
import Postgres
import Rules

/// What a database that is replicated takes beyond its copy.
extension DatabaseMigration {
  /// What an interrupted run has noted of the database, by step; nothing where it had not begun.
  func journaledSteps() async throws -> [String: String] {
    guard try await target.has(database: name, from: targetEntrance) else { return [:] }
    return try await target.session(in: name, for: "reading the journal") { connection in
      guard try await Journal.all(over: connection).contains(where: { $0.run == journal.run }) else { return [:] }
      return try await journal.steps(over: connection)
    }
  }

  /// What was done, where nothing is left to be done.
  func finishedBefore() async throws -> MigratedDatabase? {
    try await journaledSteps()[Journal.done].flatMap(Journal.finished)
  }

  /// What a database's copy begins with.
  struct Beginning: Sendable {
    var snapshot: SourceSnapshot
    var archive: SchemaArchive
    var replication: Replication?
    var kept: KeptReplication?
  }

  /// Takes the snapshot that is copied; where the database is to be replicated, that of a slot which holds all that
  /// follows, unless an interrupted run has left one that does. If that fails and dump is allowed, the database goes by
  /// dump.
  func begin() async throws -> Beginning {
    let isKnown = settings.resumes && settings.replicates
    let wasReplicated = isKnown ? try await journaledSteps()[KeptReplication.step] != nil : false
    guard isReplicated || wasReplicated else {
      // It was perhaps to be replicated when it was interrupted.
      if settings.resumes {
        let replication = try await replication()
        if try await replication.exists() { try await replication.remove() }
      }
      let (snapshot, archive) = try await look()
      return Beginning(snapshot: snapshot, archive: archive)
    }
    let replication = try await replication()
    if settings.resumes {
      if let kept = try await kept(replication) {
        if kept.isSubscribed { _ = await slotGuard?.subscribe() }
        let (snapshot, archive) = try await look(readsObjects: true)
        record.use(.replication)
        return Beginning(snapshot: snapshot, archive: archive, replication: replication, kept: kept)
      }
      try await replication.remove()
    }
    do {
      // Where something could not be seen, and is accepted so, the tables themselves tell.
      let crossing = crossing
      let tables = try await publishedTables(crossing)
      guard try await hasContent(tables) else {
        record.use(.dump)
        record.note("nothing to replicate: no table, no sequence and no large object")
        let (snapshot, archive) = try await look()
        return Beginning(snapshot: snapshot, archive: archive)
      }
      var memo = PublicationMemo()
      memo.identities = try await source.session(in: name, for: "looking at replica identities") {
        try await TemporaryIdentities.planned(crossing?.changes ?? [], over: $0)
      }
      let known = memo
      let byExtension = try await record.phase("publication") { try await replication.publish(tables, memo: known) }
      if let first = memo.identities.first {
        let others = memo.identities.count > 1 ? " and \(memo.identities.count - 1) more" : ""
        record.note("given a replica identity until the cutover: table \(first.name)\(others)")
      }
      if byExtension { record.note("published through aiven_extras") }
      let (snapshot, archive) = try await look(creating: replication.name, readsObjects: true)
      record.use(.replication)
      noteUnpublished(tables)
      return Beginning(snapshot: snapshot, archive: archive, replication: replication)
    } catch {
      try await fallBack(replication, because: error)
      let (snapshot, archive) = try await look()
      return Beginning(snapshot: snapshot, archive: archive)
    }
  }

  private func replication() async throws -> Replication {
    try await Replication(
      of: name, run: journal.run, source: source, target: target, targetEntrance: targetEntrance,
      sourceForTarget: settings.sourceForTarget)
  }

  private var crossing: Crossing? {
    try? context.pair.databasePairs.first { $0.name.isSameName(as: name) }?.crossing()
  }

  /// What an interrupted run has left of the replication, where it can be gone on with.
  private func kept(_ replication: Replication) async throws -> KeptReplication? {
    let steps = try await journaledSteps()
    guard steps[KeptReplication.step] != nil else { return nil }
    let isSubscribed = try await replication.isSubscribed()
    let tables = try await publishedTables(crossing)
    let kept = try await source.session(in: name, for: "looking at the slot", purpose: .reading) {
      try await KeptReplication(replication, steps: steps, tables: tables, over: $0, isSubscribed)
    }
    guard let kept, isSubscribed || kept.left.isEmpty || hasRoomForCopies else { return nil }
    let copied = kept.left.isEmpty ? "" : "; the target's server copies \(kept.left.count) of them"
    record.note("gone on with from the slot of the interrupted run: \(kept.published.count) tables\(copied)")
    noteUnpublished(tables)
    return kept
  }

  /// Whether the server can copy tables beside all that it applies: each copy takes a worker, and a slot on the source.
  private var hasRoomForCopies: Bool {
    let replicated = context.databases.count { $0.method == .replication }
    return context.pair.replicationsAtOnce.map { $0 > replicated } ?? true
  }

  private func publishedTables(_ crossing: Crossing?) async throws -> [PublishedTable] {
    try await source.session(in: name, for: "listing the tables to be published") {
      try await PublishedTable.all(of: name, over: $0, options: context.pair.options, crossing: crossing)
    }
  }

  /// Whether there is anything that could be written to: else it needs neither slot nor subscription.
  private func hasContent(_ tables: [PublishedTable]) async throws -> Bool {
    guard tables.isEmpty else { return true }
    return try await source.session(in: name, for: "looking for something to replicate", purpose: .reading) {
      try await $0.query(ReadingStatements.hasContent).text(0, 0) == "t"
    }
  }

  private func noteUnpublished(_ tables: [PublishedTable]) {
    let late = tables.filter { $0.obstacle != nil }
    for obstacle in late.compactMap(\.obstacle).uniqued {
      let tables = late.filter { $0.obstacle == obstacle }
      let others = tables.count > 1 ? " and \(tables.count - 1) more" : ""
      record.note("copied again at cutover: table \(tables[0].name)\(others), as \(obstacle.rawValue)")
    }
  }

  /// Removes what was made of a replication. The rows that were copied stay what they are: those of the snapshot.
  private func fallBack(_ replication: Replication, because error: any Error) async throws {
    do {
      try await replication.remove()
    } catch let removal {
      throw MigrationError("\(error); and what was made of the replication is still there: \(removal)")
    }
    guard settings.fallsBack, !(error is CancellationError) else { throw error }
    record.use(.dump)
    record.note("by dump, as the replication could not be set up: \(error)")
  }

  /// Lets the target apply what has been written since the snapshot.
  ///
  /// - Returns: whether it does; else it went by dump.
  func subscribe(_ replication: Replication?, _ kept: KeptReplication?) async throws -> Bool {
    guard let replication else { return false }
    if let slotGuard, await !slotGuard.subscribe() {
      if kept != nil { throw MigrationError(slotGuard.reason) }
      record.use(.dump)
      record.note("by dump: \(slotGuard.reason)")
      return false
    }
    do {
      let byExtension = try await record.phase("subscription") {
        if let kept { return try await replication.subscribe(goingOnWith: kept) }
        return try await replication.subscribe()
      }
      if byExtension { record.note("subscribed through aiven_extras") }
      return true
    } catch {
      // Where it is there all the same, rows have perhaps been applied: these are not those of the snapshot any more.
      if kept != nil || (error as? MigrationError)?.isSilence == true { throw error }
      if try await replication.isSubscribed() { return true }
      try await fallBack(replication, because: error)
      return false
    }
  }

  /// Waits until the server has copied what was left to it.
  func synchronise(_ kept: KeptReplication) async throws {
    try await record.phase("copies by the server") {
      try await InStep(kept.replication, patience: .seconds(3600)).reach(lag: nil) { lag in
        record.events(.lag(database: name, bytes: lag))
      }
    }
  }

  /// The step of the journal that tells that a replication is being ended: what is left of it can't catch up.
  private static let stopping = "stopping"

  /// Waits until the target has caught up. An error leaves the replication as it is: what hinders it may go away.
  ///
  /// - Returns: whether it goes on replicating.
  func catchUp(_ replication: Replication) async throws -> Bool {
    try await record.phase("catching up") {
      try await InStep(replication).reach(lag: settings.maximumLag) { lag in
        record.events(.lag(database: name, bytes: lag))
      }
    }
    guard settings.stopsReplication else { return true }
    try await note(Self.stopping)
    try await stop(replication)
    return false
  }

  private func stop(_ replication: Replication) async throws {
    try await record.phase("end of the replication") { try await replication.remove() }
    // Afterwards, so that no row comes that has used a later value.
    try await record.phase("sequences") {
      let sequences = SequenceValues(database: name, source: source, target: target)
      try await replication.inBoth(for: "setting sequences") { here, there in
        let names = try await journal.relations(over: there).filter { $0.kind == .sequence }.map(\.name)
        try await sequences.carry(Set(names), margin: 0, from: here, to: there)
      }
    }
    record.note("replication was ended when the target had caught up")
  }

  /// Goes on with a replication that an interrupted run has set up.
  func resumeReplication(_ database: MigratedDatabase) async throws -> MigratedDatabase {
    let replication = try await replication()
    _ = await slotGuard?.subscribe()
    var database = database
    if try await journaledSteps()[Self.stopping] != nil {
      try await stop(replication)
      database.status = .done
      return database
    }
    return try await guardingSlot(of: replication) { [database] in
      var database = database
      if try await !catchUp(replication) { database.status = .done }
      return database
    }
  }
}
