import TestSupport

/// One worker's clusters, one for each set-up. Each state finds them as they were when they were made, files and all, and
/// none runs when no state is tried on it: so no state sees what another one has left.
actor TruthBench {
  private var clusters: [(setup: ClusterPool.Setup, cluster: TestCluster)] = []
  private var running: [TestCluster] = []

  /// How many are kept: a cluster takes some 30 MB of disk.
  private static let limit = 12

  /// A cluster as `initdb` makes it.
  func fresh(_ setup: ClusterPool.Setup) async throws -> TestCluster {
    var setup = setup
    // The name keeps scenarios apart that share clusters.
    setup.name = nil
    if let known = clusters.firstIndex(where: { $0.setup == setup }) {
      let entry = clusters.remove(at: known)
      clusters.append(entry)
      try await put(saved(entry.cluster), to: entry.cluster.dataDirectory)
      try await entry.cluster.start()
      running.append(entry.cluster)
      return entry.cluster
    }
    let cluster = try await ClusterPool.start(
      setup,
      settings: [
        "max_connections": "100", "min_wal_size": "2MB", "max_wal_size": "64MB", "wal_keep_size": "0",
        "wal_retrieve_retry_interval": "200ms", "log_min_messages": "warning",
      ], initdb: ["--wal-segsize=1"])
    try await cluster.stop()
    try await put(cluster.dataDirectory, to: saved(cluster))
    try await cluster.start()
    clusters.append((setup, cluster))
    running.append(cluster)
    if clusters.count > Self.limit {
      let oldest = clusters.removeFirst().cluster
      try await shell("rm -rf \"$1\" \"$2\"", saved(oldest), oldest.dataDirectory)
    }
    return cluster
  }

  /// The state is done with its clusters.
  func finish() async {
    for cluster in running { try? await cluster.stop(mode: .immediate) }
    running = []
  }

  private func saved(_ cluster: TestCluster) -> String { "\(cluster.dataDirectory).saved" }

  private func put(_ from: String, to: String) async throws {
    try await shell("rm -rf \"$2\" && cp -a \"$1\" \"$2\"", from, to)
  }

  private func shell(_ script: String, _ arguments: String...) async throws {
    let output = try await run(executable: "/bin/sh", arguments: ["-c", script, "sh"] + arguments)
    guard output.status == .exited(0) else { throw TestSupportError("\(script): \(output.stderr)") }
  }
}
