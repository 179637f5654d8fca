import Assessment
import Catalog
import Postgres

/// The database itself, and what of its schema comes before its rows.
extension DatabaseMigration {
  /// More objects than this are not created in one transaction: each takes a lock, and their number is limited
  /// (PostgreSQL documentation, `max_locks_per_transaction`).
  private static let maximumPerTransaction = 1000

  func creates(_ resumption: Resumption) -> Bool {
    resumption.isDropped
      || !resumption.hasBegun
        && context.databases.first { $0.name.isSameName(as: name) }?.createsDatabase ?? false
  }

  /// - Returns: whether the database lacks some of its properties, or all.
  func createDatabase(_ archive: SchemaArchive, creates: Bool, digest: String) async throws -> Bool {
    var lacksProperties = false
    if creates {
      // With its settings and privileges. `--create` takes the first two kinds whatever the list says.
      let entries = archive.beforeData.filter(\.isOfDatabaseItself)
      let (isSuccess, said) = try await attempting("creating the database", target, database: name) {
        try await archive.tryRestoring(
          entries, into: targetEntrance, of: target,
          arguments: ["--exit-on-error", "--create", "--no-tablespaces"] + databaseOwnership)
      }
      // A setting that the target lacks or refuses takes all others of the database with it: what comes after CREATE
      // DATABASE is done piece by piece then.
      let found = RestoreErrors(in: said, of: entries, owners: [])
      guard isSuccess || found.errors.first?.object.hasPrefix("DATABASE PROPERTIES ") == true else {
        throw MigrationError(
          "creating database \(quotedIdentifier(name)) on the target: pg_restore failed: "
            + "\(found.errors.first?.message ?? "it did not say why")")
      }
      lacksProperties = !isSuccess
    }
    let here = try await source.place(of: name)
    try await target.session(in: name, for: "beginning the journal") { connection in
      if carriesLargeObjects, try await hasLargeObjects(over: connection),
        try await source.session(
          in: name, for: "looking for large objects", purpose: .reading, { try await hasLargeObjects(over: $0) })
      {
        throw MigrationError(
          "the target database holds large objects already, from which those of the source could not be told: remove them"
        )
      }
      let there = try await Endpoint.place(over: connection)
      var manifest = Manifest(run: journal.run, source: here, target: there)
      manifest.tables = context.pair.options.tables
      manifest.carriesLargeObjects = carriesLargeObjects
      if !context.waiting.isEmpty {
        manifest.waiting = context.waiting.map {
          Manifest.Waiting(database: $0.name, isOnTarget: $0.createsDatabase == false)
        }
      }
      if creates { found.set(try await FoundBefore(over: connection, isNew: true)) }
      let begun = [
        journal.record("begun", "\(creates ? "created" : "found") \(digest)"),
        journal.record(FoundBefore.step, try found.value.detail),
      ]
      _ = try await connection.pipeline([journal.creation + begun + journal.creation(of: manifest)])[0].get()
    }
    return lacksProperties
  }

  func hasLargeObjects(over connection: Connection) async throws -> Bool {
    try await connection.query(ReadingStatements.hasLargeObjects).text(0, 0) == "t"
  }

  func restoreSchema(
    _ archive: SchemaArchive, _ owned: OwnersEntries, _ snapshot: SourceSnapshot, _ resumption: Resumption
  ) async throws {
    let ofExtensions = extensionSchemas(archive)
    if !ofExtensions.isEmpty, resumption.steps[Self.extensionSchemas] == nil {
      try await restoreInBatches(
        ofExtensions, archive, owned, step: Self.extensionSchemas, resumption, arguments: ["--no-owner"])
    }
    let schemas = schemasFirst(archive)
    if !schemas.isEmpty, resumption.steps["schemas"] == nil {
      try await restoreInBatches(schemas, archive, owned, step: "schemas", resumption)
    }
    if givesObjectsAway { try await SchemaGrants(snapshot: snapshot, target: target, journal: journal).grant() }
    try await restoreInBatches(schemaEntries(archive), archive, owned, step: "schema", resumption)
  }

  /// Only a superuser can give an object to a role that may not create any in its schema, and `pg_restore` grants
  /// privileges at its end: for others, schemas come with theirs before all that is in them.
  func schemasFirst(_ archive: SchemaArchive) -> [ArchiveEntry] {
    if context.pair.target.me.ifKnown?.rolsuper == true { return [] }
    return entriesBeforeData(archive).filter { $0.isOfSchema && !isOfExtensionAlone($0) }
  }

  /// The step that creates schemas which come with extensions.
  static let extensionSchemas = "extension schemas"

  /// Those that belong to the superuser that initdb made: only a superuser gives it something, and nobody needs that.
  func extensionSchemas(_ archive: SchemaArchive) -> [ArchiveEntry] {
    entriesBeforeData(archive).filter { isOfExtensionAlone($0) }
  }

  private func isOfExtensionAlone(_ entry: ArchiveEntry) -> Bool {
    guard entry.isKind("SCHEMA"), context.pair.target.me.ifKnown?.rolsuper != true,
      let database = context.pair.source.inspected.first(where: { $0.name.isSameName(as: name) })
    else { return false }
    let owners = (database.bootstrapReferences.ifKnown ?? []).map(\.rolname)
    return (database.extensions.ifKnown ?? []).contains { item in
      owners.contains { entry.description == "SCHEMA - \(item.schema) \($0)" }
    }
  }

  func schemaEntries(_ archive: SchemaArchive) -> [ArchiveEntry] {
    let first = Set((schemasFirst(archive) + extensionSchemas(archive)).map(\.id))
    return entriesBeforeData(archive).filter { !first.contains($0.id) }
  }

  func entriesBeforeData(_ archive: SchemaArchive) -> [ArchiveEntry] {
    archive.beforeData.filter {
      !$0.isOfDatabaseItself && !$0.isKind("SECURITY LABEL")
        && !$0.isOf(extensions: extensionsLeftOut) && !isHeldBack($0)
        && !($0.isKind("SCHEMA") && $0.isOf(schemas: found.value.kept))
    }
  }

  /// What is created in one transaction each, in the order of the archive, by the step of the journal.
  static func batches(
    of entries: [ArchiveEntry], step: String, _ owned: OwnersEntries
  ) -> [(step: String, run: OwnersEntries.Run)] {
    let runs = owned.runs(of: entries).flatMap { run in
      stride(from: 0, to: run.entries.count, by: maximumPerTransaction).map { start in
        let part = run.entries[start..<min(start + maximumPerTransaction, run.entries.count)]
        return OwnersEntries.Run(owner: run.owner, entries: Array(part), schemas: run.schemas)
      }
    }
    guard runs.count > 1 else { return runs.map { (step, $0) } }
    return runs.enumerated().map { ("\(step) \($0.offset + 1)/\(runs.count)", $0.element) }
  }

  /// All of it, in as many transactions as the locks of the server and the owners ask for.
  func restoreInBatches(
    _ entries: [ArchiveEntry], _ archive: SchemaArchive, _ owned: OwnersEntries, step: String, _ resumption: Resumption,
    arguments: [String] = []
  ) async throws {
    let batches = Self.batches(of: entries, step: step, owned)
    try await asOwners(of: entries, owned) { roles in
      for batch in batches where resumption.steps[batch.step] == nil {
        try await note("\(batch.step) begun")
        try await restore(batch.run, archive, owned, roles, arguments: ["--single-transaction"] + arguments)
        try await note(batch.step)
      }
    }
    if batches.count != 1 { try await note(step) }
  }

  /// For `pg_restore`, what can't be had on the target.
  var reservations: [String] {
    let there = context.pair.target.tablespaces.ifKnown?.count(where: \.canCreate) ?? 0
    return (there > 0 ? [] : ["--no-tablespaces"]) + ownership
  }

  /// Where an owner can't be given what is its own, all objects belong to the connected role.
  var ownership: [String] {
    needed.owners.contains(where: roles.refused.contains) ? ["--no-owner"] : []
  }

  /// Whether the connected role, which is no superuser, gives objects to their owners.
  var givesObjectsAway: Bool {
    context.pair.target.me.ifKnown?.rolsuper != true && ownership.isEmpty
  }

  /// Where the owner of the database itself is out of reach.
  var databaseOwnership: [String] {
    needed.databaseOwners.contains(where: roles.refused.contains) ? ["--no-owner"] : []
  }

  var needed: NamedRoles {
    context.pair.source.roles(of: [name], less: context.pair.options.excludedRoles)
  }

  func note(_ step: String, _ detail: String = "") async throws {
    try await target.session(in: name, for: "writing the journal") { connection in
      _ = try await connection.pipeline([[journal.forget([step]), journal.record(step, detail)]])[0].get()
    }
  }

  /// Of the sessions that build indexes. What the server has shared buffers for is what its host can spare.
  var restoreSettings: [String: String] {
    var settings = ["synchronous_commit": "off"]
    let known = context.pair.target.settings.ifKnown ?? []
    func kilobytes(_ name: String) -> Int? {
      guard let setting = known.first(where: { $0.name == name }), let value = setting.setting.flatMap({ Int($0) })
      else {
        return nil
      }
      return setting.unit == "8kB" ? value * 8 : setting.unit == "kB" ? value : nil
    }
    if let buffers = kilobytes("shared_buffers"), let memory = kilobytes("maintenance_work_mem") {
      settings["maintenance_work_mem"] = "\(max(memory, min(buffers, 1 << 20)))"
    }
    return settings
  }
}
