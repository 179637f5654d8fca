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

  private var dump: Program { Program(folder: context.tools.folder, name: "pg_dump") }
  private var restore: Program { Program(folder: context.tools.folder, name: "pg_restore") }

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
    var attempts = 5
    while true {
      attempts -= 1
      var snapshot = try await record.phase(slot == nil ? "snapshot" : "slot and snapshot") {
        try await SourceSnapshot(of: name, from: source, creatingSlot: slot)
      }
      record.tookSnapshot()
      do {
        try await requireCommonNames(snapshot)
        let left = try await ExtensionPrivileges.entries(of: extensionsLeftOut, over: snapshot.connection)
        let taken = snapshot
        // Meanwhile, as the locks of pg_dump are not to come any later for it.
        async let objects = readObjects(taken, if: readsObjects)
        let archive: SchemaArchive
        do {
          archive = try await slots.run {
            try await record.phase("dump of the schema") {
              try await SchemaArchive(
                of: name, from: source, dump: dump, restore: restore,
                encoding: SchemaArchive.encoding(from: taken.connection.session, into: targetEncoding),
                arguments: ["--create", "--snapshot=\(taken.id)", "--lock-wait-timeout=5s"]
                  + context.pair.options.dumpArguments(for: name),
                leavingOut: left)
            }
          }
        } catch {
          // The snapshot's connection is used again.
          _ = await objects
          throw error
        }
        snapshot.objects = await objects
        return (snapshot, archive)
      } catch {
        // Whoever waits for the snapshot's locks has pg_dump wait behind: they are given way.
        let isLate = "\(error)".contains("statement timeout")
        let isInTheWay = attempts > 0 ? isLate ? true : (try? await snapshot.isInTheWay()) ?? false : false
        await snapshot.close()
        guard isInTheWay else { throw error }
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
    if !resumption.hasBegun {
      try await slots.run {
        try await record.phase("database") {
          try await createDatabase(archive, creates: creates(resumption), digest: digest)
        }
      }
    }
    let begun = resumption.steps["begun"]?.split(separator: " ").first
    if let begun, !resumption.steps.keys.contains(where: { $0.hasPrefix("schema") }) {
      try await note("begun", "\(begun) \(digest)")
    }
    // One that was there may have been created by a run that was killed at once: it gets its properties in any case.
    let isCreated = creates(resumption) || resumption.steps["begun"]?.hasPrefix("created ") == true
    if !isCreated, resumption.steps["schema"] == nil {
      let properties = try await DatabaseProperties(of: snapshot)
      let refused = try await target.session(in: name, for: "setting the database's properties") {
        try await properties.apply(over: $0)
      }
      if !refused.isEmpty { record.note("without " + refused.joined(separator: "; ")) }
    }
    if resumption.steps["schema"] == nil {
      try await slots.run {
        try await record.phase("schema") { try await restoreSchema(archive, snapshot, resumption) }
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
      try await buildConstraints(after, archive, resumption, foreignKeys: isComplete)
    }
    // Triggers come after all rows.
    if isComplete {
      try await record.phase("rest of the schema") { try await restoreRest(rest, archive, resumption) }
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
        try await record.phase("foreign keys") { try await buildForeignKeys(after, archive, resumption) }
        try await record.phase("rest of the schema") { try await restoreRest(rest, archive, resumption) }
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

  /// Source and target, as of the snapshot.
  ///
  /// - Parameters:
  ///   - sequences: those that are known to differ.
  ///   - compared: tables that were just found to be the same.
  private func verify(
    _ tables: [SourceTable], _ sequences: [Verification.Mismatch], _ snapshot: SourceSnapshot, _ facts: SourceFacts?,
    less compared: Set<Int>
  ) async throws {
    try await record.phase("verification") {
      let tables = tables.filter { !compared.contains($0.oid) }
      var verification: Verification
      if let facts {
        verification = try await compare(ComparedTable.all(of: tables), with: facts)
      } else {
        verification = try await Verifier(
          mode: settings.verification, snapshot: snapshot, target: target, slots: slots, jobs: settings.jobs,
          comparesObjects: comparesObjects, known: knownDifferences
        ).run(tables)
        if carriesLargeObjects {
          verification.mismatches += try await LargeObjectComparison(snapshot, target, settings.verification)
            .mismatches()
        }
      }
      verification.tables += compared.count
      verification.mismatches += sequences
      record.verified(verification)
      noteDifferences(verification)
      noteChanged(await snapshot.locks.changed)
      guard verification.mismatches.isEmpty else {
        let first = verification.mismatches[0]
        // What goes on from the slot is not compared.
        try await target.session(in: name, for: "writing the journal") {
          _ = try await $0.pipeline([[journal.forget([KeptReplication.step])]])[0].get()
        }
        throw MigrationError(
          "source and target differ in \(verification.mismatches.count) places; \(first.object): \(first.message)")
      }
    }
  }

  /// Everything of the source was to be carried over, so that both have the same objects.
  var comparesObjects: Bool { context.pair.options.tables == .all && extensionsLeftOut.isEmpty }

  var knownDifferences: ObjectComparison.Known {
    ObjectComparison.Known(absentRoles: Set(roles.placeholders + roles.refused), keepsOwners: ownership.isEmpty)
  }

  /// Takes back what was granted for the restore.
  private func release(_ snapshot: SourceSnapshot) async throws {
    if givesObjectsAway { try await SchemaGrants(snapshot: snapshot, target: target, journal: journal).revoke() }
    try await preparation.release(roles, in: name)
  }

  /// Of a replication that was gone on with: rows follow the source from now on, and the cutover compares them.
  private func compareSchemas() async throws {
    record.note(
      settings.stopsReplication
        ? "rows were not compared, as the snapshot that was copied is gone"
        : "rows are compared at the cutover, as the snapshot that was copied is gone")
    guard settings.verification != .none, comparesObjects else { return }
    try await record.phase("verification") {
      let schema = try await SchemaComparison(database: name, source: source, target: target, known: knownDifferences)
        .run()
      var verification = Verification(mode: settings.verification, tables: 0, mismatches: [])
      (verification.objects, verification.objectDifferences) = (schema.objects, schema.differences)
      record.verified(verification)
      noteDifferences(verification)
    }
  }

  /// What differs in the schema is told, and no reason to have failed: whose objects are whose, for example, is what the
  /// target's role may give away.
  private func noteDifferences(_ verification: Verification) {
    guard let differences = verification.objectDifferences, let first = differences.first else { return }
    let more = differences.count > 1 ? ", and \(differences.count - 1) more differences" : ""
    record.note("the schemas differ: \(first.object): \(first.message)\(more)")
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

  // MARK: Rows and indexes

  /// - Returns: what of the source is to be compared, where the snapshot has been given back.
  private func copy(
    _ all: [SourceTable], _ after: EntriesAfterData, _ archive: SchemaArchive, _ snapshot: SourceSnapshot,
    _ resumption: Resumption, _ replication: Replication?, _ kept: KeptReplication?
  ) async throws -> SourceFacts? {
    if let kept { try await kept.emptyTables(of: self) }
    let left = Set(kept?.left.map(\.oid) ?? [])
    let tables = all.filter { !left.contains($0.oid) }
    let plan = CopyPlan(tables: tables, jobs: settings.jobs, canSplit: snapshot.version.major >= 14)
    record.events(
      .sized(database: name, tables: tables.count, bytes: tables.reduce(0) { $0 + $1.sizeBytes }))
    let position = try await replication?.position()
    let sequences = SequenceCopy(snapshot, target, archive, extensionsLeftOut)
    let missing = try await resumption.missing(of: plan, self, snapshot, slot: position)
    let missingTables = Set(missing.map(\.table.oid))
    // Also what an interrupted run has copied, until it is read to be compared.
    await snapshot.need(tables.filter { missingTables.contains($0.oid) || readsBeforehand })
    let complete = tables.filter { !missingTables.contains($0.oid) }
    for table in complete { record.copied(table, rows: resumption.rows(of: table), bytes: 0) }
    // The server copies into tables with their indexes.
    let ready = complete + all.filter { left.contains($0.oid) }
    let queue = WorkQueue(parts: missing, indexes: after.indexes(less: resumption.indexes), complete: ready)

    let compared = ComparedTable.all(
      of: kept == nil && readsBeforehand ? tables.filter { !resumption.compared.contains($0.oid) } : [])
    let format = try await target.session(in: name, for: "asking for the encoding", purpose: .reading) {
      RowFormat(from: snapshot.connection.session, to: $0.session)
    }
    let contents = SourceContents(of: compared, in: format)
    for table in complete { _ = await contents.arrived(table.oid) }
    let workers = min(settings.jobs, max(1, missing.count + after.indexes.count))
    return try await withThrowingTaskGroup(of: Void.self) { group in
      // First, as it can't be divided.
      async let largeObjects: Void = copyLargeObjects(snapshot, resumption, isKept: kept != nil)
      for _ in 0..<workers {
        group.addTask {
          do {
            try await slots.run { try await work(on: queue, archive, snapshot, contents) }
          } catch {
            await queue.cancel()
            throw error
          }
        }
      }
      await queue.untilCopied()
      var facts: SourceFacts?
      if await !queue.isCancelled {
        do {
          try await largeObjects
          if await snapshot.locks.sequences == nil { await snapshot.locks.keep(try await sequences.values()) }
          if kept == nil, readsBeforehand { facts = try await readFacts(compared, contents, snapshot) }
          if settings.verification != .sample || kept != nil { await snapshot.close() }
        } catch {
          await queue.cancel()
          throw error
        }
      }
      try await group.waitForAll()
      return facts
    }
  }

  /// One worker: a session on each side, opened when there is something to copy. That of the source is in the snapshot, and
  /// is closed when there is nothing more to copy.
  private func work(
    on queue: WorkQueue, _ archive: SchemaArchive, _ snapshot: SourceSnapshot, _ contents: SourceContents
  ) async throws {
    var sessions: (source: Connection, target: Connection)?
    func close() async {
      await sessions?.source.close()
      await sessions?.target.close()
      sessions = nil
    }
    do {
      while let work = await queue.next() {
        try Task.checkCancellation()
        switch work {
        case .copy(let part):
          if sessions == nil {
            let source = try await snapshot.join()
            sessions = (
              source,
              try await attempting("connecting", target, database: name) { try await target.connect(to: name) }
            )
          }
          guard let (source, destination) = sessions else { continue }
          let database = name
          let events = record.events
          let (rows, bytes) = try await snapshot.reading(part.table.name, over: source) { source in
            let copy = TableCopy(
              snapshot: snapshot, target: target, journal: journal, source: source, destination: destination,
              progress: { events(.copied(database: database, bytes: $0)) })
            return try await copy.copy(part)
          }
          record.copied(part.table, rows: rows, bytes: bytes)
          record.events(.table(database: name, name: part.table.name, rows: rows))
          if let complete = await queue.finished(work) {
            if let table = await contents.arrived(complete) {
              try await read(table, into: contents, snapshot, over: source)
            }
            await snapshot.locks.release(complete)
            await queue.settled(complete)
          }
          if await queue.hasNoMoreRows { await close() }
        case .build(let entries):
          if await queue.hasNoMoreRows { await close() }
          try await archive.restore(
            entries, into: name, of: target, settings: restoreSettings, arguments: reservations)
          await queue.finished(work)
        }
      }
      await close()
    } catch {
      await close()
      throw error
    }
  }

  /// Where tables are named that are taken along, `pg_dump` takes nothing else.
  var carriesLargeObjects: Bool {
    if case .only = context.pair.options.tables { false } else { true }
  }

  /// Large objects by `pg_dump` and `pg_restore`, as they are no rows of a table.
  ///
  /// - Parameter isKept: whether those that are there are replaced at cutover in any case.
  private func copyLargeObjects(_ snapshot: SourceSnapshot, _ resumption: Resumption, isKept: Bool) async throws {
    guard carriesLargeObjects, resumption.steps["large objects"] == nil else { return }
    let isThere = try await attempting("looking for large objects", source, database: name) {
      try await snapshot.alone { try await hasLargeObjects(over: $0) }
    }
    guard isThere else { return }
    if resumption.steps["large objects begun"] != nil {
      // From 17 on the data of a dump creates them. Before, it only writes into them, which can be done again.
      let there = try await target.session(in: name, for: "looking for large objects") {
        try await hasLargeObjects(over: $0)
      }
      if context.tools.pgDump.major >= 17 || isKept, there { return try await noteLargeObjects() }
    }
    try await slots.run {
      try await note("large objects begun")
      // In one transaction: an interrupted run leaves none of them behind.
      try await attempting("copying large objects", target, database: name) {
        try await snapshot.exported { id in
          try await dump.run(
            [
              "--format=custom", "--compress=0", "--section=data", "--exclude-schema=*", "--snapshot=\(id)",
              "--encoding=\(SchemaArchive.encoding(from: snapshot.connection.session, into: targetEncoding))",
            ],
            over: source.program(database: name),
            into: restore, ["--exit-on-error", "--single-transaction"] + ownership,
            over: target.program(database: name, settings: ["synchronous_commit": "off"]))
        }
      }
      try await noteLargeObjects()
    }
  }

  /// That they are there, and which ones: the target had none of its own.
  private func noteLargeObjects() async throws {
    try await target.session(in: name, for: "writing the journal") { connection in
      let rows = try await connection.query(ReadingStatements.largeObjectNumbers)
      let oids = (0..<rows.count).compactMap { rows.text($0, 0).flatMap { Int($0) } }
      _ = try await connection.pipeline([journal.making(largeObjects: oids) + [journal.record("large objects")]])[0]
        .get()
    }
  }

  // MARK: After the rows

  /// - Parameter foreignKeys: whether all rows are there to which they refer.
  private func buildConstraints(
    _ after: EntriesAfterData, _ archive: SchemaArchive, _ resumption: Resumption, foreignKeys: Bool
  ) async throws {
    let attached = after.attached.filter { !resumption.indexes.contains($0.id) }
    try await slots.run(inUpTo: settings.jobs) { _ in
      try await archive.restore(
        attached, into: name, of: target, settings: restoreSettings, arguments: reservations)
    }
    if foreignKeys { try await buildForeignKeys(after, archive, resumption) }
  }

  private func buildForeignKeys(
    _ after: EntriesAfterData, _ archive: SchemaArchive, _ resumption: Resumption
  ) async throws {
    let foreignKeys = after.foreignKeys.filter { !resumption.indexes.contains($0.id) }
    try await slots.run(inUpTo: settings.jobs) { places in
      try await archive.restore(
        foreignKeys, into: name, of: target, settings: restoreSettings,
        arguments: ["--jobs=\(places)"] + reservations)
    }
  }

  /// What the planner knows of the tables.
  private func analyze(_ tables: [SourceTable]) async throws {
    let names = tables.filter { !$0.isOfExtension }.map(\.name)
    try await eachInSessions(names, jobs: settings.jobs, slots: slots, endpoint: target, database: name) {
      connection, table in
      _ = try await attempting("analysing \(table)", target, database: name) {
        try await connection.query("ANALYZE \(table)")
      }
    }
  }
}

/// Deals out elements to as many sessions as there are places.
func eachInSessions<Element: Sendable>(
  _ elements: [Element], jobs: Int, slots: Slots, endpoint: Endpoint, database: String,
  purpose: SessionPurpose = .writing,
  _ body: @escaping @Sendable (Connection, Element) async throws -> Void
) async throws {
  let workers = min(jobs, elements.count)
  try await withThrowingTaskGroup(of: Void.self) { group in
    for worker in 0..<max(workers, 0) {
      group.addTask {
        try await slots.run {
          try await endpoint.session(in: database, for: "connecting", purpose: purpose) { connection in
            for index in stride(from: worker, to: elements.count, by: workers) {
              try Task.checkCancellation()
              try await body(connection, elements[index])
            }
          }
        }
      }
    }
    try await group.waitForAll()
  }
}
