import Catalog

extension Rule {
  static let targetOriginsFree = Rule(
    "target-origins-free", "The target has enough free replication origins",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-config.html",
    explanation: Explanation(
      why: """
        Each subscription tracks its progress in one replication origin on the target. The initial copy is this \
        program's own, and takes none.
        """,
      decides: """
        max_active_replication_origins (18 and newer; before, max_replication_slots) of the target less the origins \
        there are is at least the number of databases to replicate. A warning where it is at least one, as the databases \
        are then migrated in waves.
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
      let message = "\(total.counted("replication origin")) (\(setting)), \(used) in use, \(need) needed"
      guard free < need else { return .passed("\(message): \(free -| need) stay free.") }
      let finding = Finding(
        "setting \(setting)", freeAndNeeded(free, of: total, need),
        evidence: [setting: "\(total)", "in use": "\(used)", "needed": "\(need)"],
        remediation: pair.target.raising(setting, to: used +| need, on: .target))
      if let waves = waves(of: need, free: free) {
        return .failed("\(message)\(waves).", [finding], severity: .warning)
      }
      return .failed("\(message): \(need -| free) too few.", [finding])
    })
}
