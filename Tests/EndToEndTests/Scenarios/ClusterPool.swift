import TestSupport

/// The clusters that the cases share: one for each distinct set-up, started when the first case needs it and ended when
/// the last one is done.
actor ClusterPool {
  /// What makes two clusters the same for the cases.
  struct Setup: Hashable, Sendable {
    var isSource: Bool
    var version: Int
    var name: String?
    var settings: [String: String]
    var hba: [String]?
    var tls: Bool
    var installation: String?
    var locales: [String]

    init(_ server: Scenario.Server, isSource: Bool) {
      self.isSource = isSource
      version = server.version ?? 15
      name = server.cluster
      settings = server.settings ?? [:]
      hba = server.hba
      tls = server.tls ?? false
      installation = server.installation
      locales = server.locales ?? []
    }
  }

  static let shared = ClusterPool(
    Scenario.all.flatMap { scenario in
      [(scenario.source, true), (scenario.target, false)].compactMap { server, isSource in
        let server = server ?? Scenario.Server()
        return (server.kind ?? .own) == .own ? Setup(server, isSource: isSource) : nil
      }
    })

  private var users: [Setup: Int]
  private var clusters: [Setup: Task<TestCluster, any Error>] = [:]

  private init(_ setups: [Setup]) {
    users = Dictionary(setups.map { ($0, 1) }, uniquingKeysWith: +)
  }

  /// For the subscriptions of all cases that run at a time. A standby needs as many processes as its primary.
  static let workers = ["max_logical_replication_workers": "16", "max_worker_processes": "24"]

  func cluster(_ setup: Setup) async throws -> TestCluster {
    if let started = clusters[setup] { return try await started.value }
    let starting = Task { try await Self.start(setup) }
    clusters[setup] = starting
    return try await starting.value
  }

  /// - Parameters:
  ///   - more: settings over the defaults, under those of the set-up.
  ///   - initdb: more arguments of `initdb`.
  static func start(
    _ setup: Setup, settings more: [String: String] = [:], initdb: [String] = []
  ) async throws -> TestCluster {
    let (lacking, offering) = try setup.installation.map(installation) ?? ([], [])
    // Small, and with room for what many cases do at a time.
    let defaults = [
      "wal_level": "logical", "autovacuum": "off", "max_connections": "50", "wal_keep_size": "1GB",
    ].merging(workers) { $1 }.merging(more) { $1 }
    return try await TestCluster.start(
      version: setup.version, settings: defaults.merging(setup.settings) { $1 }, hba: setup.hba, initdb: initdb,
      without: lacking, offering: offering, locales: setup.locales, tls: setup.tls)
  }

  /// One case less will use it.
  func release(_ setup: Setup) {
    users[setup, default: 1] -= 1
    if users[setup] == 0 { clusters[setup] = nil }
  }

  /// `fixtures/installations/<name>`: extensions to add, and in `lacking` the names of those to take away.
  private static func installation(_ name: String) throws -> (lacking: Set<String>, offering: [TestExtension]) {
    let folder = Scenario.fixtures.appending(path: "installations/\(name)")
    let lacking = (try? String(contentsOf: folder.appending(path: "lacking"), encoding: .utf8)) ?? ""
    return (
      Set(lacking.split(whereSeparator: \.isWhitespace).map(String.init)),
      try TestExtension.all(in: folder.appending(path: "extension").path)
    )
  }
}
