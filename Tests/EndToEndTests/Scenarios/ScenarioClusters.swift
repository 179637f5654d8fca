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
      return keywords.sorted { $0.key < $1.key }.map { name, value in
        "\(name)='\(value.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
      }.joined(separator: " ")
    }
  }

  init(for scenario: Scenario) async throws {
    self.scenario = scenario
    let source = scenario.source ?? Scenario.Server()
    let target = scenario.target ?? Scenario.Server()
    if source.kind == .own || source.kind == nil {
      let place = try await Self.own(source, isSource: true)
      self.source = place
      self.target = try await Self.place(target, isSource: false, other: place.cluster)
    } else {
      let place = try await Self.place(target, isSource: false, other: nil)
      self.target = place
      self.source = try await Self.place(source, isSource: true, other: place.cluster)
    }
    try await prepare()
  }

  /// To be called when the case is done.
  func release() async {
    for (place, isSource) in [(source, true), (target, false)] where place.isOwn {
      await ClusterPool.shared.release(ClusterPool.Setup(place.server, isSource: isSource))
    }
  }

  private static func own(_ server: Scenario.Server, isSource: Bool) async throws -> Place {
    let cluster = try await ClusterPool.shared.cluster(ClusterPool.Setup(server, isSource: isSource))
    return Place(server: server, port: cluster.port, cluster: cluster, isOwn: true)
  }

  private static func place(
    _ server: Scenario.Server, isSource: Bool, other: TestCluster?
  ) async throws -> Place {
    func needed() throws -> TestCluster {
      guard let other else { throw ScenarioError("both sides refer to the other side's cluster") }
      return other
    }
    switch server.kind ?? .own {
    case .own:
      return try await own(server, isSource: isSource)
    case .other:
      return Place(server: server, port: try needed().port, cluster: try needed())
    case .standby, .promoted, .copy:
      let copy = try await needed().standby()
      if server.kind == .promoted { try await copy.promote() }
      if server.kind == .copy { try await copy.leaveRecoveryUnpromoted() }
      return Place(server: server, port: copy.port, cluster: copy)
    case .pooler:
      let pooler = try await TestPooler.start(for: needed(), mode: .session)
      return Place(server: server, port: pooler.port, cluster: try needed(), keeper: pooler)
    case .closed:
      return Place(server: server, port: try unusedPort())
    case .silent, .web:
      let listener = try TestListener(server.kind == .web ? .web : .silent)
      return Place(server: server, port: listener.port, keeper: listener)
    }
  }

  // MARK: - Set-up

  var database: String { scenario.name }
  var role: String { scenario.name }
  var variables: [String: String] { ["database": database, "role": role] }

  var sourceDatabases: [String] { (source.server.databases ?? [database]).map(filled) }

  private var targetDatabases: [String] {
    (target.server.databases ?? (target.server.sql == nil ? [] : [database])).map(filled)
  }

  var included: [String] { scenario.include?.map(filled) ?? sourceDatabases }

  private func prepare() async throws {
    async let sourceIsReady: Void = prepare(source, databases: sourceDatabases)
    async let targetIsReady: Void = prepare(target, databases: targetDatabases)
    _ = try await (sourceIsReady, targetIsReady)
  }

  private func prepare(_ place: Place, databases: [String]) async throws {
    guard place.isOwn, let cluster = place.cluster else { return }
    var script = ""
    if let attributes = place.server.role {
      script += "CREATE ROLE :\"role\" \(attributes)"
      script += place.server.password.map { " PASSWORD '\($0.replacing("'", with: "''"))'" } ?? ""
      script += ";\n"
    }
    for database in databases where database != "postgres" {
      script += "CREATE DATABASE \"\(database.replacing("\"", with: "\"\""))\" TEMPLATE template0;\n"
    }
    script += place.server.clusterSql ?? ""
    if !script.isEmpty { try await cluster.sql(script, variables: variables) }
    guard let sql = place.server.sql else { return }
    for database in databases { try await cluster.sql(sql, database: database, variables: variables) }
  }

  /// The text with `{database}`, `{role}` and the ports in place.
  func filled(_ text: String) -> String {
    var text = text.replacing("{database}", with: database).replacing("{role}", with: role)
    for (name, place) in [("source", source), ("target", target)] {
      text = text.replacing("{\(name).port}", with: "\(place.port)")
        .replacing("{\(name).certificate}", with: place.cluster?.certificate ?? "")
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
