import Assessment
import Postgres

/// What the tables of the source hold, each read in the snapshot as soon as its rows have been copied: the snapshot need
/// not be held until the target's tables are compared.
actor SourceContents {
  /// In which both sides are read.
  let format: RowFormat
  private var content: [String: TableContent?] = [:]
  /// By the number of a table whose rows are still to come, what is read with it.
  private var tables: [Int: ComparedTable] = [:]
  /// By name, how many tables it still waits for.
  private var missing: [String: Int] = [:]

  /// - Parameter tables: those that are to be compared.
  init(of tables: [ComparedTable], in format: RowFormat) {
    self.format = format
    for table in tables {
      missing[table.name] = table.oids.count
      for oid in table.oids { self.tables[oid] = table }
    }
  }

  /// The rows of a table are there.
  ///
  /// - Returns: what can be read now.
  func arrived(_ table: Int) -> ComparedTable? {
    guard let compared = tables.removeValue(forKey: table) else { return nil }
    missing[compared.name, default: 1] -= 1
    return missing[compared.name] == 0 ? compared : nil
  }

  /// - Parameter content: nil where there is no such table.
  func keep(_ content: TableContent?, of table: ComparedTable) { self.content[table.name] = .some(content) }

  /// - Returns: nil for one that was not read.
  func content(of table: ComparedTable) -> TableContent?? { content[table.name] }
}

extension DatabaseMigration {
  /// What of the source is compared with the target, and needs the snapshot.
  struct SourceFacts: Sendable {
    var contents: SourceContents
    var objects: [String: Int]
    var largeObjects: (comparison: LargeObjectComparison, content: LargeObjectComparison.Content)?
  }

  /// Whether the target is compared with what was read of the source, and the snapshot is given back before that. A
  /// sample is chosen on the source, and read there when it is known.
  var readsBeforehand: Bool { settings.verification == .counts || settings.verification == .full }

  /// Reads a table of the source in the session that has copied it.
  func read(
    _ table: ComparedTable, into contents: SourceContents, _ snapshot: SourceSnapshot, over joined: Connection
  ) async throws {
    let (comparison, format) = (comparison, contents.format)
    do {
      let content = try await snapshot.reading(table.name, over: joined) {
        try await comparison.contentOfSource(table, format, over: $0)
      }
      await contents.keep(content, of: table)
    } catch is SourceSnapshot.Taken {
      await snapshot.locks.note(changed: table.name)
    }
  }

  private var comparison: TableComparison {
    TableComparison(mode: settings.verification, database: name, source: source, target: target, present: nil)
  }

  /// What an interrupted run has copied as of the same snapshot, and all that is no table.
  func readFacts(
    _ tables: [ComparedTable], _ contents: SourceContents, _ snapshot: SourceSnapshot
  ) async throws -> SourceFacts {
    var unread: [ComparedTable] = []
    for table in tables where await contents.content(of: table) == nil { unread.append(table) }
    let (workers, left) = (min(settings.jobs, unread.count), unread)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<workers {
        group.addTask {
          let joined = try await snapshot.join()
          do {
            for index in stride(from: worker, to: left.count, by: workers) {
              try await read(left[index], into: contents, snapshot, over: joined)
            }
            await snapshot.leave(joined)
          } catch {
            await snapshot.leave(joined)
            throw error
          }
        }
      }
      try await group.waitForAll()
    }
    let objects = try await attempting("counting objects", source, database: name) {
      try await snapshot.alone { try await ObjectCounts.counts(over: $0, leavingOut: found.value.kept) }
    }
    var facts = SourceFacts(contents: contents, objects: objects)
    if carriesLargeObjects {
      let comparison = LargeObjectComparison(snapshot, target, settings.verification)
      facts.largeObjects = (comparison, try await comparison.ofSource())
    }
    return facts
  }

  /// Compares what the target has with what was read of the source.
  func compare(_ tables: [ComparedTable], with facts: SourceFacts) async throws -> Verification {
    let comparison = comparison
    let found = Mismatches()
    try await eachInSessions(
      tables, jobs: settings.jobs, slots: slots, endpoint: target, database: name, purpose: .reading
    ) { connection, table in
      guard let here = await facts.contents.content(of: table) else { return }
      let format = facts.contents.format
      if let mismatch = try await comparison.difference(of: table, from: here, format, over: connection) {
        await found.add(mismatch)
      }
    }
    var verification = Verification(
      mode: settings.verification, tables: tables.count, mismatches: await found.all.sorted { $0.object < $1.object })
    if let (comparison, content) = facts.largeObjects {
      verification.mismatches += try await comparison.mismatches(from: content)
    }
    if comparesObjects {
      let counts = try await target.session(in: name, for: "counting objects", purpose: .reading) {
        try await ObjectCounts.counts(over: $0, leavingOut: self.found.value.kept)
      }
      verification.mismatches += ObjectCounts.mismatches(facts.objects, counts, found: self.found.value)
      let schema = try await SchemaComparison(database: name, source: source, target: target, known: knownDifferences)
        .run()
      (verification.objects, verification.objectDifferences) = (schema.objects, schema.differences)
    }
    return verification
  }

  private actor Mismatches {
    private(set) var all: [Verification.Mismatch] = []
    func add(_ mismatch: Verification.Mismatch) { all.append(mismatch) }
  }
}
