import Catalog
import Logging
import Postgres

/// The only reader of catalogs: looks at both clusters and gives a snapshot of each.
///
/// It changes nothing. Every session is one transaction that is `REPEATABLE READ READ ONLY`; there is one session for
/// each database and one more for the cluster, which serves its own database too; no more than `jobs` are open on a
/// server at a time.
public struct Inspector: Sendable {
  public struct Settings: Sendable {
    /// Sessions on one server at a time, at least 1.
    public var jobs = 4
    /// For each address of each host; `connect_timeout` of the connection string wins.
    public var connectTimeout = Duration.seconds(10)
    /// For each catalog query.
    public var statementTimeout = Duration.seconds(60)

    public init() {}
  }

  /// What to tell the person who waits.
  public enum Progress: Sendable {
    case connecting(Side)
    /// So many of so many databases are done.
    case databases(Side, done: Int, of: Int)
  }

  let options: CheckOptions
  let settings: Settings
  let logger: Logger
  let progress: @Sendable (Progress) -> Void

  public init(
    options: CheckOptions, settings: Settings, logger: Logger, progress: @escaping @Sendable (Progress) -> Void
  ) {
    self.options = options
    self.settings = settings
    self.logger = logger
    self.progress = progress
  }

  /// Looks at both clusters at the same time. What can't be read becomes an unknown fact; nothing ends the inspection.
  ///
  /// - Throws: only `CancellationError`; the servers then have no session of ours any more.
  public func inspect(
    source: ConnectionString, target: ConnectionString
  ) async throws -> (source: ClusterSnapshot, target: ClusterSnapshot) {
    async let sourceOpening = open(source, on: .source)
    async let targetOpening = open(target, on: .target)
    let (sourceCluster, targetCluster) = try await (sourceOpening, targetOpening)

    // Of the target, the databases that the source has too are looked into.
    let selected = sourceCluster.snapshot.databases.ifKnown.map { DatabaseSelection(of: $0, options: options).selected }
    let names = selected?.map(\.datname) ?? options.includedDatabases
    async let sourceSnapshot = inspect(sourceCluster, databases: names)
    async let targetSnapshot = inspect(targetCluster, databases: names)
    return try await (sourceSnapshot, targetSnapshot)
  }

  /// A cluster whose first session is open, or could not be opened.
  private struct OpenCluster: Sendable {
    var side: Side
    var string: ConnectionString
    var snapshot: ClusterSnapshot
    var session: CatalogSession?
  }

  private func open(_ string: ConnectionString, on side: Side) async throws -> OpenCluster {
    progress(.connecting(side))
    var attempt = try await connect(string, on: side)
    if case .failure(let failure, _) = attempt, failure.kind == .noSuchDatabase, !string.mayNameDatabase {
      // Nobody asked for the database of the role's own name: libpq did.
      for name in ["postgres", "template1"] {
        attempt = try await connect(string.selecting(database: name), on: side)
        if case .success = attempt { break }
      }
    }
    switch attempt {
    case .failure(let failure, let seconds):
      logger.debug("connection failed", metadata: ["side": "\(side)", "failure": "\(failure)"])
      let fact = ConnectionFailureFact(failure, seconds: seconds)
      let unreachable = Undetermined(
        "the \(side) could not be connected to", remedy: "See connection-\(side), then run the check again.")
      let snapshot = ClusterSnapshot(connectionString: "\(string)", connection: .failed(fact), unknown: unreachable)
      return OpenCluster(side: side, string: string, snapshot: snapshot)
    case .success(let connection, let seconds):
      let session = CatalogSession(connection, side: side, settings: settings, logger: logger)
      var snapshot = ClusterSnapshot(
        connectionString: connection.session.description(of: string),
        connection: .connected(ConnectionFacts(connection.session, seconds: seconds)),
        unknown: Undetermined("it was not read", remedy: "Run the check again."))
      // The list of databases first, on its own: the other sessions can start while the rest is read.
      let reader = session.reader()
      let server = reader.fact(Server.self)
      let databases = reader.fact(Database.self)
      let answers = try await reader.read()
      snapshot.server = answers.only(server)
      snapshot.databases = answers.all(databases)
      if case .unknown(let reason) = snapshot.server, await connection.isClosed {
        snapshot.connection = .failed(.lost(reason.reason, session: connection.session))
      }
      return OpenCluster(side: side, string: string, snapshot: snapshot, session: session)
    }
  }

  private func inspect(_ cluster: OpenCluster, databases names: [String]) async throws -> ClusterSnapshot {
    guard let session = cluster.session else { return cluster.snapshot }
    let existing = cluster.snapshot.databases.ifKnown.map { Dictionary($0.map { ($0.datname, $0) }) { first, _ in first } }
    var waiting: [String] = []
    var snapshots: [DatabaseSnapshot] = []
    for name in names {
      guard let database = existing?[name] else { continue }
      if let reason = database.reasonNotToConnect {
        let unknown = Undetermined(reason, remedy: "See database-valid and connection-\(cluster.side)-databases.")
        snapshots.append(DatabaseSnapshot(name: name, connection: .notAttempted(reason), unknown: unknown))
      } else if name != session.database {
        waiting.append(name)
      }
    }
    let own = names.contains(session.database) && existing?[session.database] != nil ? session.database : nil
    let queue = DatabaseQueue(
      waiting, total: waiting.count + (own == nil ? 0 : 1), side: cluster.side, progress: progress)

    return try await withThrowingTaskGroup(of: [DatabaseSnapshot].self) { group in
      for _ in 1..<max(settings.jobs, 1) {
        group.addTask { try await drain(queue, cluster.string, on: cluster.side) }
      }
      // The first session counts as one of the jobs: when it is done, its place is taken by another database.
      var snapshot = try await readCluster(session, into: cluster.snapshot, on: cluster.side)
      if let own {
        snapshots.append(try await readDatabase(session, own, snapshot.connection))
        await queue.finished()
      }
      await session.close()
      snapshots += try await drain(queue, cluster.string, on: cluster.side)
      for try await more in group { snapshots += more }
      snapshot.inspected = snapshots.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      return snapshot
    }
  }

  private func drain(
    _ queue: DatabaseQueue, _ string: ConnectionString, on side: Side
  ) async throws -> [DatabaseSnapshot] {
    var snapshots: [DatabaseSnapshot] = []
    while let name = await queue.next() {
      try Task.checkCancellation()
      snapshots.append(try await inspectDatabase(name, string, on: side))
      await queue.finished()
    }
    return snapshots
  }

  private func readCluster(
    _ session: CatalogSession, into opened: ClusterSnapshot, on side: Side
  ) async throws -> ClusterSnapshot {
    var snapshot = opened
    let reader = session.reader()
    let control = reader.fact(ControlData.self)
    let me = reader.fact(CurrentRole.self)
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
    let sizes = reader.fact(DatabaseSize.self)
    let answers = try await reader.read()

    snapshot.control = answers.only(control)
    snapshot.me = answers.only(me)
    snapshot.roles = answers.all(roles)
    snapshot.settings = answers.all(settings)
    snapshot.slots = answers.all(slots)
    snapshot.activity = answers.only(activity)
    snapshot.subscriptions = answers.all(subscriptions)
    snapshot.origins = answers.only(origins)
    snapshot.availableExtensions = answers.all(available)
    snapshot.languageTemplates = answers.all(templates)
    snapshot.provider = answers.only(marks).map(ProviderRecognition.init)
    snapshot.databaseSizes = answers.all(sizes)
    if let freeSpace {
      snapshot.freeSpace = try await session.freeSpace(of: snapshot, functions: answers.all(freeSpace).ifKnown ?? [])
    }
    return snapshot
  }

  private func inspectDatabase(
    _ name: String, _ string: ConnectionString, on side: Side
  ) async throws -> DatabaseSnapshot {
    switch try await connect(string.selecting(database: name), on: side) {
    case .success(let connection, let seconds):
      let session = CatalogSession(connection, side: side, settings: settings, logger: logger)
      let facts = ConnectionFacts(connection.session, seconds: seconds)
      let snapshot = try await readDatabase(session, name, .connected(facts))
      await session.close()
      return snapshot
    case .failure(let failure, let seconds):
      logger.debug("connection failed", metadata: ["database": "\(name)", "failure": "\(failure)"])
      let unknown = Undetermined(
        "the \(side) database could not be connected to", remedy: "See connection-\(side)-databases.")
      return DatabaseSnapshot(
        name: name, connection: .failed(ConnectionFailureFact(failure, seconds: seconds)), unknown: unknown)
    }
  }

  private func readDatabase(
    _ session: CatalogSession, _ name: String, _ connection: ConnectionAttempt
  ) async throws -> DatabaseSnapshot {
    var snapshot = DatabaseSnapshot(
      name: name, connection: connection,
      unknown: Undetermined("the tables were not read", remedy: "They are read when a table filter is given."))
    let reader = session.reader()
    let summary = reader.fact(RelationSummary.self)
    let extensions = reader.fact(InstalledExtension.self)
    let languages = reader.fact(Language.self)
    let tables = options.tables == .all || session.side == .target ? nil : reader.fact(Table.self)
    let answers = try await reader.read()
    snapshot.summary = answers.only(summary)
    snapshot.extensions = answers.all(extensions)
    snapshot.languages = answers.all(languages)
    if let tables { snapshot.tables = answers.all(tables) }
    return snapshot
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
