import Catalog

extension Rule {
  static let targetOriginsFree = Rule(
    "target-origins-free", "The target has enough free replication origins",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-config.html",
    explanation: Explanation(
      why: """
        Each subscription tracks its progress in one replication origin on the target; from 14 on each initial table \
        copy does too.
        """,
      decides: """
        max_active_replication_origins (18 and newer; before, max_replication_slots) of the target less the origins \
        there are is at least the number of databases to migrate. A warning where it is at least one, as the databases \
        are then migrated in waves, and where it is not enough for the initial copies too.
        """,
      fix: "Raise that setting on the target, which takes a restart."),
    decide: .cluster { pair in
      let version = try pair.target.version
      guard version.major >= 10 else { return .skipped("The target has no logical replication.") }
      let setting = version.major >= 18 ? "max_active_replication_origins" : "max_replication_slots"
      let total = try pair.target.integerSetting(setting)
      let used = try pair.target.origins.value.origins
      let need = try pair.databasesToReplicate()
      let free = max(0, total -| used)
      let comfortable = version.major >= 14 ? need *| (1 +| pair.syncWorkersPerSubscription) : need
      let message = "\(total.counted("replication origin")) (\(setting)), \(used) in use, \(need) needed"
      guard free < comfortable else { return .passed("\(message): \(free -| need) stay free.") }

      let isEnough = free >= need
      let finding = Finding(
        "setting \(setting)",
        isEnough
          ? "enough for the subscriptions, not for the initial copies beside them"
          : "\(free) of \(total) are free, \(need) are needed",
        evidence: [
          setting: "\(total)", "in use": "\(used)", "needed": "\(need)", "needed with initial copies": "\(comfortable)",
        ],
        remediation: pair.target.raising(setting, to: used +| comfortable, on: .target))
      if !isEnough, let waves = waves(of: need, free: free) {
        return .failed("\(message)\(waves).", [finding], severity: .warning)
      }
      return isEnough
        ? .failed("\(message), \(comfortable) with the initial copies.", [finding], severity: .warning)
        : .failed("\(message): \(need -| free) too few.", [finding])
    })
}
