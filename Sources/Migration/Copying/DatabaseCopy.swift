import Assessment
import Catalog
import Postgres

/// The rows of a database, and what is built on them.
extension DatabaseMigration {
  /// - Returns: what of the source is to be compared, where the snapshot has been given back.
  func copy(
    _ all: [SourceTable], _ after: EntriesAfterData, _ archive: SchemaArchive, _ snapshot: SourceSnapshot,
    _ resumption: Resumption, _ replication: Replication?, _ kept: KeptReplication?
  ) async throws -> SourceFacts? {
    if let kept { try await kept.emptyTables(of: self) }
    let left = Set(kept?.left.map(\.oid) ?? [])
    let tables = try await resumption.withRows(all, snapshot).filter { !left.contains($0.oid) }
    let plan = CopyPlan(tables: tables, jobs: settings.jobs, canSplit: snapshot.version.major >= 14)
    record.events(
      .sized(database: name, tables: tables.count, bytes: tables.reduce(0) { $0 + $1.sizeBytes }))
    let position = try await replication?.position()
    let sequences = SequenceCopy(snapshot, target, archive, extensionsLeftOut)
    let missing = try await suspendingTriggers(
      of: resumption.missing(of: plan, self, snapshot, slot: position), resumption)
    let missingTables = Set(missing.map(\.table.oid))
    // Also what an interrupted run has copied, until it is read to be compared.
    let isCompared = kept == nil && readsBeforehand
    await snapshot.need(tables.filter { missingTables.contains($0.oid) || isCompared })
    let complete = tables.filter { !missingTables.contains($0.oid) }
    for table in complete { record.copied(table, rows: resumption.rows(of: table), bytes: 0) }
    // The server copies into tables with their indexes.
    let ready = complete + all.filter { left.contains($0.oid) }
    let order = LoadOrder(after.readings.filter { !$0.isIndex }, of: tables.map(\.name))
    let queue = WorkQueue(
      parts: missing, indexes: after.indexes(less: resumption.indexes), complete: ready,
      predecessors: order.predecessors(of: tables))

    record.events(
      .planned(database: name, planned(missing, after, resumption, tables, foreignKeys: kept?.left.isEmpty ?? true)))
    let compared = ComparedTable.all(
      of: isCompared ? tables.filter { !resumption.compared.contains($0.oid) } : [])
    let format = try await target.session(in: name, for: "asking for the encoding", purpose: .reading) {
      RowFormat(from: snapshot.connection.session, to: $0.session)
    }
    let contents = SourceContents(of: compared, in: format)
    for table in complete { _ = await contents.arrived(table.oid) }
    let workers = min(settings.jobs, max(1, missing.count + after.indexes.count))
    return try await asOwners(of: missing.map(\.destination)) { owners in
      return try await withThrowingTaskGroup(of: Void.self) { group in
        // First, as it can't be divided.
        async let largeObjects: Void = copyLargeObjects(snapshot, resumption, isKept: kept != nil)
        for _ in 0..<workers {
          group.addTask {
            do {
              try await slots.run { try await work(on: queue, after, archive, snapshot, contents, owners) }
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
            if resumption.replacesLargeObjects { try await replaceLargeObjects(snapshot) }
            if await snapshot.locks.sequences == nil { await snapshot.locks.keep(try await sequences.values()) }
            if isCompared { facts = try await readFacts(compared, contents, snapshot) }
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
  }

  /// With roles for those of these tables, as the server quotes them, whose code would run.
  func asOwners<T: Sendable>(of tables: [String], _ body: (LoadingRoles) async throws -> T) async throws -> T {
    try await LoadingRoles.with(
      Set(tables), in: name, of: target, run: journal.run, isReplica: false, acceptsCode: settings.acceptsCode(name),
      body)
  }

  /// One worker: a session on each side, opened when there is something to copy. That of the source is in the snapshot, and
  /// is closed when there is nothing more to copy. For tables with code of their owners, one of the owner.
  func work(
    on queue: WorkQueue, _ after: EntriesAfterData, _ archive: SchemaArchive, _ snapshot: SourceSnapshot,
    _ contents: SourceContents,
    _ owners: LoadingRoles
  ) async throws {
    var sessions: (source: Connection, target: Connection)?
    var owner: LoadingRoles.OwnersSession?
    func close() async {
      await sessions?.source.close()
      await sessions?.target.close()
      await owner?.connection.close()
      (sessions, owner) = (nil, nil)
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
          owner = try await owners.session(for: part.destination, keeping: owner)
          let loader = owner
          let (rows, bytes) = try await snapshot.reading(part.table.name, over: source) { source in
            let copy = TableCopy(
              snapshot: snapshot, target: target, journal: journal, source: source, destination: destination,
              owner: loader, progress: { events(.copied(database: database, bytes: $0)) })
            return try await copy.copy(part)
          }
          record.copied(part.table, rows: rows, bytes: bytes)
          record.events(.arrived(database: name, bytes: part.sizeBytes, wire: bytes))
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
          try await record.work(.indexes, "index \(entries.first?.id ?? 0)", bytes: after.work(of: entries)) {
            try await archive.restore(
              entries, into: name, of: target, settings: restoreSettings, arguments: reservations)
          }
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
  func copyLargeObjects(_ snapshot: SourceSnapshot, _ resumption: Resumption, isKept: Bool) async throws {
    guard carriesLargeObjects, !resumption.replacesLargeObjects, resumption.steps[LargeObjectStep.done] == nil else {
      return
    }
    let isThere = try await attempting("looking for large objects", source, database: name) {
      try await snapshot.alone { try await hasLargeObjects(over: $0) }
    }
    guard isThere else { return }
    if resumption.steps[LargeObjectStep.begun] != nil {
      // From 17 on the data of a dump creates them. Before, it only writes into them, which can be done again.
      let there = try await target.session(in: name, for: "looking for large objects") {
        try await hasLargeObjects(over: $0)
      }
      if context.tools.pgDump.major >= 17 || isKept, there { return try await noteLargeObjects() }
    }
    try await slots.run {
      try await note(LargeObjectStep.begun)
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
  func noteLargeObjects() async throws {
    try await target.session(in: name, for: "writing the journal") { connection in
      let made = journal.making(largeObjects: try await Self.largeObjects(over: connection))
      _ = try await connection.pipeline([made + [journal.record(LargeObjectStep.done)]])[0].get()
    }
  }

  private static func largeObjects(over connection: Connection) async throws -> [Int] {
    let rows = try await connection.query(ReadingStatements.largeObjectNumbers)
    return (0..<rows.count).compactMap { rows.text($0, 0).flatMap { Int($0) } }
  }

  /// When nobody else reads over the snapshot's session.
  func replaceLargeObjects(_ snapshot: SourceSnapshot) async throws {
    try await target.session(in: name, for: "writing the journal") { connection in
      let made = journal.making(largeObjects: try await Self.largeObjects(over: connection))
      let steps = [
        journal.forget([LargeObjectStep.begun, LargeObjectStep.done]),
        journal.record(LargeObjectStep.begun, LargeObjectStep.again),
      ]
      _ = try await connection.pipeline([made + steps])[0].get()
    }
    let (database, events) = (name, record.events)
    try await snapshot.turns.run {
      try await LargeObjectCopying(
        snapshot: snapshot, target: target, journal: journal,
        progress: { events(.copied(database: database, bytes: $0)) }
      ).run()
    }
    try await target.session(in: name, for: "writing the journal") {
      let steps = [
        journal.forget([LargeObjectStep.begun]), journal.record(LargeObjectStep.begun),
        journal.record(LargeObjectStep.done),
      ]
      _ = try await $0.pipeline([steps])[0].get()
    }
  }

  // MARK: After the rows

  /// - Parameter foreignKeys: whether all rows are there to which they refer.
  func buildConstraints(
    _ after: EntriesAfterData, _ archive: SchemaArchive, _ owned: OwnersEntries, _ resumption: Resumption,
    foreignKeys: Bool
  ) async throws {
    let attached = after.attached.filter { !resumption.indexes.contains($0.id) }
    try await slots.run(inUpTo: settings.jobs) { _ in try await restore(attached, archive, owned) }
    if foreignKeys { try await buildForeignKeys(after, archive, owned, resumption) }
  }

  func buildForeignKeys(
    _ after: EntriesAfterData, _ archive: SchemaArchive, _ owned: OwnersEntries, _ resumption: Resumption
  ) async throws {
    try await slots.run(inUpTo: settings.jobs) { places in
      for entries in [after.foreignKeys, after.codedReads ? [] : after.coded] {
        let missing = entries.filter { !resumption.indexes.contains($0.id) }
        try await record.work(.foreignKeys, "foreign keys", bytes: after.work(of: missing)) {
          try await restore(missing, archive, owned, arguments: ["--jobs=\(places)"])
        }
      }
    }
  }

  /// What the planner knows of the tables.
  func analyze(_ tables: [SourceTable]) async throws {
    let tables = tables.filter { !$0.isOfExtension }
    try await eachInSessions(tables, jobs: settings.jobs, slots: slots, endpoint: target, database: name) {
      connection, table in
      try await record.work(.statistics, "statistics of \(table.name)", bytes: table.sampledBytes) {
        _ = try await attempting("analysing \(table.name)", target, database: name) {
          try await connection.query("ANALYZE \(table.name)")
        }
      }
    }
  }

  // MARK: How much that is

  /// In bytes.
  private func planned(
    _ missing: [TablePart], _ after: EntriesAfterData, _ resumption: Resumption, _ tables: [SourceTable],
    foreignKeys: Bool
  ) -> [MigrationWork: Int] {
    let keys = foreignKeys ? (after.foreignKeys + after.coded).filter { !resumption.indexes.contains($0.id) } : []
    return [
      .rows: missing.sum(of: \.sizeBytes),
      .indexes: after.indexes(less: resumption.indexes).values.sum { after.work(of: $0.all) },
      .foreignKeys: after.work(of: keys), .statistics: tables.filter { !$0.isOfExtension }.sum(of: \.sampledBytes),
      .verification: verified(tables.filter { !resumption.compared.contains($0.oid) }),
    ]
  }

  /// What is read to compare these tables: to count rows takes an eighth of what their contents take.
  func verified(_ tables: [SourceTable]) -> Int {
    let bytes = tables.sum(of: \.sizeBytes)
    return switch settings.verification {
    case .none: 0
    case .counts, .sample: bytes / 8
    case .full: bytes
    }
  }
}

extension SourceTable {
  /// What `ANALYZE` reads: 30,000 blocks with the default of `default_statistics_target` (PostgreSQL's source, `std_typanalyze`).
  var sampledBytes: Int { min(sizeBytes, 30_000 * 8192) }
}

extension LoadOrder {
  /// By table, those that come first. Where rows go through a partitioned table, its partitions are one.
  func predecessors(of tables: [SourceTable]) -> [Int: Set<Int>] {
    guard !predecessors.isEmpty else { return [:] }
    let together = Dictionary(grouping: tables) { $0.routedThrough ?? $0.name }
    let byName = Dictionary(tables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return together.values.reduce(into: [:]) { found, group in
      let own = Set(group.map(\.oid))
      let read = Set(group.flatMap { predecessors[$0.name] ?? [] })
      let first = Set(read.compactMap { byName[$0]?.oid }).subtracting(own)
      if !first.isEmpty { for oid in own { found[oid] = first } }
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
