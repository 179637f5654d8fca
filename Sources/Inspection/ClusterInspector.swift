import Catalog
import Logging
import Postgres

/// One cluster whose first session is open, or could not be opened.
struct ClusterInspector: Sendable {
  let side: Side
  let inspector: Inspector
  /// What the first session has told so far.
  private(set) var snapshot: ClusterSnapshot
  /// nil for a saved snapshot.
  let string: ConnectionString?
  private let session: CatalogSession?
  let offered: OfferedExtensions
  let places: SessionPlaces
  /// What further sessions start with: all settings of ours, where the first one has shown that the server heeds them.
  private var startupSettings: [String: String]?
  let sizes = MeasuredSizes()
  /// Nothing is asked that only matters where the target's role is no superuser.
  var targetRoleIsSuperuser = false
  /// Where known: the target's version.
  private(set) var targetVersion: ServerVersion?
  private var targetMonetaryLocale: String?

  /// A saved snapshot, which tells all there is to be told.
  init(_ inspector: Inspector, _ saved: ClusterSnapshot, on side: Side, offered: OfferedExtensions) {
    self.inspector = inspector
    self.side = side
    self.offered = offered
    places = SessionPlaces(inspector.settings.jobs)
    string = nil
    session = nil
    snapshot = saved
  }

  /// Connects, and reads who is there and which databases there are: the other sessions can start while the rest is read.
  init(_ inspector: Inspector, _ string: ConnectionString, on side: Side, offered: OfferedExtensions) async throws {
    self.inspector = inspector
    self.string = string
    self.side = side
    self.offered = offered
    places = SessionPlaces(inspector.settings.jobs)
    inspector.progress(.connecting(side))
    switch try await inspector.connectToCluster(string) {
    case .failure(let failure, let seconds):
      inspector.logger.debug("connection failed", metadata: ["side": "\(side)", "failure": "\(failure)"])
      session = nil
      snapshot = ClusterSnapshot(
        connectionString: "\(string)", connection: .failed(ConnectionFailureFact(failure, seconds: seconds)),
        unknown: Undetermined(
          "the \(side) could not be connected to", remedy: "See connection-\(side), then run the check again."))
    case .success(var connection, let seconds):
      var (session, first, isShort) = try await Self.firstLook(inspector, connection, string, seconds, on: side)
      // A time limit of the role or the database may end a session before a statement of ours can set another one.
      let startup = inspector.settings.startupSettings(on: connection.session.serverVersion)
      if isShort || first.server.ifKnown == nil {
        let limits = startup.filter {
          inspector.settings.startupSettings[$0.key] != nil || $0.key.hasSuffix("_timeout")
        }
        let database = connection.session.database
        if case .success(let again, let seconds) = try await inspector.connect(
          string.selecting(database: database), startingWith: limits)
        {
          await connection.close()
          connection = again
          (session, first, _) = try await Self.firstLook(inspector, connection, string, seconds, on: side)
        }
      }
      if first.sessionStart.ifKnown?.heedsSettings == true { startupSettings = startup }
      if case .unknown(let reason) = first.server, await connection.isClosed {
        first.connection = .failed(.lost(reason.reason, session: connection.session))
      }
      self.session = session
      snapshot = first
    }
  }

  /// Who is there, and which databases there are.
  private static func firstLook(
    _ inspector: Inspector, _ connection: Connection, _ string: ConnectionString, _ seconds: Double, on side: Side
  ) async throws -> (CatalogSession, ClusterSnapshot, hasShortLimits: Bool) {
    let session = CatalogSession(connection, side: side, settings: inspector.settings, logger: inspector.logger)
    var snapshot = ClusterSnapshot(
      connectionString: connection.session.description(of: string),
      connection: .connected(ConnectionFacts(connection.session, seconds: seconds)),
      unknown: Undetermined("it was not read, as nothing depends on it", remedy: "Report this as a defect."))
    let reader = session.reader(for: ClusterSnapshot.self)
    // A connection pooler may leave them out.
    let sessionSettings = inspector.settings.startupSettings
    var hasShortLimits = false
    reader.all(SessionSetting.self) {
      hasShortLimits = $1.ifKnown?.contains(where: \.isShortLimit) ?? false
      $0.sessionStart = $1.map { SessionStart(heedsSettings: $0.hold(sessionSettings)) }
    }
    reader.only(\.server)
    reader.only(\.me)
    reader.all(\.databases)
    try await reader.read(into: &snapshot)
    if case .connected(var facts) = snapshot.connection {
      facts.roundTripSeconds = try await session.roundTrip()
      snapshot.connection = .connected(facts)
    }
    return (session, snapshot, hasShortLimits)
  }

  /// Whether the target may lack a setting that the source has, or its role may not give it.
  var targetMayRefuseSettings: Bool {
    inspector.settings.readsEverything || !targetRoleIsSuperuser || targetVersion == nil
      || targetVersion?.major != snapshot.server.ifKnown?.version.major
  }

  /// Whether both sides may write amounts of money in ways of their own.
  var mayDisagreeOnMoney: Bool {
    targetMonetaryLocale == nil || targetMonetaryLocale != snapshot.server.ifKnown?.lcMonetary
  }

  /// The same, knowing the target.
  func facing(_ target: ClusterSnapshot) -> ClusterInspector {
    var other = self
    other.targetRoleIsSuperuser = target.me.ifKnown?.rolsuper ?? false
    other.targetVersion = target.server.ifKnown?.version
    other.targetMonetaryLocale = target.server.ifKnown?.lcMonetary
    return other
  }

  /// Reads the rest of the cluster, and looks into those of the named databases that it has.
  ///
  /// - Parameter locales: those of libc that databases to be created on the target take.
  func inspect(databases names: [String], locales: [String] = []) async throws -> ClusterSnapshot {
    do {
      let snapshot = try await inspectIfReachable(databases: names, locales: locales)
      if side == .target { await offered.publish(string == nil ? snapshot.offeredExtensions : nil) }
      return snapshot
    } catch {
      // Nobody may be left waiting.
      if side == .target { await offered.publish(nil) }
      throw error
    }
  }

  private func inspectIfReachable(databases names: [String], locales: [String]) async throws -> ClusterSnapshot {
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
      waiting, total: waiting.count + (servesOwn ? 1 : 0), takers: await places.count, side: side,
      progress: inspector.progress)

    return try await withThrowingTaskGroup(of: [DatabaseSnapshot].self) { group in
      for _ in 1..<(await places.count) { group.addTask { try await drain(queue) } }
      // The first session counts as one of the jobs: when it is done, its place is taken by another database.
      var snapshot = try await readCluster(
        session, databases: names.compactMap { existing[$0.nameBytes]?.oid }, locales: locales)
      if side == .target {
        await offered.publish(snapshot.offeredExtensions)
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
      try await addSizes(of: names.compactMap { existing[$0.nameBytes] }, to: &snapshot)
      return snapshot
    }
  }

  private func readCluster(
    _ session: CatalogSession, databases: [Int], locales: [String]
  ) async throws -> ClusterSnapshot {
    var snapshot = snapshot
    let identifiers = DatabaseSize.parameter(databases)
    let reader = session.reader(for: ClusterSnapshot.self)
    reader.only(\.control)
    reader.all(\.roles)
    reader.all(\.memberships)
    reader.all(\.roleSettings)
    reader.all(\.parameterPrivileges)
    reader.all(\.settings)
    reader.all(\.slots)
    reader.only(\.activity)
    reader.all(\.subscriptions)
    reader.only(\.origins)
    reader.all(\.exclusiveLocks)
    reader.all(\.availableExtensions)
    reader.all(\.languageTemplates)
    reader.all(\.databaseProperties, [identifiers])
    reader.all(\.storedSettings, [identifiers])
    reader.only(ProviderMarks.self) { $0.provider = $1.map(ProviderRecognition.init) }
    var freeSpaceFunctions: [FreeSpaceFunction] = []
    if side == .target {
      reader.all(FreeSpaceFunction.self) { freeSpaceFunctions = $1.ifKnown ?? [] }
      reader.only(\.collationProviders)
      reader.all(\.predefinedRoles)
      reader.all(\.assumableRoles)
      reader.all(\.settingNames)
      reader.all(\.tablespaces)
    } else {
      reader.all(\.roleReferences, [identifiers])
      if snapshot.me.ifKnown?.readsPasswords == true { reader.all(\.rolePasswords, [identifiers]) }
      reader.all(\.preparedTransactions)
      reader.all(\.writingTransactions)
      if inspector.options.method.allows(.replication) { reader.only(\.walStatistics) }
    }
    try await reader.read(into: &snapshot)
    if side == .target {
      try await session.probe(&snapshot, locales: locales)
      snapshot.freeSpace = session.freeSpace(of: snapshot, functions: freeSpaceFunctions)
    }
    return snapshot
  }

  private func drain(_ queue: DatabaseQueue) async throws -> [DatabaseSnapshot] {
    var snapshots: [DatabaseSnapshot] = []
    while let name = await queue.next() {
      try Task.checkCancellation()
      let snapshot = await queue.isGivenUp ? notAttempted(name) : try await inspect(name)
      if case .failed(let failure) = snapshot.connection, failure.kind == .tooManyConnections {
        switch await queue.postpone(name) {
        case .over: break
        case .postponed: continue
        case .leftToOthers:
          await places.giveUpOne()
          return snapshots
        }
      }
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
    guard let string else { return notAttempted(name) }
    switch try await inspector.connect(string.selecting(database: name), startingWith: startupSettings) {
    case .success(let connection, let seconds):
      let session = catalogSession(on: connection)
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

  private func catalogSession(on connection: Connection) -> CatalogSession {
    CatalogSession(connection, side: side, settings: inspector.settings, logger: inspector.logger)
  }

  /// One more session, for what turned out to be asked later: in the named database, else where the first one was.
  ///
  /// - Returns: nil where it can't be had.
  func furtherSession(_ string: ConnectionString, database name: String? = nil) async throws -> CatalogSession? {
    try Task.checkCancellation()
    let place = (name ?? session?.database).map(string.selecting(database:)) ?? string
    switch try await inspector.connect(place, startingWith: startupSettings) {
    case .success(let connection, _): return catalogSession(on: connection)
    case .failure(let failure, _):
      inspector.logger.debug(
        "connection failed", metadata: ["side": "\(side)", "database": "\(name ?? "")", "failure": "\(failure)"])
      return nil
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
    let readsEverything = inspector.settings.readsEverything
    let ownsEverything = snapshot.me.ifKnown?.rolsuper == true
    var mayHoldObjects = false
    var functionSettings: Fact<FunctionSettingSigns>?
    var collations: Fact<CollationSigns>?
    let reader = session.reader(for: DatabaseSnapshot.self)
    reader.all(\.extensions)
    reader.all(\.languages)
    if isSource {
      reader.only(\.summary)
      reader.only(CollationSigns.self) { collations = $1 }
      if targetMayRefuseSettings { reader.only(FunctionSettingSigns.self) { functionSettings = $1 } }
      reader.only(\.functions)
      readOldDefinitions(reader)
      if !targetRoleIsSuperuser {
        reader.all(\.superuserObjects)
        reader.only(\.contents)
        reader.all(\.schemaUses)
      }
      if !targetRoleIsSuperuser || !inspector.options.excludedRoles.isEmpty {
        reader.all(\.bootstrapReferences)
      } else {
        database.bootstrapReferences = .known([])
      }
      let filter = FilterDependency.parameters(inspector.options.tables, in: name)
      if isFiltered || readsEverything { reader.all(\.tables, filter) }
      if isFiltered { reader.all(\.filterDependencies, filter) }
      if !isFiltered && !ownsEverything {
        reader.all(\.notOwnedTables)
        reader.all(\.unreadableRelations)
      }
    } else {
      reader.only(UserObjectSigns.self) {
        $0.objects = $1.map { _ in [] }
        $0.eventTriggers = $1.map { _ in [] }
        mayHoldObjects = $1.ifKnown?.areThere ?? false
      }
      if !ownsEverything {
        reader.all(\.closedSchemas)
        reader.all(\.schemaAccess)
        reader.all(\.extensionTableAccess)
      }
      reader.only(\.largeObjects)
    }
    try await reader.read(into: &database)
    if isSource { try await lookCloser(in: session, into: &database) }
    if let collations {
      try await readPlaces(
        functionSettings: functionSettings, collations: collations, in: session, into: &database)
    }
    if mayHoldObjects {
      let reader = session.reader(for: DatabaseSnapshot.self)
      reader.all(\.objects)
      reader.all(\.eventTriggers)
      try await reader.read(into: &database)
    }
    try await readUses(in: session, into: &database)
    return database
  }

  /// Of rows that there may be many of. With a table filter all are needed, to tell which of them are selected; a saved
  /// snapshot may meet one later.
  var rowLimit: String {
    inspector.options.tables != .all || inspector.settings.readsEverything ? "\(Int32.max)" : "1000"
  }
}

extension ClusterSnapshot {
  /// The version of each that `CREATE EXTENSION` without a version would install.
  fileprivate var offeredExtensions: [String: String]? {
    availableExtensions.ifKnown.map { offered in
      Dictionary(offered.map { ($0.name, $0.isDefault ? $0.version : "") }, uniquingKeysWith: { $0.isEmpty ? $1 : $0 })
    }
  }
}

extension Database {
  fileprivate var reasonNotToConnect: String? {
    if isInvalid { return "the database is invalid" }
    return datallowconn ? nil : "the database allows no connections"
  }
}

extension [SessionSetting] {
  fileprivate func hold(_ settings: [String: String]) -> Bool {
    let values = Dictionary(map { ($0.name, $0.resetVal ?? "") }, uniquingKeysWith: { $1 })
    return settings.allSatisfy { values[$0.key] == $0.value }
  }
}
