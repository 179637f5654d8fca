import Assessment
import Catalog
import Postgres

/// Carries one database over: its schema by `pg_dump` and `pg_restore`, its rows by COPY from server to server, and by
/// logical replication what is written to the source from then on.
struct DatabaseMigration: Sendable {
  let name: String
  let settings: Migrator.Settings
  let context: ValidatedContext
  let source: Endpoint
  let target: Endpoint
  /// A database of the target to be connected to where this one is not there yet.
  let targetEntrance: String
  let slots: Slots
  let journal: Journal
  let record: Record
  let preparation: RolePreparation
  let roles: RolePreparation.Prepared
  /// Whether it is to be replicated.
  let isReplicated: Bool
  /// Where the source may keep only so much WAL.
  let slotGuard: SlotGuard?
  /// What stands in the target's database that is not this run's.
  let found = FoundBefore.Holder()

  var dump: Program { Program(folder: context.tools.folder, name: "pg_dump") }
  var restore: Program { Program(folder: context.tools.folder, name: "pg_restore") }

  /// - Throws: `MigrationError`, `CancellationError`. What is in the journal then can be gone on with.
  func run() async throws -> MigratedDatabase {
    if settings.resumes { try await Resumption.makeSure(self) }
    if settings.resumes, let finished = try await finishedBefore() {
      return finished.status == .inStep ? try await resumeReplication(finished) : finished
    }
    var isDropped = false
    while true {
      await slotGuard?.begin()
      let beginning = try await begin()
      let (snapshot, replication) = (beginning.snapshot, beginning.replication)
      let finished: MigratedDatabase
      do {
        finished = try await watchingLocks(of: snapshot, beginning.archive) { [isDropped] in
          try await guardingSlot(of: replication) { try await run(beginning, isDropped: isDropped) }
        }
        await snapshot.close()
      } catch is StartedOver {
        await snapshot.close()
        isDropped = true
        continue
      } catch {
        await snapshot.close()
        await giveUpUnlessKept(replication)
        throw error
      }
      guard let replication, finished.status == .inStep else { return finished }
      return try await guardingSlot(of: replication) {
        try await catchUp(replication) ? record.inStep() : record.done()
      }
    }
  }

  /// What was to be gone on with is gone, the slot too: it begins with another one.
  private struct StartedOver: Error {}

  /// Nothing reads the slot of a replication that has not begun, for which the source would keep its WAL. With tables that
  /// have arrived, it is what they can be gone on with.
  private func giveUpUnlessKept(_ replication: Replication?) async {
    guard let replication else { return }
    let isKept = try? await Task {
      let steps = try await journaledSteps()
      guard let position = steps[KeptReplication.step], await slotGuard?.isGivenUp != true,
        Resumption.parts(of: steps).values.contains(where: { Resumption.areAll($0) })
      else { return false }
      // Of a slot that was made since, the journal knows nothing.
      if try await replication.isSubscribed() { return true }
      return try await replication.position() == position
    }.value
    // Where it is not known, nothing is assumed.
    if isKept ?? true {
      return record.leave(
        "slot \(replication.name) of the source is kept, and the source keeps its WAL for it: migrate --resume goes on "
          + "with it, cleanup removes it")
    }
    do { try await replication.remove() } catch { record.leave("\(error)") }
  }

  /// Takes the snapshot that is copied, and the schema as it sees it.
  ///
  /// - Parameters:
  ///   - slot: to be made with it.
  ///   - readsObjects: whether the source's objects are kept for later comparisons.
  func look(
    creating slot: ReplicationName? = nil, readsObjects: Bool = false
  ) async throws -> (SourceSnapshot, SchemaArchive) {
    let lastAttempt = 10
    var attempt = 0
    // For all locks of the dump, in seconds.
    var patience = 5
    while true {
      attempt += 1
      var snapshot = try await record.phase(slot == nil ? "snapshot" : "slot and snapshot") {
        try await SourceSnapshot(of: name, from: source, creatingSlot: slot)
      }
      record.tookSnapshot()
      do {
        try await requireCommonNames(snapshot)
        let left = try await ExtensionPrivileges.entries(of: extensionsLeftOut, over: snapshot.connection)
        let late = try await LateTables(of: snapshot.connection)
        let (taken, seconds) = (snapshot, patience)
        // Meanwhile, as the locks of pg_dump are not to come any later for it; afterwards where they were in its way: to
        // read a definition takes a lock too, and whoever waits for that one has pg_dump wait behind.
        let isMeanwhile = attempt == 1
        async let objects = readObjects(taken, if: readsObjects && isMeanwhile)
        let archive: SchemaArchive
        do {
          archive = try await slots.run {
            try await record.phase("dump of the schema") {
              try await SchemaArchive(
                of: name, from: source, dump: dump, restore: restore,
                encoding: SchemaArchive.encoding(from: taken.connection.session, into: targetEncoding),
                arguments: ["--create", "--snapshot=\(taken.id)", "--lock-wait-timeout=\(seconds)s"]
                  + context.pair.options.dumpArguments(for: name),
                leavingOut: left, late: late)
            }
          }
        } catch {
          // The snapshot's connection is used again.
          _ = await objects
          throw error
        }
        snapshot.objects = isMeanwhile ? await objects : await readObjects(taken, if: readsObjects)
        return (snapshot, archive)
      } catch {
        // Whoever waits for the snapshot's locks has pg_dump wait behind: they are given way.
        let isLate = "\(error)".contains("statement timeout")
        let isInTheWay = attempt < lastAttempt ? (try? await snapshot.isInTheWay()) ?? false : false
        await snapshot.close()
        guard attempt < lastAttempt, isLate || isInTheWay else { throw error }
        // Where nobody waits for them, the source is busy, or somebody else holds one for long.
        if !isInTheWay { patience = min(2 * patience, 60) }
        if let slot {
          try await source.session(in: name, for: "dropping the slot") {
            try await Replication.dropSlot(slot, over: $0)
          }
        }
      }
    }
  }

  private func run(_ beginning: Beginning, isDropped: Bool) async throws -> MigratedDatabase {
    let (snapshot, archive, replication) = (beginning.snapshot, beginning.archive, beginning.replication)
    let digest = sha256([UInt8](try await archive.text().utf8))
    var resumption = Resumption(isDropped: isDropped)
    if settings.resumes, !isDropped {
      resumption = try await record.phase("resumption") {
        try await Resumption(self, snapshot, archive, beginning.kept, digest: digest)
      }
    }
    if beginning.kept != nil, !resumption.hasBegun { throw StartedOver() }
    if !resumption.hasBegun, !creates(resumption) {
      let found = try await target.session(in: name, for: "looking at what is there", purpose: .reading) {
        try await FoundBefore(over: $0, isNew: false)
      }
      self.found.set(found)
      if try await createsNothing(archive, snapshot) {
        try await setProperties(snapshot, isNew: false)
        try await noteKeptOwners(archive, snapshot)
        return try await finishEmpty(archive, snapshot)
      }
    }
    var lacksProperties = resumption.hasBegun
    if resumption.hasBegun {
      try await LoadingRoles.remove(journal.run, in: name, of: target)
      try await revokeGranted()
    } else {
      lacksProperties = try await slots.run {
        try await record.phase("database") {
          try await createDatabase(archive, creates: creates(resumption), digest: digest)
        }
      }
    }
    // Nothing of another schema is there.
    if !resumption.hasSchema, let begun = resumption.steps["begun"]?.split(separator: " ").first {
      try await note("begun", "\(begun) \(digest)")
    }
    // One that was there may have been created by a run that was killed at once: it gets its properties in any case.
    let isCreated = creates(resumption) || resumption.steps["begun"]?.hasPrefix("created ") == true
    if !isCreated || lacksProperties, resumption.steps["schema"] == nil {
      try await setProperties(snapshot, isNew: isCreated)
    }
    try await noteKeptOwners(archive, snapshot)
    let owned = try await ownersEntries(snapshot)
    if resumption.steps["schema"] == nil {
      try await slots.run {
        try await record.phase("schema") { try await restoreSchema(archive, owned, snapshot, resumption) }
      }
    }

    let kept = beginning.kept
    let tables = try await tables(snapshot, archive)
    let after = try await EntriesAfterData(archive.afterData, tables: tables, snapshot)
    let rest = try await entries(after, archive, snapshot)
    // Not more than the snapshot has to be asked for, which is given back while indexes are built.
    let facts = try await record.phase(Record.copy) {
      try await copy(tables, after, archive, snapshot, resumption, replication, kept)
    }
    // Keys of tables that the server copies would not hold before it has.
    let isComplete = kept?.left.isEmpty ?? true
    try await record.phase("constraints") {
      try await buildConstraints(after, archive, owned, resumption, foreignKeys: isComplete)
    }
    // Triggers come after all rows.
    if isComplete {
      try await record.phase("rest of the schema") { try await restoreRest(rest, after, archive, owned, resumption) }
    }
    if isComplete { try await release(snapshot) }
    if !ownership.isEmpty {
      record.note("all objects belong to the target role, which may not give them to their owners")
    } else if !databaseOwnership.isEmpty {
      record.note("the database itself belongs to the target role, which may not give it to its owner")
    }
    let sequences = try await record.phase("sequences") {
      try await SequenceCopy(snapshot, target, archive, extensionsLeftOut).run(await snapshot.locks.sequences)
    }
    if isComplete { try await record.phase("statistics") { try await analyze(tables) } }
    if settings.verification != .none, kept == nil {
      try await verify(tables, sequences, snapshot, facts, less: resumption.compared)
    }
    await snapshot.close()
    let isSubscribed = try await subscribe(replication, kept)
    let carried = isSubscribed ? try await carried(tables, archive, replication) : []
    if let kept, isSubscribed {
      // Whoever asks for the state meanwhile is to know whose the tables are.
      try await target.session(in: name, for: "noting what is replicated") {
        _ = try await $0.pipeline([[journal.adding(carried)]])[0].get()
      }
      if !kept.left.isEmpty {
        try await synchronise(kept)
        try await record.phase("foreign keys") { try await buildForeignKeys(after, archive, owned, resumption) }
        try await record.phase("rest of the schema") { try await restoreRest(rest, after, archive, owned, resumption) }
        try await release(snapshot)
        try await record.phase("statistics") { try await analyze(tables) }
      }
      try await compareSchemas()
    }
    let finished = isSubscribed ? record.inStep() : record.done()
    try await target.session(in: name, for: "finishing") { connection in
      if finished.status == .inStep { try await keepObjects(snapshot.objects, over: connection) }
      // This commit is not asynchronous, so that all before it are on disk with it.
      var statements = [
        Statement("SET synchronous_commit = on"), try journal.record(finished: finished), journal.adding(carried),
      ]
      if let replication, finished.status == .inStep {
        statements += try await manifest(replication, over: connection)
      }
      _ = try await connection.pipeline([statements])[0].get()
    }
    return finished
  }

  private func setProperties(_ snapshot: SourceSnapshot, isNew: Bool) async throws {
    let properties = try await DatabaseProperties(of: snapshot)
    let refused = try await target.session(in: name, for: "setting the database's properties") {
      try await properties.apply(isNew: isNew, over: $0)
    }
    if !refused.isEmpty { record.note("without " + refused.joined(separator: "; ")) }
  }

  /// Takes back what was granted for the restore.
  private func release(_ snapshot: SourceSnapshot) async throws {
    if givesObjectsAway { try await SchemaGrants(snapshot: snapshot, target: target, journal: journal).revoke() }
    try await preparation.release(roles, in: name)
  }

  /// The tables whose rows are copied, the largest first.
  func tables(_ snapshot: SourceSnapshot, _ archive: SchemaArchive) async throws -> [SourceTable] {
    try await snapshot.rows(
      of: SourceTable.self, for: "listing the tables", SourceTable.sql(snapshot.version),
      [
        arrayLiteral(archive.beforeData.lazy.filter { $0.isKind("TABLE") }.map(\.oid)),
        arrayLiteral(extensionsLeftOut),
      ])
  }

  // MARK: What is left out

  var extensionsLeftOut: [String] { context.pair.options.excludedExtensions }
}
