import TestSupport

/// The two clusters of a case, set up for it.
struct ScenarioClusters: Sendable {
  let scenario: Scenario
  let source: Place
  let target: Place

  /// Where a side of the check connects to.
  struct Place: Sendable {
    var server: Scenario.Server
    var port: Int
    /// The cluster, where there is one behind the port.
    var cluster: TestCluster?
    /// Whether the case's databases and roles are made there.
    var isOwn = false
    /// What has to live as long as the case.
    var keeper: (any Sendable)?

    /// A libpq keyword string.
    func connection(database: String, role: String?, password: String?, asGiven: Bool = true) -> String {
      var keywords = ["port": "\(port)", "dbname": database, "user": role ?? "postgres"]
      keywords["host"] =
        switch server.host ?? .address {
        case .address: "127.0.0.1"
        case .name: "localhost"
        case .socket: cluster?.socketDirectory
        }
      keywords["password"] = password
      if asGiven { keywords.merge(server.keywords ?? [:]) { $1 } }
      return keywords.filter { $1 != "" }.sorted { $0.key < $1.key }.map { name, value in
        "\(name)='\(value.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
      }.joined(separator: " ")
    }
  }

  /// - Parameter provided: starts a cluster, or has it already.
  init(
    for scenario: Scenario,
    on provided: @Sendable (ClusterPool.Setup) async throws -> TestCluster = {
      try await ClusterPool.shared.cluster($0)
    }
  ) async throws {
    self.scenario = scenario
    let source = scenario.source ?? Scenario.Server()
    let target = scenario.target ?? Scenario.Server()
    // What is copied from a cluster is copied with the case's databases in it.
    async let ownSource = Self.own(source, isSource: true, of: scenario, on: provided)
    async let ownTarget = Self.own(target, isSource: false, of: scenario, on: provided)
    let (preparedSource, preparedTarget) = try await (ownSource, ownTarget)
    self.source =
      if let preparedSource { preparedSource } else { try await Self.place(source, other: preparedTarget?.cluster) }
    self.target =
      if let preparedTarget { preparedTarget } else { try await Self.place(target, other: preparedSource?.cluster) }
  }

  /// To be called when the case is done.
  func release() async {
    for (place, isSource) in [(source, true), (target, false)] where place.isOwn {
      await ClusterPool.shared.release(ClusterPool.Setup(place.server, isSource: isSource))
    }
  }

  /// The side's own cluster with what the case wants to be there; `nil` where it has none.
  private static func own(
    _ server: Scenario.Server, isSource: Bool, of scenario: Scenario,
    on provided: @Sendable (ClusterPool.Setup) async throws -> TestCluster
  ) async throws -> Place? {
    guard (server.kind ?? .own) == .own else { return nil }
    let cluster = try await provided(ClusterPool.Setup(server, isSource: isSource))
    try await prepare(cluster, server, for: scenario, databases: scenario.databases(of: server, isSource: isSource))
    return Place(server: server, port: cluster.port, cluster: cluster, isOwn: true)
  }

  private static func place(_ server: Scenario.Server, other: TestCluster?) async throws -> Place {
    func needed() throws -> TestCluster {
      guard let other else { throw ScenarioError("both sides refer to the other side's cluster") }
      return other
    }
    switch server.kind ?? .own {
    case .own, .other:
      return Place(server: server, port: try needed().port, cluster: try needed())
    case .standby, .promoted, .copy:
      let copy = try await needed().standby(settings: ClusterPool.workers.merging(server.settings ?? [:]) { $1 })
      if server.kind == .promoted { try await copy.promote() }
      if server.kind == .copy { try await copy.leaveRecoveryUnpromoted() }
      return Place(server: server, port: copy.port, cluster: copy)
    case .pooler:
      let pooler = try await TestPooler.start(for: needed(), mode: .session)
      return Place(server: server, port: pooler.port, cluster: try needed(), keeper: pooler)
    case .closed, .silent, .web:
      let listener = try TestListener(server.kind == .web ? .web : server.kind == .silent ? .silent : .refusing)
      return Place(server: server, port: listener.port, keeper: listener)
    }
  }

  // MARK: - Set-up

  var database: String { scenario.name }
  var role: String { scenario.name }
  var variables: [String: String] { scenario.variables }

  var included: [String] { scenario.include?.map(filled) ?? scenario.databases(of: source.server, isSource: true) }

  private static func prepare(
    _ cluster: TestCluster, _ server: Scenario.Server, for scenario: Scenario, databases: [String]
  ) async throws {
    var script = ""
    if let attributes = server.role {
      script += "CREATE ROLE :\"role\" \(attributes)"
      script += server.password.map { " PASSWORD '\($0.replacing("'", with: "''"))'" } ?? ""
      script += ";\n"
    }
    for database in databases where database != "postgres" {
      script += "CREATE DATABASE \"\(database.replacing("\"", with: "\"\""))\" TEMPLATE template0;\n"
    }
    script += server.clusterSql ?? ""
    if !script.isEmpty { try await cluster.sql(script, variables: scenario.variables) }
    guard let sql = server.sql else { return }
    for database in databases { try await cluster.sql(sql, database: database, variables: scenario.variables) }
  }

  /// The text with `{database}`, `{role}`, the ports and the folders of programs in place.
  func filled(_ text: String) -> String {
    var text = scenario.filled(text).replacing("{host.address}", with: addressOfThisHost ?? "")
    for (name, place) in [("source", source), ("target", target)] {
      text = text.replacing("{\(name).port}", with: "\(place.port)")
        .replacing("{\(name).certificate}", with: place.cluster?.certificate ?? "")
    }
    text = text.replacing("{fixtures}", with: Scenario.fixtures.path)
    for version in 10...19 {
      text = text.replacing("{bin.\(version)}", with: TestCluster.available(version) ?? "/nonexistent")
    }
    return text
  }

  /// Likewise, with the size of the selected databases: `{size}`, `{size-1}`, `{needed}`, `{needed-1}`.
  func filledWithSizes(_ text: String) async throws -> String {
    let text = filled(text)
    guard text.contains("{size") || text.contains("{needed"), let cluster = source.cluster else { return text }
    for database in included { try await cluster.sql("SELECT 1", database: database) }
    let names = included.map { "'\($0.replacing("'", with: "''"))'" }.joined(separator: ", ")
    let size = try await cluster.sql(
      "SELECT sum(pg_database_size(oid)) FROM pg_database WHERE datname IN (\(names)) AND datconnlimit <> -2")
    guard let size = Int(size) else { throw ScenarioError("no size: \(size)") }
    let needed = (size * 13 + 9) / 10
    return text.replacing("{size}", with: "\(size)").replacing("{size-1}", with: "\(size - 1)")
      .replacing("{needed}", with: "\(needed)").replacing("{needed-1}", with: "\(needed - 1)")
  }
}

extension Scenario {
  var variables: [String: String] { ["database": name, "role": name] }

  /// The text with the names of the case's database and role in place.
  func filled(_ text: String) -> String {
    text.replacing("{database}", with: name).replacing("{role}", with: name)
  }

  func databases(of server: Server, isSource: Bool) -> [String] {
    (server.databases ?? (isSource || server.sql != nil ? [name] : [])).map(filled)
  }
}
