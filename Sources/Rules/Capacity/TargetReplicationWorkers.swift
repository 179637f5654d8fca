import Catalog

extension Rule {
  static let targetReplicationWorkers = Rule(
    "target-replication-workers", "The target has enough logical replication workers",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-config.html",
    explanation: Explanation(
      why: """
        Each subscription applies changes in a worker of its own and copies tables in further ones. Without a free \
        worker it stands still, without an error.
        """,
      decides: """
        max_logical_replication_workers of the target less its enabled subscriptions is at least the number of \
        databases to migrate, max_worker_processes is larger than it, and max_sync_workers_per_subscription is not 0. \
        A warning where they suffice for at least one database, as the databases are then migrated in waves, where the initial copies have to take turns, or where parallel queries compete for the workers.
        """,
      fix: "Raise the named setting on the target, which takes a restart."),
    decide: .cluster { pair in
      guard try pair.target.version.major >= 10 else { return .skipped("The target has no logical replication.") }
      let workers = try pair.target.integerSetting("max_logical_replication_workers")
      let processes = try pair.target.integerSetting("max_worker_processes")
      let sync = try pair.target.integerSetting("max_sync_workers_per_subscription")
      let used = try pair.target.subscriptions.value.filter(\.subenabled).count
      let need = try pair.databasesToReplicate()
      let free = max(0, workers -| used)
      let message = "\(workers.counted("logical replication worker")), \(used) in use, \(need) needed"
      let evidence = [
        "max_logical_replication_workers": "\(workers)", "enabled subscriptions": "\(used)", "needed": "\(need)",
        "max_worker_processes": "\(processes)", "max_sync_workers_per_subscription": "\(sync)",
      ]
      func finding(_ setting: String, _ text: String, raiseTo value: Int) -> Finding {
        Finding(
          "setting \(setting)", text, evidence: evidence,
          remediation: pair.target.raising(setting, to: value, on: .target))
      }
      // The launcher is a worker process too.
      let enough = used +| need +| sync

      var blockers: [Finding] = []
      if free < need {
        blockers.append(
          finding(
            "max_logical_replication_workers", "\(free) of \(workers) are free, \(need) are needed", raiseTo: enough))
      }
      if processes < used +| need +| 1 {
        blockers.append(
          finding("max_worker_processes", "too few for the workers and their launcher", raiseTo: enough +| 1))
      }
      if sync == 0, need > 0 {
        blockers.append(
          finding("max_sync_workers_per_subscription", "with 0 no table's initial copy ever starts", raiseTo: 2))
      }
      guard blockers.isEmpty else {
        let atOnce = sync == 0 ? 0 : min(free, max(0, processes -| used -| 1))
        if let waves = waves(of: need, free: atOnce) {
          return .failed("\(message)\(waves).", blockers, severity: .warning)
        }
        return .failed("\(message): not enough.", blockers)
      }
      var warnings: [Finding] = []
      if need > 0, free < need +| sync {
        warnings.append(
          finding(
            "max_logical_replication_workers", "the databases take turns in copying their tables", raiseTo: enough))
      }
      if need > 0, processes < workers +| 1 {
        warnings.append(
          finding(
            "max_worker_processes", "smaller than max_logical_replication_workers and the launcher",
            raiseTo: workers +| 1))
      }
      return warnings.isEmpty
        ? .passed("\(message): \(free -| need) stay free.")
        : .failed("\(message): enough, but they have to take turns.", warnings, severity: .warning)
    })
}
