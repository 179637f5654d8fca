import Foundation
import TestSupport

/// Two clusters with a proxy on each way between them and the program. Before each point they are put back, files and
/// all, to how they were when they were saved, so that no point sees what another one has left.
final class TortureBench: Sendable {
  let source: TestCluster
  let target: TestCluster
  /// Of the program's connections to both servers.
  let program = MessageCounter()
  /// Of the subscription's connections to the source.
  let stream = MessageCounter()
  private let toSource: TestProxy
  private let toTarget: TestProxy
  private let fromTarget: TestProxy

  private static let settings = [
    "wal_level": "logical", "autovacuum": "off", "wal_retrieve_retry_interval": "200ms",
    "wal_receiver_timeout": "10s", "wal_sender_timeout": "10s", "min_wal_size": "2MB",
    "max_wal_size": "64MB", "max_wal_senders": "10", "max_replication_slots": "10", "max_connections": "60",
    "shared_buffers": "8MB", "log_min_messages": "warning",
  ]

  /// With the source's database, and an empty target.
  static func start(version: Int = 15) async throws -> TortureBench {
    async let source = TestCluster.start(settings: settings, initdb: ["--wal-segsize=1"])
    async let target = TestCluster.start(version: version, settings: settings, initdb: ["--wal-segsize=1"])
    let bench = try await TortureBench(source, target)
    try await bench.source.sql(ShopDatabase.roles)
    try await bench.source.sql(ShopDatabase.schema, database: ShopDatabase.name)
    return bench
  }

  private init(_ source: TestCluster, _ target: TestCluster) throws {
    self.source = source
    self.target = target
    toSource = try TestProxy("source", to: source.port, counter: program)
    toTarget = try TestProxy("target", to: target.port, counter: program)
    fromTarget = try TestProxy("stream", to: source.port, counter: stream)
  }

  private var proxies: [TestProxy] { [toSource, toTarget, fromTarget] }

  func stop() { for proxy in proxies { proxy.stop() } }

  // MARK: - The program

  var connections: [String] {
    [
      "--source", "postgres://postgres@127.0.0.1:\(toSource.port)/postgres", "--target",
      "postgres://postgres@127.0.0.1:\(toTarget.port)/postgres",
    ]
  }

  var migrate: [String] {
    migrate(by: "replication") + ["--source-for-target", "host=127.0.0.1 port=\(fromTarget.port) user=postgres"]
  }

  func migrate(by method: String) -> [String] {
    ["migrate"] + connections + [
      "--method", method, "--include-database", ShopDatabase.name, "--target-free-space", "100GB", "--yes",
    ]
  }

  func cutover(limit: Int) -> [String] {
    ["cutover"] + connections + [
      "--include-database", ShopDatabase.name, "--block-writes", "--yes", "--max-blocked-time", "\(limit)",
    ]
  }

  func command(_ name: String, _ arguments: String...) -> [String] { [name] + connections + arguments }

  // MARK: - Faults

  /// What was counted and armed before does not count any more.
  func arm(_ point: TorturePoint?, strikes: @escaping @Sendable () -> Void = {}) {
    program.reset()
    stream.reset()
    guard let point else { return }
    let counter = point.place == .program ? program : stream
    counter.arm(point.fault(strikes), at: point.number, of: point.kind == .lostAnswer ? .toServer : .all)
  }

  /// Since it was armed.
  var counts: MessageCounts {
    MessageCounts(program: program.count(), programToServer: program.count(of: .toServer), stream: stream.count())
  }

  var struck: TracedMessage? { program.struck ?? stream.struck }

  func heal() {
    program.disarm()
    stream.disarm()
    for proxy in proxies { proxy.thaw() }
  }

  // MARK: - The servers

  /// Remembers how both servers are.
  func save() async throws {
    // The target first: the source waits until what it has sent is received.
    for cluster in [target, source] {
      try await cluster.stop()
      try await copy(cluster.dataDirectory, to: saved(cluster))
      try await cluster.start()
    }
  }

  /// Puts both servers back.
  func restore() async throws {
    heal()
    for proxy in proxies { proxy.cutAll() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for cluster in [source, target] {
        group.addTask { [self] in
          try? await cluster.stop(mode: .immediate)
          try await copy(saved(cluster), to: cluster.dataDirectory)
          try await cluster.start()
        }
      }
      try await group.waitForAll()
    }
  }

  private func saved(_ cluster: TestCluster) -> String { "\(cluster.dataDirectory).saved" }

  private func copy(_ from: String, to: String) async throws {
    let script = "rm -rf \"$2\" && cp -a \"$1\" \"$2\""
    let output = try await run(executable: "/bin/sh", arguments: ["-c", script, "sh", from, to])
    guard output.status == .exited(0) else { throw TestSupportError("cp: \(output.stderr)") }
  }

  /// Waits until the target receives what is written to the source.
  func waitUntilReplicating() async throws {
    let isStreaming = await within(30) {
      let count = try? await onThread { [source] in
        try PlainSession(ShopDatabase.conninfo(port: source.port, database: "postgres"))
          .run("select count(*) from pg_stat_replication where state = 'streaming'")[0][0]
      }
      return count == "1" ? true : nil
    }
    guard isStreaming != nil else { throw TestSupportError("the subscription does not begin") }
  }

  /// Sets up the replication of the database, with no fault, and saves it.
  func setUpReplication() async throws {
    let output = try await run(arguments: migrate)
    guard output.status == .exited(0) else { throw TestSupportError("\(output.stdout)\(output.stderr)") }
    try await save()
  }
}
