import Catalog
import Logging
import Postgres

/// The only reader of catalogs: looks at both clusters and gives a snapshot of each.
///
/// It changes nothing. Every session is one transaction that is `REPEATABLE READ READ ONLY`; there is one session for
/// each database and one more for the cluster, which serves its own database too; no more than `jobs` are open on a
/// server at a time. A source database whose target database is not empty is asked once more, in a session of its own,
/// and so is the target where the source has functions in C.
public struct Inspector: Sendable {
  public struct Settings: Sendable {
    /// Sessions on one server at a time, at least 1.
    public var jobs = 4
    /// For each address of each host; `connect_timeout` of the connection string wins.
    public var connectTimeout = Duration.seconds(10)
    /// For each catalog query.
    public var statementTimeout = Duration.seconds(60)
    /// Also what only some checks need: for a snapshot that is kept, nobody knows yet which check it will be for.
    public var readsEverything = false

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

  /// Where what is known of a cluster comes from.
  public enum Origin: Sendable {
    case server(ConnectionString)
    /// A look at another time.
    case saved(ClusterSnapshot)
  }

  /// Looks at both clusters at the same time. What can't be read becomes an unknown fact; nothing ends the inspection.
  ///
  /// - Throws: only `CancellationError`; the servers then have no session of ours any more.
  public func inspect(
    source: Origin, target: Origin
  ) async throws -> (source: ClusterSnapshot, target: ClusterSnapshot) {
    let offered = OfferedExtensions()
    async let sourceOpening = open(source, on: .source, offered: offered)
    async let targetOpening = open(target, on: .target, offered: offered)
    let (openedSource, targetCluster) = try await (sourceOpening, targetOpening)
    let sourceCluster = openedSource.facing(targetCluster.snapshot)

    // Of the target, the databases that the source has too are looked into.
    let selected = sourceCluster.snapshot.databases.ifKnown.map { DatabaseSelection(of: $0, options: options).selected }
    let names = selected?.map(\.datname) ?? options.includedDatabases
    let locales = sourceCluster.snapshot.libcLocales(of: names)
    async let sourceSnapshot = sourceCluster.inspect(databases: names)
    async let targetSnapshot = targetCluster.inspect(databases: names, locales: locales)
    var (source, target) = try await (sourceSnapshot, targetSnapshot)
    try await sourceCluster.compare(&source, with: target)
    try await targetCluster.learnCollations(of: source, into: &target)
    try await targetCluster.findLinks(in: &target, of: source)
    try await targetCluster.findNeeded(in: &source)
    try await targetCluster.findMembers(in: &source, of: target)
    return (source, target)
  }

  /// Looks at one cluster, into every database that is not a template or the provider's own.
  ///
  /// - Throws: only `CancellationError`.
  public func inspect(_ string: ConnectionString, on side: Side) async throws -> ClusterSnapshot {
    let offered = OfferedExtensions()
    await offered.publish(nil)
    let cluster = try await open(.server(string), on: side, offered: offered)
    let databases = cluster.snapshot.databases.ifKnown ?? []
    // Which locales a source will ask for is not known yet: these are the likely ones.
    let locales = cluster.snapshot.libcLocales(of: databases.map(\.datname)) + ["C.UTF-8", "en_US.UTF-8"]
    return try await cluster.inspect(
      databases: DatabaseSelection(of: databases, options: options).selected.map(\.datname), locales: locales)
  }

  private func open(_ origin: Origin, on side: Side, offered: OfferedExtensions) async throws -> ClusterInspector {
    switch origin {
    case .server(let string): try await ClusterInspector(self, string, on: side, offered: offered)
    case .saved(let snapshot): ClusterInspector(self, snapshot, on: side, offered: offered)
    }
  }
}
