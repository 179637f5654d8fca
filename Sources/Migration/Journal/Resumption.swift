import Assessment
import Catalog
import Postgres

/// What an interrupted run has left of a database, as far as it still holds.
///
/// Its snapshot is gone, so that what it has copied is worth something only while the source is as it was: a new snapshot
/// sees the same transactions, or else every table that has arrived is compared with the source again.
struct Resumption: Sendable {
  /// Of the journal.
  private(set) var steps: [String: String] = [:] {
    didSet { parts = Self.parts(of: steps) }
  }
  /// Of the steps, those that are parts of tables: by the table's number, with the rows that have arrived.
  private var parts: [Int: [String: Int]] = [:]
  /// Entries of the archive whose indexes and constraints are there.
  private(set) var indexes: Set<Int> = []
  /// Whether the database has to be created anew, whatever was there when both clusters were looked at.
  private(set) var isDropped = false

  var hasBegun: Bool { steps["begun"] != nil }
  init() {}

  /// - Throws: `MigrationError` where nothing can be made of what is there.
  init(_ migration: DatabaseMigration, _ snapshot: SourceSnapshot, _ archive: SchemaArchive, digest: String)
    async throws
  {
    steps = try await migration.journaledSteps()
    guard hasBegun else { return }
    try await Self.makeSure(migration)
    for (step, entries) in [
      ("schemas", migration.schemasFirst(archive)), ("schema", migration.schemaEntries(archive)),
      ("rest", migration.telling(archive.afterData)),
    ]
    where steps[step] == nil && steps["\(step) begun"] == "at once" {
      if try await Self.isThere(entries, migration, snapshot) { steps[step] = "" }
    }
    if let reason = try await whyNotToGoOn(migration, snapshot, archive, digest: digest) {
      try await startOver(migration, because: reason)
    } else {
      indexes = try await Self.existing(archive.afterData, migration, snapshot)
    }
  }

  /// That the run was about these servers, and the same of them: what it has made is never dropped for another one.
  private static func makeSure(_ migration: DatabaseMigration) async throws {
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

  private static func parts(of steps: [String: String]) -> [Int: [String: Int]] {
    var parts: [Int: [String: Int]] = [:]
    for (step, detail) in steps where step.hasPrefix("rows ") {
      guard let oid = Int(step.dropFirst(5).prefix { $0 != " " }) else { continue }
      parts[oid, default: [:]][step] = Int(detail.prefix { $0 != " " }) ?? 0
    }
    return parts
  }

  /// The parts that are still to be copied. A table of which only some parts have arrived, under another snapshot or
  /// with other bounds, is emptied and copied as a whole. From then on, in the same transaction, what is there is of this
  /// snapshot.
  func missing(of plan: CopyPlan, _ migration: DatabaseMigration, _ snapshot: SourceSnapshot) async throws
    -> [TablePart]
  {
    let isSame = steps["snapshot"] == snapshot.identity
    let byTable = Dictionary(grouping: plan.parts, by: \.table.oid)
    var emptied: Set<Int> = []
    for (oid, parts) in byTable {
      let journaled = Set(self.parts[oid, default: [:]].keys)
      let planned = Set(parts.map(\.step))
      guard !journaled.isEmpty, journaled != planned else { continue }
      if !isSame || !journaled.isSubset(of: planned) { emptied.insert(oid) }
    }
    if !emptied.isEmpty || !isSame {
      let statements =
        emptied.sorted().flatMap { oid in
          [Statement("TRUNCATE ONLY \(byTable[oid]?.first?.table.name ?? "")")]
            + parts[oid, default: [:]].keys.sorted().map(migration.journal.forget)
        } + [migration.journal.forget("snapshot"), migration.journal.record("snapshot", snapshot.identity)]
      try await migration.target.session(in: migration.name, for: "emptying what was copied in part") {
        _ = try await $0.pipeline([[Statement("BEGIN")] + statements + [Statement("COMMIT")]])[0].get()
      }
    }
    return plan.parts.filter { emptied.contains($0.table.oid) || steps[$0.step] == nil }
  }

  // MARK: Whether it still holds

  private func whyNotToGoOn(
    _ migration: DatabaseMigration, _ snapshot: SourceSnapshot, _ archive: SchemaArchive, digest: String
  ) async throws -> String? {
    for step in ["schemas", "schema", "rest"] where steps["\(step) begun"] == "in parts" && steps[step] == nil {
      return "the run was interrupted while it created more objects than fit into one transaction"
    }
    guard steps["schema"] != nil else { return nil }
    guard steps["begun"]?.hasSuffix(digest) == true else { return "the schema of the source has changed since" }
    guard let copiedUnder = steps["snapshot"], copiedUnder != snapshot.identity else { return nil }
    if steps["large objects begun"] != nil { return "the source was written to since, and large objects were copied" }
    let tables = try await migration.tables(snapshot, archive)
    let complete = tables.filter { table in
      let parts = parts[table.oid, default: [:]].keys
      return parts.first.map { $0.hasSuffix("/\(parts.count)") } ?? false
    }
    let verifier = Verifier(
      mode: .full, snapshot: snapshot, target: migration.target, slots: migration.slots, jobs: migration.settings.jobs,
      comparesObjects: false)
    let mismatches = try await verifier.run(complete).mismatches
    guard let first = mismatches.first else { return nil }
    return "the source was written to since: \(first.object): \(first.message)"
  }

  private mutating func startOver(_ migration: DatabaseMigration, because reason: String) async throws {
    guard steps["begun"]?.hasPrefix("created ") == true else {
      throw MigrationError(
        "database \(quotedIdentifier(migration.name)) can't be gone on with: \(reason). It was there before the "
          + "interrupted run, so that it is not dropped: empty it, then start without --resume")
    }
    try await migration.target.session(in: migration.targetEntrance, for: "dropping what an interrupted run made") {
      _ = try await $0.query("DROP DATABASE IF EXISTS \(try await $0.quote(identifier: migration.name))")
    }
    self = Resumption()
    isDropped = true
  }

  /// Whether what was to be created in one transaction is there, of which the journal does not know yet.
  private static func isThere(
    _ entries: [ArchiveEntry], _ migration: DatabaseMigration, _ snapshot: SourceSnapshot
  ) async throws -> Bool {
    // The last one, as others can be there for other reasons: indexes and keys before the rest, the schema public and
    // extensions before everything.
    let kinds = ["TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "TYPE", "DOMAIN", "FUNCTION", "TRIGGER", "RULE", "POLICY"]
    let own = entries.last { entry in entry.catalog != 0 && kinds.contains { entry.isKind($0) } }
    // What has no identity of its own, a comment, say, does no harm when it is created again.
    guard let own else { return false }
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
    // A table can't have two constraints of one name, nor a schema two indexes.
    let names = """
      SELECT i.indexrelid AS oid, 'i ' || i.indexrelid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_index i
       WHERE i.indisvalid OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = i.indexrelid AND c.relkind = 'I')
      UNION ALL
      SELECT k.oid, 'k ' || k.conrelid::pg_catalog.regclass::text || ' ' || pg_catalog.quote_ident(k.conname)
        FROM pg_catalog.pg_constraint k WHERE k.conrelid <> 0
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
