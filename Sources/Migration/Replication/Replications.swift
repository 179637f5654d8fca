import Catalog
import Postgres

/// What runs of this program have left on both servers: replications that run, or parts of them.
public struct RunningReplication: Sendable, Equatable {
  public var name: ReplicationName
  /// Quoted nowhere. nil where neither side tells.
  public var database: String?
  public var hasSubscription: Bool
  public var hasSlot: Bool
  public var hasPublication: Bool

  init(name: ReplicationName) {
    self.name = name
    (hasSubscription, hasSlot, hasPublication) = (false, false, false)
  }
}

/// The two servers, for what is done to replications that a migration has set up.
public struct Replications: Sendable {
  public struct Settings: Sendable {
    public var jobs = 4
    public var connectTimeout = Duration.seconds(10)
    /// Bytes a second that a copy makes, as the user tells it.
    public var throughput: Int?

    public init() {}
  }

  let source: Endpoint
  let target: Endpoint
  let settings: Settings

  public init(source: ConnectionString, target: ConnectionString, settings: Settings) {
    self.settings = settings
    let name = "pgpreflight"
    self.source = Endpoint(
      side: .source, string: source, applicationName: name, connectTimeout: settings.connectTimeout)
    self.target = Endpoint(
      side: .target, string: target, applicationName: name, connectTimeout: settings.connectTimeout)
  }

  /// Looks on both sides, and on the source in each database. Not those that a failed run has left on the source beside
  /// one that runs: nothing is lost with them.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  public func all() async throws -> [RunningReplication] {
    let found = try await everything()
    let running = Set(found.filter(\.hasSubscription).compactMap(\.database))
    return found.filter { $0.hasSubscription || !($0.database.map(running.contains) ?? false) }
  }

  /// What failed runs have left on the source of a database.
  func leftovers(of database: String, beside name: ReplicationName) async throws -> [ReplicationName] {
    try await everything().filter { $0.database == database && $0.name != name && !$0.hasSubscription }.map(\.name)
  }

  private func everything() async throws -> [RunningReplication] {
    var found: [ReplicationName: RunningReplication] = [:]
    try await addSubscriptions(to: &found)
    try await addSlotsAndPublications(to: &found)
    return found.values.sorted { $0.name < $1.name }
  }

  func addSubscriptions(to found: inout [ReplicationName: RunningReplication]) async throws {
    let rows = try await target.session(in: nil, for: "listing the subscriptions") {
      try await $0.query(ReadingStatements.subscriptions)
    }
    for (name, database) in Self.named(rows) {
      found[name, default: RunningReplication(name: name)].hasSubscription = true
      found[name]?.database = database
    }
  }

  func addSlotsAndPublications(to found: inout [ReplicationName: RunningReplication]) async throws {
    let (slots, databases) = try await source.session(in: nil, for: "listing the slots") { connection in
      (
        try await connection.query(ReadingStatements.slots), try await Self.databases(over: connection)
      )
    }
    for (name, database) in Self.named(slots) {
      found[name, default: RunningReplication(name: name)].hasSlot = true
      found[name]?.database = database
    }
    for database in databases {
      let rows = try await source.session(in: database, for: "listing the publications") {
        try await $0.query(ReadingStatements.publications)
      }
      for (name, database) in Self.named(rows) {
        found[name, default: RunningReplication(name: name)].hasPublication = true
        found[name]?.database = database
      }
    }
  }

  private static func named(_ rows: Rows) -> [(ReplicationName, String)] {
    (0..<rows.count).compactMap { row in
      guard let name = rows.text(row, 0).flatMap({ ReplicationName($0) }) else { return nil }
      return (name, rows.text(row, 1) ?? "")
    }
  }

  /// Those that can be connected to.
  static func databases(over connection: Connection) async throws -> [String] {
    let rows = try await connection.query(ReadingStatements.databases)
    return (0..<rows.count).compactMap { rows.text($0, 0) }
  }

  /// One that both sides name.
  func replication(_ running: RunningReplication) -> Replication? {
    running.database.map {
      Replication(name: running.name, database: $0, source: source, target: target, targetEntrance: nil)
    }
  }
}
