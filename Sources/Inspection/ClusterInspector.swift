import Catalog
import Logging
import Postgres

/// One cluster whose first session is open, or could not be opened.
struct ClusterInspector: Sendable {
  let side: Side
  let inspector: Inspector
  /// What the first session has told so far.
  private(set) var snapshot: ClusterSnapshot
  private let string: ConnectionString
  private let session: CatalogSession?
  private let offered: OfferedExtensions
  /// Whether sessions start with our settings: asked of the first one, as a connection pooler may leave them out.
  private let startsWithSettings: Bool

  /// Connects, and reads who is there and which databases there are: the other sessions can start while the rest is read.
  init(_ inspector: Inspector, _ string: ConnectionString, on side: Side, offered: OfferedExtensions) async throws {
    self.inspector = inspector
    self.string = string
    self.side = side
    self.offered = offered
    inspector.progress(.connecting(side))
    switch try await inspector.connectToCluster(string) {
    case .failure(let failure, let seconds):
      inspector.logger.debug("connection failed", metadata: ["side": "\(side)", "failure": "\(failure)"])
      session = nil
      startsWithSettings = false
      snapshot = ClusterSnapshot(
        connectionString: "\(string)", connection: .failed(ConnectionFailureFact(failure, seconds: seconds)),
        unknown: Undetermined(
          "the \(side) could not be connected to", remedy: "See connection-\(side), then run the check again."))
    case .success(let connection, let seconds):
      // Whether it heeds the settings that it starts with is asked together with the rest, so it is not relied on yet.
      let session = CatalogSession(
        connection, side: side, settings: inspector.settings, startsWithSettings: false, logger: inspector.logger)
      self.session = session
      snapshot = ClusterSnapshot(
        connectionString: connection.session.description(of: string),
        connection: .connected(ConnectionFacts(connection.session, seconds: seconds)),
        unknown: Undetermined("it was not read, as nothing depends on it", remedy: "Report this as a defect."))
      let reader = session.reader()
      let settings = reader.fact(SessionSetting.self)
      let server = reader.fact(Server.self)
      let me = reader.fact(CurrentRole.self)
      let databases = reader.fact(Database.self)
      let answers = try await reader.read()
      let started = (answers.all(settings).ifKnown ?? []).map { ($0.name, $0.resetVal ?? "") }
      startsWithSettings = Dictionary(started, uniquingKeysWith: { $1 }) == inspector.settings.sessionSettings
      snapshot.server = answers.only(server)
      snapshot.me = answers.only(me)
      snapshot.databases = answers.all(databases)
      if case .unknown(let reason) = snapshot.server, await connection.isClosed {
        snapshot.connection = .failed(.lost(reason.reason, session: connection.session))
      }
    }
  }

  /// Reads the rest of the cluster, and looks into those of the named databases that it has.
  func inspect(databases names: [String]) async throws -> ClusterSnapshot {
    do {
      let snapshot = try await inspectIfReachable(databases: names)
      if side == .target { await offered.publish(nil) }
      return snapshot
    } catch {
      // Nobody may be left waiting.
      if side == .target { await offered.publish(nil) }
      throw error
    }
  }

  private func inspectIfReachable(databases names: [String]) async throws -> ClusterSnapshot {
    guard let session else { return snapshot }
    let existing = Dictionary(
      (snapshot.databases.ifKnown ?? []).map { ($0.datname.nameBytes, $0) }, uniquingKeysWith: { first, _ in first })
    var waiting: [String] = []
    var inspected: [DatabaseSnapshot] = []
    for name in names {
      guard let database = existing[name.nameBytes] else { continue }
      if let reason = database.reasonNotToConnect {
        let unknown = Undetermined(reason, remedy: "See database-valid and connection-\(side)-databases.")
        inspected.append(DatabaseSnapshot(name: name, connection: .notAttempted(reason), unknown: unknown))
      } else if !name.isSameName(as: session.database) {
        waiting.append(name)
      }
    }
    let servesOwn = names.containsName(session.database) && existing[session.database.nameBytes] != nil
    let queue = DatabaseQueue(
      waiting, total: waiting.count + (servesOwn ? 1 : 0), side: side, progress: inspector.progress)

    return try await withThrowingTaskGroup(of: [DatabaseSnapshot].self) { group in
      for _ in 1..<max(inspector.settings.jobs, 1) { group.addTask { try await drain(queue) } }
      // The first session counts as one of the jobs: when it is done, its place is taken by another database.
      var snapshot = try await readCluster(session, sizesOf: names.compactMap { existing[$0.nameBytes]?.oid })
      if side == .target {
        await offered.publish(snapshot.availableExtensions.ifKnown.map { Set($0.map(\.name)) })
      }
      if servesOwn {
        let own = try await read(session.database, in: session, snapshot.connection)
        inspected.append(own)
        await queue.finished(own)
      }
      await session.close()
      inspected += try await drain(queue)
      for try await more in group { inspected += more }
      snapshot.inspected = inspected.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      return snapshot
    }
  }

  private func readCluster(_ session: CatalogSession, sizesOf databases: [Int]) async throws -> ClusterSnapshot {
    var snapshot = snapshot
    let reader = session.reader()
    let control = reader.fact(ControlData.self)
    let roles = reader.fact(Role.self)
    let settings = reader.fact(Setting.self)
    let slots = reader.fact(ReplicationSlot.self)
    let activity = reader.fact(Activity.self)
    let subscriptions = reader.fact(Subscription.self)
    let origins = reader.fact(ReplicationOrigins.self)
    let available = reader.fact(AvailableExtension.self)
    let templates = reader.fact(LanguageTemplate.self)
    let marks = reader.fact(ProviderMarks.self)
    let freeSpace = side == .target ? reader.fact(FreeSpaceFunction.self) : nil
    // Of the target's databases no rule asks the size; with a table filter, the tables are measured instead.
    let oids = "{\(databases.map(String.init).joined(separator: ","))}"
    let sizes =
      side == .source && inspector.options.tables == .all ? reader.fact(DatabaseSize.self, [oids]) : nil
    let answers = try await reader.read()

    snapshot.control = answers.only(control)
    snapshot.roles = answers.all(roles)
    snapshot.settings = answers.all(settings)
    snapshot.slots = answers.all(slots)
    snapshot.activity = answers.only(activity)
    snapshot.subscriptions = answers.all(subscriptions)
    snapshot.origins = answers.only(origins)
    snapshot.availableExtensions = answers.all(available)
    snapshot.languageTemplates = answers.all(templates)
    snapshot.provider = answers.only(marks).map(ProviderRecognition.init)
    if let sizes { snapshot.databaseSizes = answers.all(sizes) }
    if let freeSpace {
      snapshot.freeSpace = try await session.freeSpace(of: snapshot, functions: answers.all(freeSpace).ifKnown ?? [])
    }
    return snapshot
  }

  private func drain(_ queue: DatabaseQueue) async throws -> [DatabaseSnapshot] {
    var snapshots: [DatabaseSnapshot] = []
    while let name = await queue.next() {
      try Task.checkCancellation()
      let snapshot = await queue.isGivenUp ? notAttempted(name) : try await inspect(name)
      snapshots.append(snapshot)
      await queue.finished(snapshot)
    }
    return snapshots
  }

  private func notAttempted(_ name: String) -> DatabaseSnapshot {
    let reason = "the \(side) did not answer several attempts to connect to other databases"
    let unknown = Undetermined(reason, remedy: "See connection-\(side)-databases, then run the check again.")
    return DatabaseSnapshot(name: name, connection: .notAttempted(reason), unknown: unknown)
  }

  private func inspect(_ name: String) async throws -> DatabaseSnapshot {
    switch try await inspector.connect(string.selecting(database: name)) {
    case .success(let connection, let seconds):
      let session = CatalogSession(
        connection, side: side, settings: inspector.settings, startsWithSettings: startsWithSettings,
        logger: inspector.logger)
      let facts = ConnectionFacts(connection.session, seconds: seconds)
      let snapshot = try await read(name, in: session, .connected(facts))
      await session.close()
      return snapshot
    case .failure(let failure, let seconds):
      inspector.logger.debug("connection failed", metadata: ["database": "\(name)", "failure": "\(failure)"])
      let unknown = Undetermined(
        "the \(side) database could not be connected to", remedy: "See connection-\(side)-databases.")
      return DatabaseSnapshot(
        name: name, connection: .failed(ConnectionFailureFact(failure, seconds: seconds)), unknown: unknown)
    }
  }

  private func read(
    _ name: String, in session: CatalogSession, _ connection: ConnectionAttempt
  ) async throws -> DatabaseSnapshot {
    var database = DatabaseSnapshot(
      name: name, connection: connection,
      unknown: Undetermined("it was not read, as nothing depends on it", remedy: "Report this as a defect."))
    let isSource = side == .source
    let isFiltered = inspector.options.tables != .all
    let ownsEverything = snapshot.me.ifKnown?.rolsuper == true
    let reader = session.reader()
    let extensions = reader.fact(InstalledExtension.self)
    let languages = reader.fact(Language.self)
    let summary = isSource ? reader.fact(RelationSummary.self) : nil
    let tables = isSource && isFiltered ? reader.fact(Table.self) : nil
    let notOwned = isSource && !isFiltered && !ownsEverything ? reader.fact(NotOwnedTable.self) : nil
    let unreadable = isSource && !isFiltered && !ownsEverything ? reader.fact(UnreadableRelation.self) : nil
    let closed = !isSource && !ownsEverything ? reader.fact(ClosedSchema.self) : nil
    let answers = try await reader.read()
    database.extensions = answers.all(extensions)
    database.languages = answers.all(languages)
    if let summary { database.summary = answers.only(summary) }
    if let tables { database.tables = answers.all(tables) }
    if let notOwned { database.notOwnedTables = answers.all(notOwned) }
    if let unreadable { database.unreadableRelations = answers.all(unreadable) }
    if let closed { database.closedSchemas = answers.all(closed) }
    try await readUses(in: session, into: &database)
    return database
  }

  /// What is asked of the few databases in which something may be missing on the target, or that have `aiven_extras`.
  private func readUses(in session: CatalogSession, into database: inout DatabaseSnapshot) async throws {
    let own = (database.extensions.ifKnown ?? []).map(\.extname).filter { $0 != "plpgsql" }
    var needsExtensions = own.contains("aiven_extras")
    if side == .source, !own.isEmpty, !needsExtensions {
      let names = await offered.value()
      needsExtensions = own.contains { !(names?.contains($0) ?? false) }
    }
    let needsLanguages =
      side == .source && (database.languages.ifKnown ?? []).contains { !Language.everywhere.contains($0.lanname) }
    guard needsExtensions || needsLanguages else { return }
    let reader = session.reader()
    let extensions = needsExtensions ? reader.fact(ExtensionUse.self) : nil
    let languages = needsLanguages ? reader.fact(LanguageUse.self) : nil
    let answers = try await reader.read()
    if let extensions { database.extensionUses = answers.all(extensions) }
    if let languages { database.languageUses = answers.all(languages) }
  }
}

extension Database {
  fileprivate var reasonNotToConnect: String? {
    if isInvalid { return "the database is invalid" }
    return datallowconn ? nil : "the database allows no connections"
  }
}

extension Fact {
  fileprivate func map<Other>(_ transform: (Value) -> Other) -> Fact<Other> {
    switch self {
    case .known(let value): .known(transform(value))
    case .unknown(let reason): .unknown(reason)
    }
  }
}
