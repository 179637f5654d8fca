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
        leaves as many as a migration opens: with J jobs (--jobs) and D databases at a time, which are no more than \
        that, J + D on the source and 2J + D - 1 on the target. Limits of single roles and databases are met when they are: see connection-source.
        """,
      fix: "End sessions that are not needed, or raise max_connections, which takes a restart."),
    decide: .cluster { pair in
      var findings: [Finding] = []
      var messages: [String] = []
      let atOnce = min(pair.options.jobs, max(1, try pair.selection.selected.count))
      for side in Side.allCases {
        // Each job copies from one session into another or has pg_restore write; each database has its snapshot.
        let wanted = side == .source ? pair.options.jobs +| atOnce : 2 *| pair.options.jobs +| atOnce -| 1
        let cluster = pair[side]
        let total = try cluster.integerSetting("max_connections")
        // Not every version has these two, and a superuser may use them.
        let reserved = try ["superuser_reserved_connections", "reserved_connections"]
          .map { name throws(Undetermined) in try cluster.settingIfShown(name).flatMap { Int($0) } ?? 0 }.sum { $0 }
        let activity = try cluster.activity.value
        // WAL senders have a limit of their own from 12 on (release notes 12).
        let senders = try cluster.version.major < 12 ? activity.walsenders : 0
        let others = max(0, activity.clientBackends -| activity.ownBackends) +| senders
        let free = max(0, total -| (try cluster.me.value.rolsuper ? 0 : reserved) -| others)
        messages.append("\(free) on the \(side)")
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
      return findings.isEmpty ? .passed(message) : .failed(message, findings)
    })
}
