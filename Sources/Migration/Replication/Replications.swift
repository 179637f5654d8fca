import Catalog
import Postgres

/// What runs of this program have set up between these two servers: replications that run, or parts of them.
public struct RunningReplication: Sendable, Equatable {
  public var name: ReplicationName
  /// Quoted nowhere. nil where neither side tells.
  public var database: String?
  /// The manifest on the target says that it is replicated.
  public var hasManifest = false
  public var hasSubscription = false
  public var hasSlot = false
  /// Somebody reads the slot.
  var isSlotActive = false
  public var hasPublication = false

  init(name: ReplicationName) { self.name = name }
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

  /// What is there of this program's name.
  struct Found: Sendable {
    /// Of this target.
    var ours: [RunningReplication] = []
    /// Of other targets of the same source: theirs.
    var foreign: [RunningReplication] = []
    /// Manifests that are about other servers, in words.
    var contradictions: [String] = []
  }

  private(set) var source: Endpoint
  private(set) var target: Endpoint
  private(set) var settings: Settings

  /// The same for one of so many databases that are cut over together: they share the jobs.
  func shared(among count: Int) -> Replications {
    var copy = self
    copy.settings.jobs = max(1, settings.jobs / max(1, count))
    return copy
  }

  /// The same, with sessions that are given up where a server is silent for so long.
  func givingUp(after silence: Duration) -> Replications {
    var copy = self
    copy.source.responseTimeout = silence
    copy.target.responseTimeout = silence
    return copy
  }

  public init(source: ConnectionString, target: ConnectionString, settings: Settings) {
    self.settings = settings
    let name = "pgpreflight"
    self.source = Endpoint(
      side: .source, string: source, applicationName: name, connectTimeout: settings.connectTimeout)
    self.target = Endpoint(
      side: .target, string: target, applicationName: name, connectTimeout: settings.connectTimeout)
    // It reads catalogs alone: whoever says nothing for so long is not there.
    (self.source.responseTimeout, self.target.responseTimeout) = (.seconds(120), .seconds(120))
  }

  /// Looks on both sides, and on the source in each database that lets it in. Not those that a failed run has left on the
  /// source beside one that runs: nothing is lost with them.
  ///
  /// - Throws: `MigrationError`, `CancellationError`; a manifest that is about other servers is one.
  public func all() async throws -> [RunningReplication] {
    let found = try await everything()
    let ours = found.ours.filter { $0.hasManifest || $0.hasSubscription }
    if ours.isEmpty, let contradiction = found.contradictions.first { throw MigrationError(contradiction) }
    let running = Set(ours.compactMap(\.database))
    return found.ours.filter {
      $0.hasManifest || $0.hasSubscription || !($0.database.map(running.contains) ?? false)
    }
  }

  /// What failed runs have left on the source of a database, for this target. A slot that is read is nobody's leftover:
  /// two targets can have one identifier, where both are copies of the same files.
  func leftovers(of database: String, beside name: ReplicationName) async throws -> [ReplicationName] {
    try await everything().ours.filter {
      $0.database == database && $0.name != name && !$0.hasSubscription && !$0.hasManifest && !$0.isSlotActive
    }.map(\.name)
  }

  func everything() async throws -> Found {
    var found: [ReplicationName: RunningReplication] = [:]
    let (system, contradictions) = try await addManifests(to: &found)
    try await addSubscriptions(to: &found)
    try await addSlotsAndPublications(to: &found)
    let all = found.values.sorted { $0.name < $1.name }
    // Where the target's identifier can't be read, it is nobody's that has neither a manifest nor a subscription there.
    let isOurs = { (running: RunningReplication) in
      running.hasManifest || running.name.isFor(target: system) && (system != nil || running.hasSubscription)
    }
    return Found(ours: all.filter(isOurs), foreign: all.filter { !isOurs($0) }, contradictions: contradictions)
  }

  /// - Returns: what tells the target from others, and the manifests that are not about these servers.
  func addManifests(
    to found: inout [ReplicationName: RunningReplication]
  ) async throws -> (system: String?, contradictions: [String]) {
    let (databases, system) = try await target.session(in: nil, for: "listing the databases", purpose: .reading) {
      (try await Self.databases(over: $0), try await Endpoint.systemIdentifier(over: $0))
    }
    let sourceSystem = try await source.session(in: nil, for: "identifying the server", purpose: .reading) {
      try await Endpoint.systemIdentifier(over: $0)
    }
    var contradictions: [String] = []
    for (manifest, place) in try await manifests(in: databases) where manifest.isReplicating {
      var here = manifest.source
      here.system = sourceSystem
      if let contradiction = manifest.contradiction(source: here, target: place) {
        contradictions.append(contradiction)
      } else {
        found[manifest.name, default: RunningReplication(name: manifest.name)].hasManifest = true
        found[manifest.name]?.database = manifest.source.database
      }
    }
    return (system, contradictions)
  }

  /// Databases of later waves, as the manifests of those that are replicated tell: they are not on the target yet, or not
  /// replicated where it had them before.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  public func waiting() async throws -> [String] {
    let databases = try await target.session(in: nil, for: "listing the databases", purpose: .reading) {
      try await Self.databases(over: $0)
    }
    let manifests = try await manifests(in: databases).map(\.0)
    let (there, begun) = (Set(databases), Set(manifests.map(\.source.database)))
    let names = manifests.filter(\.isReplicating).flatMap { $0.waiting ?? [] }.filter {
      !begun.contains($0.database) && ($0.isOnTarget || !there.contains($0.database))
    }.map(\.database)
    return Set(names).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Of all runs, with what the database says that it is.
  private func manifests(in databases: [String]) async throws -> [(Manifest, Manifest.Place)] {
    var manifests: [(Manifest, Manifest.Place)] = []
    for database in databases {
      manifests +=
        try await target.ifAdmitted(to: database, for: "reading manifests") { connection in
          var found: [Manifest] = []
          for journal in try await Journal.all(over: connection) {
            if let manifest = try await journal.manifest(over: connection)?.content { found.append(manifest) }
          }
          guard !found.isEmpty else { return [] }
          let place = try await Endpoint.place(over: connection)
          return found.map { ($0, place) }
        } ?? []
    }
    return manifests
  }

  func addSubscriptions(to found: inout [ReplicationName: RunningReplication]) async throws {
    let rows = try await target.session(in: nil, for: "listing the subscriptions", purpose: .reading) {
      try await $0.query(ReadingStatements.subscriptions)
    }
    for (_, name, database) in Self.named(rows) {
      found[name, default: RunningReplication(name: name)].hasSubscription = true
      found[name]?.database = database
    }
  }

  func addSlotsAndPublications(to found: inout [ReplicationName: RunningReplication]) async throws {
    let (slots, databases) = try await source.session(in: nil, for: "listing the slots", purpose: .reading) {
      connection in
      (try await connection.query(ReadingStatements.slots), try await Self.databases(over: connection))
    }
    for (row, name, database) in Self.named(slots) {
      found[name, default: RunningReplication(name: name)].hasSlot = true
      found[name]?.isSlotActive = slots.text(row, 2) == "t"
      found[name]?.database = database
    }
    for database in databases {
      let rows = try await source.ifAdmitted(to: database, for: "listing the publications") {
        try await $0.query(ReadingStatements.publications)
      }
      guard let rows else { continue }
      for (_, name, database) in Self.named(rows) {
        found[name, default: RunningReplication(name: name)].hasPublication = true
        found[name]?.database = database
      }
    }
  }

  private static func named(_ rows: Rows) -> [(row: Int, ReplicationName, String)] {
    (0..<rows.count).compactMap { row in
      guard let name = rows.text(row, 0).flatMap({ ReplicationName($0) }) else { return nil }
      return (row, name, rows.text(row, 1) ?? "")
    }
  }

  /// Takes memberships from the target role that no other database's replication needs.
  func giveBack(_ roles: [String], of name: ReplicationName, over connection: Connection) async throws {
    guard !roles.isEmpty else { return }
    let others = try await memberships(besides: name)
    for role in roles where !others.contains(role) {
      _ = try await connection.query("REVOKE \(Quoting.identifier(role)) FROM CURRENT_USER")
    }
  }

  /// What the target role was made a member of for the replications of this target, but one.
  private func memberships(besides name: ReplicationName) async throws -> Set<String> {
    let databases = try await target.session(in: nil, for: "listing the databases", purpose: .reading) {
      try await Self.databases(over: $0)
    }
    let others = try await manifests(in: databases).map(\.0).filter { $0.name != name }
    return Set(others.flatMap(\.memberships))
  }

  /// Those that can be connected to.
  static func databases(over connection: Connection) async throws -> [String] {
    let rows = try await connection.query(ReadingStatements.databases)
    return (0..<rows.count).compactMap { rows.text($0, 0) }
      .filter { !DatabaseSelection.providerDatabases.contains($0) }
  }

  /// One that both sides name.
  func replication(_ running: RunningReplication) -> Replication? {
    running.database.map {
      Replication(name: running.name, database: $0, source: source, target: target, targetEntrance: nil)
    }
  }
}
