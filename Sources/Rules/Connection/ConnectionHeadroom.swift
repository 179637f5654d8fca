import Catalog

extension Rule {
  static let connectionHeadroom = Rule(
    "connection-headroom", "Both servers have free connections",
    group: .connection, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/runtime-config-connection.html",
    explanation: Explanation(
      why: """
        A move opens several sessions on each server beside those that are there. When the last connection is taken, \
        it fails, or the applications do.
        """,
      decides: """
        On each server max_connections, less what is reserved for others, less the sessions that are not this run's, \
        leaves as many as a migration opens. With J jobs (--jobs) and M databases at a time, which are no more than \
        that: J + M + 3 on the source and 2J + M + 2 on the target; and for a cutover of all D replicated databases at \
        once, which share the jobs: D (3 + S) + S + 2 on the source with S = J / D, at least 1. For a role that is no \
        superuser, its CONNECTION LIMIT and that of each selected database leave as many too. Fewer are a warning; \
        fewer than 3 are a blocker, as a single database takes so many.
        """,
      fix: "End sessions that are not needed, or raise max_connections, which takes a restart."),
    decide: .cluster { pair in
      var findings: [Finding] = []
      var messages: [String] = []
      var fewest = Int.max
      for side in Side.allCases {
        let wanted = try pair.wantedConnections(on: side)
        let cluster = pair[side]
        let me = try cluster.me.value
        let total = try cluster.integerSetting("max_connections")
        // Not every version has these two, and a superuser may use them.
        let reserved = try ["superuser_reserved_connections", "reserved_connections"]
          .map { name throws(Undetermined) in try cluster.settingIfShown(name).flatMap { Int($0) } ?? 0 }.sum { $0 }
        let activity = try cluster.activity.value
        // WAL senders have a limit of their own from 12 on (release notes 12).
        let senders = try cluster.version.major < 12 ? activity.walsenders : 0
        let others = max(0, activity.clientBackends -| activity.ownBackends) +| senders
        let free = max(0, total -| (me.rolsuper ? 0 : reserved) -| others)
        messages.append("\(free) on the \(side)")
        let limits = try pair.connectionLimits(on: side).filter { $0.limit < wanted }
        fewest = min(fewest, limits.map(\.limit).min() ?? free, free)
        findings += limits.map {
          Finding(
            $0.object, "its CONNECTION LIMIT on the \(side) is \($0.limit)",
            evidence: ["limit": "\($0.limit)", "wanted": "\(wanted)"],
            remediation: Remediation(
              "Raise it until the migration is done. Afterwards, set it back: \($0.statement(limit: $0.limit))",
              paste: $0.statement(limit: 2 *| wanted), at: side == .source ? .source : .target))
        }
        guard free < wanted else { continue }
        findings.append(
          Finding(
            "setting max_connections", "\(free.counted("connection")) of the \(side) \(free == 1 ? "is" : "are") free",
            evidence: [
              "max_connections": "\(total)", "reserved": "\(reserved)", "sessions of others": "\(others)",
              "wanted": "\(wanted)",
            ],
            remediation: cluster.raising("max_connections", to: others +| reserved +| 2 *| wanted, on: side)))
      }
      let message = "Free connections: \(messages.joined(separator: ", "))."
      guard !findings.isEmpty else { return .passed(message) }
      return .failed(message, findings, severity: fewest < leastConnections ? .blocker : .warning)
    })
}

/// What a single database takes on either side with one job, measured with 15.
private let leastConnections = 3

private struct ConnectionLimit {
  var object: String
  var limit: Int
  var kind: String
  var name: String

  func statement(limit: Int) -> String { "ALTER \(kind) \(quotedIdentifier(name)) CONNECTION LIMIT \(limit);" }
}

extension ClusterPair {
  /// Measured with 15 and 16: sessions at the same time by the servers' own logs, those that last for a moment too.
  fileprivate func wantedConnections(on side: Side) throws(Undetermined) -> Int {
    let databases = max(1, try selection.selected.count)
    let atOnce = min(options.jobs, databases)
    guard side == .source else { return 2 *| options.jobs +| atOnce +| 2 }
    let migration = options.jobs +| atOnce +| 3
    guard options.method.allows(.replication) else { return migration }
    let share = max(1, options.jobs / databases)
    return max(migration, databases *| (3 +| share) +| share +| 2)
  }

  /// They do not hold for superusers (documentation of `CREATE ROLE` and `CREATE DATABASE`).
  fileprivate func connectionLimits(on side: Side) throws(Undetermined) -> [ConnectionLimit] {
    let me = try self[side].me.value
    guard !me.rolsuper else { return [] }
    var limits: [ConnectionLimit] = []
    if let limit = me.rolconnlimit, limit >= 0 {
      limits.append(
        ConnectionLimit(object: "role \(quotedIdentifier(me.rolname))", limit: limit, kind: "ROLE", name: me.rolname))
    }
    for name in try selection.selected.map(\.datname) {
      guard let limit = try database(name, on: side)?.datconnlimit, limit >= 0 else { continue }
      limits.append(
        ConnectionLimit(object: "database \(quotedIdentifier(name))", limit: limit, kind: "DATABASE", name: name))
    }
    return limits
  }
}
