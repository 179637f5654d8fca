import Assessment
import Catalog
import Postgres

/// What an interrupted run has left of a database, as far as it still holds.
///
/// Its snapshot is gone. What it has copied is worth something where a new snapshot sees the same transactions, or where the
/// slot that was made with the old one holds what has been written since. Else every table that has arrived is compared
/// with the source again, and copied again where it differs.
struct Resumption: Sendable {
  /// Of the journal.
  private(set) var steps: [String: String] = [:]
  /// Of the steps, those that are parts of tables: by the table's number, with the rows that have arrived.
  private var parts: [Int: [String: Int]] = [:]
  /// Entries of the archive whose indexes and constraints are there.
  private(set) var indexes: Set<Int> = []
  /// Whether the database has to be created again, whatever was there when both clusters were looked at.
  private(set) var isDropped = false
  /// Tables that have arrived, and are no longer what the source holds.
  private var outdated: Set<Int> = []
  /// Tables whose rows were just found to be the same.
  private(set) var compared: Set<Int> = []
  /// Whether the large objects that are there are of another snapshot, or were being replaced.
  private(set) var replacesLargeObjects = false
  /// nil where the rows are those of the new snapshot.
  private let kept: KeptReplication?

  var hasBegun: Bool { steps["begun"] != nil }
  /// Whether some of the schema is there.
  var hasSchema: Bool { steps.keys.contains { $0.hasPrefix("schema") && !$0.hasSuffix(" begun") } }
  init(isDropped: Bool = false) {
    self.isDropped = isDropped
    kept = nil
  }

  /// - Throws: `MigrationError` where nothing can be made of what is there.
  init(
    _ migration: DatabaseMigration, _ snapshot: SourceSnapshot, _ archive: SchemaArchive, _ kept: KeptReplication?,
    digest: String
  ) async throws {
    self.kept = kept
    steps = try await migration.journaledSteps()
    migration.found.set(FoundBefore(detail: steps[FoundBefore.step]))
    parts = Self.parts(of: steps)
    replacesLargeObjects = steps[LargeObjectStep.begun] == LargeObjectStep.again
    guard hasBegun else { return }
    for batch in try await begun(migration, snapshot, archive) {
      if try await Self.isThere(batch.entries, migration, snapshot) { steps[batch.step] = "" }
    }
    if let reason = try await whyNotToGoOn(migration, snapshot, archive, digest: digest) {
      try await startOver(migration, because: reason)
    } else {
      indexes = try await Self.existing(archive.afterData, migration, snapshot)
    }
  }

  /// That the run was about these servers, and the same of them: what it has made is never dropped for another one.
  static func makeSure(_ migration: DatabaseMigration) async throws {
    guard try await !migration.journaledSteps().isEmpty else { return }
    let manifest = try await migration.target.session(in: migration.name, for: "reading the manifest") {
      try await migration.journal.manifest(over: $0)?.content
    }
    guard let manifest else { return }
    let here = try await migration.source.place(of: migration.name)
    let there = try await migration.target.place(of: migration.name)
    if let contradiction = manifest.contradiction(source: here, target: there) { throw MigrationError(contradiction) }
    guard manifest.tables == migration.context.pair.options.tables else {
      throw MigrationError(
        "the interrupted run moved other tables of database \(quotedIdentifier(migration.name)): resume it with its filters, "
          + "or drop what it made")
    }
  }

  func rows(of table: SourceTable) -> Int { parts[table.oid]?.values.reduce(0, +) ?? 0 }

  /// Without tables of extensions that have no rows of the database's own, and never had: nothing of them is copied, and
  /// the role need not be able to write to them.
  func withRows(_ tables: [SourceTable], _ snapshot: SourceSnapshot) async throws -> [SourceTable] {
    var kept: [SourceTable] = []
    for table in tables {
      if table.isOfExtension, parts[table.oid] == nil, try await !snapshot.hasRows(of: table) { continue }
      kept.append(table)
    }
    return kept
  }

  static func parts(of steps: [String: String]) -> [Int: [String: Int]] {
    var parts: [Int: [String: Int]] = [:]
    for (step, detail) in steps where step.hasPrefix("rows ") {
      guard let oid = Int(step.dropFirst(5).prefix { $0 != " " }) else { continue }
      parts[oid, default: [:]][step] = Int(detail.prefix { $0 != " " }) ?? 0
    }
    return parts
  }

  /// Whether these are all parts of a table: each tells how many there are.
  static func areAll(_ parts: [String: Int]?) -> Bool {
    parts?.keys.first.map { $0.hasSuffix("/\(parts?.count ?? 0)") } ?? false
  }

  // MARK: What is missing

  /// Tables that are emptied together: those whose rows go through one partitioned table.
  private struct Group {
    var parts: [TablePart] = []
    var oids: Set<Int> { Set(parts.map(\.table.oid)) }
    /// Whether what is there of it goes; a whole table is emptied by its own copy.
    var emptying: String? {
      guard let first = parts.first, !first.table.isOfExtension else { return nil }
      if let root = first.table.routedThrough { return "TRUNCATE \(root)" }
      return first.isWhole && first.isFrozen ? nil : "TRUNCATE ONLY \(first.table.name)"
    }
  }

  /// So many tables are emptied in one transaction: each takes a lock.
  private static let emptiedAtOnce = 100

  /// The parts that are still to be copied. A table of which only some parts have arrived, under another snapshot or
  /// with other bounds, is emptied and copied as a whole. What is emptied is forgotten in the same transaction, and all of
  /// that comes before the journal says that what is there is of this snapshot.
  ///
  /// - Parameter position: where the slot begins that was made with the snapshot.
  func missing(
    of plan: CopyPlan, _ migration: DatabaseMigration, _ snapshot: SourceSnapshot, slot position: String?
  ) async throws -> [TablePart] {
    let isSame = steps["snapshot"] == snapshot.identity && kept == nil
    var groups: [String: Group] = [:]
    for part in plan.parts { groups[part.table.routedThrough ?? part.table.name, default: Group()].parts.append(part) }
    let again = groups.values.filter { isToBeCopiedAgain($0, isSame: isSame) }
    for start in stride(from: 0, to: again.count, by: Self.emptiedAtOnce) {
      let batch = again[start..<min(start + Self.emptiedAtOnce, again.count)]
      let forgotten = batch.flatMap { group in group.oids.flatMap { parts[$0, default: [:]].keys } }
      let emptying = batch.compactMap(\.emptying).map { Statement($0) }
      let tables = Set(batch.flatMap { $0.parts.flatMap { [$0.table.name, $0.destination] } })
      try await migration.target.session(in: migration.name, for: "emptying what was copied in part") {
        let statements = try await $0.suspendingTriggers(of: tables, during: emptying)
        let end = [migration.journal.forget(forgotten), Statement("COMMIT")]
        _ = try await $0.pipeline([[Statement("BEGIN")] + statements + end])[0].get()
      }
    }
    if kept == nil {
      var statements = [
        migration.journal.forget(["snapshot", KeptReplication.step]),
        migration.journal.record("snapshot", snapshot.identity),
      ]
      if let position { statements.append(migration.journal.record(KeptReplication.step, position)) }
      try await migration.target.session(in: migration.name, for: "writing the journal") {
        [statements] in
        _ = try await $0.pipeline([statements])[0].get()
      }
    }
    let oids = again.reduce(into: Set<Int>()) { $0.formUnion($1.oids) }
    return plan.parts.compactMap { part in
      guard oids.contains(part.table.oid) else {
        return steps[part.step] == nil && !hasArrived(part.table.oid) ? part : nil
      }
      return part
    }.map { part in
      // Those that an interrupted run has copied are perhaps there, and forgotten.
      var part = part
      part.replacesExtensionRows = hasBegun && part.table.isOfExtension
      return part
    }
  }

  /// A table that has grown since, or that more sessions copy now, would be divided otherwise.
  private func hasArrived(_ table: Int) -> Bool { Self.areAll(parts[table]) && !outdated.contains(table) }

  /// Whether what comes after the rows has begun: keys refer to them, or triggers would run.
  private func isPastRows(
    _ migration: DatabaseMigration, _ snapshot: SourceSnapshot, _ archive: SchemaArchive
  ) async throws -> Bool {
    if steps.keys.contains(where: { $0.hasPrefix("rest") }) { return true }
    let keys = archive.afterData.filter { $0.isKind("FK CONSTRAINT") }
    return try await !Self.existing(keys, migration, snapshot).isEmpty
  }

  private func isToBeCopiedAgain(_ group: Group, isSame: Bool) -> Bool {
    let oids = group.oids
    if oids.allSatisfy(hasArrived) { return false }
    if !oids.isDisjoint(with: outdated) { return true }
    let journaled = Set(oids.flatMap { parts[$0, default: [:]].keys })
    // What the target's server has copied of it is in no journal.
    if journaled.isEmpty { return hasBegun && group.emptying != nil }
    return !isSame || !journaled.isSubset(of: group.parts.map(\.step))
  }

  // MARK: Whether it still holds

  private mutating func whyNotToGoOn(
    _ migration: DatabaseMigration, _ snapshot: SourceSnapshot, _ archive: SchemaArchive, digest: String
  ) async throws -> String? {
    guard hasSchema else { return nil }
    guard steps["begun"]?.hasSuffix(digest) == true else { return "the schema of the source has changed since" }
    guard steps["schema"] != nil else { return nil }
    let tables = try await withRows(try await migration.tables(snapshot, archive), snapshot)
    // Up to 16, the schema of a dump has created those that there were, and the data would only write into them.
    let areOfSchema = migration.carriesLargeObjects && migration.context.tools.pgDump.major < 17
    if let kept {
      if areOfSchema, steps[LargeObjectStep.done] == nil { replacesLargeObjects = true }
      outdated = kept.copiedAgain
      let isWaiting = tables.contains { !hasArrived($0.oid) } && !kept.isSubscribed
      guard isWaiting, try await isPastRows(migration, snapshot, archive) else { return nil }
      return "some tables had not arrived, and what comes after the rows was there"
    }
    guard steps["snapshot"] != snapshot.identity else { return nil }
    if steps[LargeObjectStep.begun] != nil || areOfSchema { replacesLargeObjects = true }
    // What an extension's condition selects is not compared, nor what has gone through a partitioned table in part.
    let begun = tables.filter { parts[$0.oid] != nil }
    let routed = Dictionary(grouping: tables.filter { $0.routedThrough != nil }, by: \.routedThrough)
    let unknown = begun.filter { table in
      table.isOfExtension || routed[table.routedThrough]?.contains { !Self.areAll(parts[$0.oid]) } ?? false
    }
    outdated = Set(unknown.map(\.oid))
    let complete = begun.filter { Self.areAll(parts[$0.oid]) && !outdated.contains($0.oid) }
    let verification = try await Verifier(
      mode: .full, snapshot: snapshot, target: migration.target, slots: migration.slots, jobs: migration.settings.jobs,
      comparesObjects: false
    ).run(complete)
    let oids = Dictionary(
      ComparedTable.all(of: complete).map { ($0.name, $0.oids) }, uniquingKeysWith: { first, _ in first })
    outdated.formUnion(verification.mismatches.flatMap { oids[$0.object] ?? [] })
    compared = Set(complete.map(\.oid)).subtracting(outdated)
    guard tables.contains(where: { !hasArrived($0.oid) }), try await isPastRows(migration, snapshot, archive) else {
      return nil
    }
    guard let first = verification.mismatches.first else {
      return "some tables had not arrived, and what comes after the rows was there"
    }
    return "the source was written to since: \(first.object): \(first.message)"
  }

  private mutating func startOver(_ migration: DatabaseMigration, because reason: String) async throws {
    guard steps["begun"]?.hasPrefix("created ") == true else {
      throw MigrationError(
        "database \(quotedIdentifier(migration.name)) can't be gone on with: \(reason). It was there before the "
          + "interrupted run, so that it is not dropped: empty it, then start without --resume")
    }
    // A database with a subscription can't be dropped.
    try await kept?.replication.remove()
    try await migration.target.session(in: migration.targetEntrance, for: "dropping what an interrupted run made") {
      _ = try await $0.query("DROP DATABASE IF EXISTS \(try await $0.quote(identifier: migration.name))")
    }
    self = Resumption(isDropped: true)
  }

  /// What was to be created in one transaction each, of which the journal does not know whether it is there.
  private func begun(
    _ migration: DatabaseMigration, _ snapshot: SourceSnapshot, _ archive: SchemaArchive
  ) async throws -> [(step: String, entries: [ArchiveEntry])] {
    let owned = try await migration.ownersEntries(snapshot)
    var batches = DatabaseMigration.batches(
      of: migration.extensionSchemas(archive), step: DatabaseMigration.extensionSchemas, owned)
    batches += DatabaseMigration.batches(of: migration.schemasFirst(archive), step: "schemas", owned)
    batches += DatabaseMigration.batches(of: migration.schemaEntries(archive), step: "schema", owned)
    let parts = ["rest", "last"].filter { part in
      steps.keys.contains { $0.hasPrefix(part) } && steps[part] == nil
    }
    if !parts.isEmpty {
      let tables = try await migration.tables(snapshot, archive)
      let after = try await EntriesAfterData(archive.afterData, tables: tables, snapshot)
      let entries = try await migration.entries(after, archive, snapshot)
      for part in parts {
        batches += DatabaseMigration.batches(of: part == "rest" ? entries.rest : entries.last, step: part, owned)
      }
    }
    return batches.filter { steps[$0.step] == nil && steps["\($0.step) begun"] != nil }
      .map { ($0.step, $0.run.entries) }
  }

  /// What is there for other reasons: the schema public, extensions and languages of the template, and indexes and keys
  /// before the rest.
  private static let telling: @Sendable (ArchiveEntry) -> Bool = { entry in
    entry.catalog != 0 && !entry.description.hasPrefix("SCHEMA - public ")
      && !["INDEX", "CONSTRAINT", "FK CONSTRAINT", "EXTENSION", "PROCEDURAL LANGUAGE"].contains { entry.isKind($0) }
  }

  /// Whether what was to be created in one transaction is there, of which the journal does not know yet.
  private static func isThere(
    _ entries: [ArchiveEntry], _ migration: DatabaseMigration, _ snapshot: SourceSnapshot
  ) async throws -> Bool {
    // Some of them all over it: the last one alone may be of a kind that is declared before it is defined.
    let own = entries.filter(telling)
    // What has no identity of its own, a comment, say, does no harm when it is created again.
    guard !own.isEmpty else { return false }
    for index in stride(from: 0, to: own.count, by: max(1, own.count / 20)) {
      if try await !isThere(own[index], migration, snapshot) { return false }
    }
    return true
  }

  private static func isThere(
    _ own: ArchiveEntry, _ migration: DatabaseMigration, _ snapshot: SourceSnapshot
  ) async throws -> Bool {
    let address = try await attempting("identifying an object", snapshot.source, database: snapshot.database) {
      try await snapshot.connection.query(
        "SELECT type, object_names, object_args FROM pg_catalog.pg_identify_object_as_address($1::oid, $2::oid, 0)",
        ["\(own.catalog)", "\(own.oid)"])
    }
    return try await migration.target.session(in: migration.name, for: "looking for what was created") { connection in
      do {
        _ = try await connection.query(
          "SELECT FROM pg_catalog.pg_get_object_address($1, $2::text[], $3::text[])",
          (0..<3).map { address.text(0, $0) })
        return true
      } catch let error as PostgresError where !error.isConnectionLost {
        return false
      }
    }
  }

  private struct Built: Decodable, Sendable {
    var oid: Int
    var name: String
  }

  /// The entries of which the index or constraint is on the target already.
  private static func existing(
    _ entries: [ArchiveEntry], _ migration: DatabaseMigration, _ snapshot: SourceSnapshot
  ) async throws -> Set<Int> {
    let candidates = entries.filter {
      $0.isKind("INDEX") || $0.isKind("CONSTRAINT") || $0.isKind("FK CONSTRAINT")
    }
    // A table can't have two constraints of one name, nor a schema two indexes. Names as they are: not every server quotes
    // the same words.
    let names = """
      SELECT i.indexrelid AS oid, pg_catalog.json_build_array('i', n.nspname, c.relname)::text AS name
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE i.indisvalid OR c.relkind = 'I'
      UNION ALL
      SELECT k.oid, pg_catalog.json_build_array('k', n.nspname, c.relname, k.conname)::text
        FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      """
    let built = try await snapshot.rows(
      of: Built.self, for: "listing the indexes", "SELECT x.* FROM (\(names)) x WHERE x.oid = ANY ($1::oid[])",
      [arrayLiteral(candidates.map(\.oid))])
    let there = try await migration.target.session(in: migration.name, for: "listing the indexes") {
      Set(try await $0.query(names).decode(Built.self).map(\.name))
    }
    let oids = Set(built.lazy.filter { there.contains($0.name) }.map(\.oid))
    return Set(candidates.filter { oids.contains($0.oid) }.map(\.id))
  }
}
