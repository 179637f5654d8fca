import Catalog

extension Rule {
  static let targetReplicationWorkers = Rule(
    "target-replication-workers", "The target has enough logical replication workers",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-config.html",
    explanation: Explanation(
      why: """
        Each subscription applies changes in a worker of its own. Without a free worker it stands still, without an \
        error. The initial copy is this program's own, and takes none.
        """,
      decides: """
        max_logical_replication_workers of the target less its enabled subscriptions is at least the number of \
        databases to replicate, and max_worker_processes is larger than the number of both. A warning where they suffice \
        for at least one database, as the databases are then migrated in waves, and where max_worker_processes is not \
        enough for all workers that there may be beside the launcher: parallel queries compete for them.
        """,
      fix: "Raise the named setting on the target, which takes a restart."),
    decide: .cluster { pair in
      guard try pair.target.version.major >= 10 else { return .skipped("The target has no logical replication.") }
      let workers = try pair.target.integerSetting("max_logical_replication_workers")
      let processes = try pair.target.integerSetting("max_worker_processes")
      let used = try pair.target.subscriptions.value.filter(\.subenabled).count
      let need = try pair.databasesToReplicate()
      let free = max(0, workers -| used)
      let message = "\(workers.counted("logical replication worker")), \(used) in use, \(need) needed"
      let evidence = [
        "max_logical_replication_workers": "\(workers)", "enabled subscriptions": "\(used)", "needed": "\(need)",
        "max_worker_processes": "\(processes)",
      ]
      func finding(_ setting: String, _ text: String, raiseTo value: Int) -> Finding {
        Finding(
          "setting \(setting)", text, evidence: evidence,
          remediation: pair.target.raising(setting, to: value, on: .target))
      }

      var blockers: [Finding] = []
      if free < need {
        blockers.append(
          finding("max_logical_replication_workers", freeAndNeeded(free, of: workers, need), raiseTo: used +| need))
      }
      // The launcher is a worker process too.
      if need > 0, processes < used +| need +| 1 {
        blockers.append(
          finding("max_worker_processes", "too few for the workers and their launcher", raiseTo: used +| need +| 1))
      }
      guard blockers.isEmpty else {
        let atOnce = min(free, max(0, processes -| used -| 1))
        if let waves = waves(of: need, free: atOnce) {
          return .failed("\(message)\(waves).", blockers, severity: .warning)
        }
        return .failed("\(message): not enough.", blockers)
      }
      guard need > 0, processes < workers +| 1 else { return .passed("\(message): \(free -| need) stay free.") }
      return .failed(
        "\(message): enough, but parallel queries may take their places.",
        [
          finding(
            "max_worker_processes", "smaller than max_logical_replication_workers and the launcher",
            raiseTo: workers +| 1)
        ], severity: .warning)
    })
}
