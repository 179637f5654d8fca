import Catalog

extension Rule {
  static let notSameServer = Rule(
    "not-same-server", "Source and target are not the same server",
    group: .connection,
    documentation: "https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CONTROLDATA",
    explanation: Explanation(
      why: "A move from a server to itself, or to a copy that follows it, overwrites or doubles what it should carry.",
      decides: """
        By what the servers tell, never by host names: two names may lead to one server, and one name (a pooler, a \
        failover address) to two. The same start time to the microsecond is the same server. Different system \
        identifiers are different clusters. The same identifier with other signs is a standby, the primary of one, a \
        promoted copy, or the same server restarted between the two looks. Where an identifier may not be read, the \
        start times decide, as both were read in one run; where a saved snapshot stands in for a server they prove \
        nothing, and only the same address, or the same data directory with the same databases, tells anything.
        """,
      fix: "Name another target, or promote the copy that is meant."),
    decide: .cluster { pair in
      let source = try pair.source.server.value
      let target = try pair.target.server.value
      let identifiers = (pair.source.control.ifKnown?.systemIdentifier, pair.target.control.ifKnown?.systemIdentifier)

      if source.postmasterStartTime == target.postmasterStartTime,
        identifiers.0 == nil || identifiers.1 == nil || identifiers.0 == identifiers.1
      {
        return .failed(
          "Source and target are one and the same server.",
          [pair.finding("both names lead to the server that started at \(source.postmasterStartTime)")])
      }
      guard let sourceIdentifier = identifiers.0, let targetIdentifier = identifiers.1 else {
        if !pair.options.savedSides.isEmpty {
          guard pair.isOnePlace else {
            throw Undetermined(
              "a system identifier may not be read, and start times prove nothing about a saved snapshot",
              remedy: "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() to the role on both servers.")
          }
          return .failed(
            "Source and target are one and the same server, seen at different times.",
            [pair.finding("same address, or same data directory and databases")])
        }
        return .passed(
          "Different servers, by their start times only: a system identifier may not be read by this role.")
      }
      guard sourceIdentifier == targetIdentifier else {
        return .passed("Different clusters: their system identifiers differ.")
      }
      if target.inRecovery {
        return .failed(
          "The target is a physical standby of the source, or of what it was copied from.",
          [pair.finding("the target is in recovery and has the source's system identifier")])
      }
      if source.inRecovery {
        let isPromoted = pair.target.timeline > pair.source.timeline
        return .failed(
          isPromoted
            ? "The target is a promoted copy of the cluster that the source follows."
            : "The target is the primary that the source follows.",
          [pair.finding("the source is in recovery and has the target's system identifier")])
      }
      if pair.source.timeline != pair.target.timeline {
        return .failed(
          "The target is a promoted physical copy of the source: it holds the source's data already.",
          [pair.finding("same system identifier, other timeline")], severity: .warning)
      }
      return .failed(
        pair.placesAgree
          ? "Source and target are one server, restarted between the two looks."
          : "The target is a raw copy of the source that was never promoted.",
        [pair.finding("same system identifier, same timeline")])
    })
}

extension ClusterPair {
  /// The same address and port, or the same data directory, seen from the servers.
  fileprivate var placesAgree: Bool {
    if let source = source.server.ifKnown, let target = target.server.ifKnown, source.serverAddr != nil,
      source.serverAddr == target.serverAddr, source.serverPort == target.serverPort
    {
      return true
    }
    let directories = (try? source.settingIfShown("data_directory"), try? target.settingIfShown("data_directory"))
    return directories.0 != nil && directories.0 == directories.1
  }

  /// An address of the network and its port, or a data directory with the same databases by name and identifier.
  fileprivate var isOnePlace: Bool {
    if let source = source.server.ifKnown, let target = target.server.ifKnown, let address = source.serverAddr,
      !address.hasPrefix("127."), address != "::1", address == target.serverAddr,
      source.serverPort == target.serverPort
    {
      return true
    }
    guard let directory = try? source.settingIfShown("data_directory"),
      directory == (try? target.settingIfShown("data_directory")),
      let databases = source.databases.ifKnown, let others = target.databases.ifKnown
    else { return false }
    func identities(_ databases: [Database]) -> Set<String> { Set(databases.map { "\($0.oid) \($0.datname)" }) }
    return identities(databases) == identities(others)
  }

  fileprivate func finding(_ message: String) -> Finding {
    var evidence: [String: String] = [:]
    for side in Side.allCases {
      let cluster = self[side]
      evidence["\(side) connection"] = cluster.connectionString
      evidence["\(side) system identifier"] = cluster.control.ifKnown?.systemIdentifier ?? "not known"
      guard let server = cluster.server.ifKnown else { continue }
      evidence["\(side) started"] = server.postmasterStartTime
      evidence["\(side) in recovery"] = server.inRecovery ? "yes" : "no"
      evidence["\(side) timeline"] = "\(cluster.timeline)"
      evidence["\(side) address"] = server.serverAddr.map { "\($0), port \(server.serverPort ?? 0)" } ?? "a socket"
    }
    return Finding(
      "source and target", message, evidence: evidence,
      remediation: Remediation("Check --source and --target: name the cluster that the data is to move to."))
  }
}

extension ClusterSnapshot {
  /// The timeline in use. A server that was promoted a moment ago may still show the old one in its control data.
  fileprivate var timeline: Int {
    server.ifKnown?.walFileTimeline.flatMap { Int($0, radix: 16) } ?? control.ifKnown?.timelineId ?? 0
  }
}
