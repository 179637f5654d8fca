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

    init(_ server: Scenario.Server, isSource: Bool) {
      self.isSource = isSource
      version = server.version ?? 15
      name = server.cluster
      settings = server.settings ?? [:]
      hba = server.hba
      tls = server.tls ?? false
      installation = server.installation
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
  private var installations: [String: Result<TestInstallation, any Error>] = [:]

  private init(_ setups: [Setup]) {
    users = Dictionary(setups.map { ($0, 1) }, uniquingKeysWith: +)
  }

  func cluster(_ setup: Setup) async throws -> TestCluster {
    if let started = clusters[setup] { return try await started.value }
    let installation = try setup.installation.map { try self.installation($0) }
    let starting = Task {
      // Small, and with room for what many cases do at a time.
      let defaults = ["wal_level": "logical", "autovacuum": "off", "max_connections": "50"]
      return try await TestCluster.start(
        version: setup.version, settings: defaults.merging(setup.settings) { $1 }, hba: setup.hba,
        installation: installation, tls: setup.tls)
    }
    clusters[setup] = starting
    return try await starting.value
  }

  /// One case less will use it.
  func release(_ setup: Setup) {
    users[setup, default: 1] -= 1
    if users[setup] == 0 { clusters[setup] = nil }
  }

  private func installation(_ name: String) throws -> TestInstallation {
    let known = installations[name] ?? Result { try Self.makeInstallation(name) }
    installations[name] = known
    return try known.get()
  }

  /// `fixtures/installations/<name>`: the files to add, and in `lacking` the names of the extensions to take away.
  private static func makeInstallation(_ name: String) throws -> TestInstallation {
    let folder = Scenario.fixtures.appending(path: "installations/\(name)")
    let lacking = (try? String(contentsOf: folder.appending(path: "lacking"), encoding: .utf8)) ?? ""
    return try TestInstallation(
      lacking: lacking.split(whereSeparator: \.isWhitespace).map(String.init),
      extensions: folder.appending(path: "extension").path)
  }
}
