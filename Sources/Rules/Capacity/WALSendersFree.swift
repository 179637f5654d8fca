import Catalog

extension Rule {
  static let walSendersFree = Rule(
    "wal-senders-free", "The source has enough free WAL senders",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-config.html",
    explanation: Explanation(
      why: "Each subscription streams through one WAL sender, each of its initial table copies through another.",
      decides: """
        max_wal_senders less those that run (standbys and backups among them) is at least the number of databases to \
        migrate. A warning where it is at least one, as the databases are then migrated in waves, and where it is not enough for the initial copies too: they then wait for each other.
        """,
      fix: "Raise max_wal_senders, which takes a restart."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let total = try pair.source.integerSetting("max_wal_senders")
      let used = try pair.source.activity.value.walsenders
      let need = try pair.databasesToReplicate()
      let free = max(0, total -| used)
      let message = "\(total.counted("WAL sender")), \(used) in use, \(need) needed"
      let comfortable = need *| (1 +| pair.syncWorkersPerSubscription)
      guard free < comfortable else { return .passed("\(message): \(free -| need) stay free.") }

      let isEnough = free >= need
      let finding = Finding(
        "setting max_wal_senders",
        isEnough
          ? "enough for the streams, not for the initial copies beside them"
          : "\(free) of \(total) are free, \(need) are needed",
        evidence: [
          "max_wal_senders": "\(total)", "in use": "\(used)", "needed": "\(need)",
          "needed with initial copies": "\(comfortable)",
        ],
        remediation: pair.source.raising("max_wal_senders", to: used +| comfortable, on: .source))
      if !isEnough, let waves = waves(of: need, free: free) {
        return .failed("\(message)\(waves).", [finding], severity: .warning)
      }
      return isEnough
        ? .failed("\(message), \(comfortable) with the initial copies.", [finding], severity: .warning)
        : .failed("\(message): \(need -| free) too few.", [finding])
    })
}

extension ClusterPair {
  /// Table copies that a subscription runs beside its stream; the server's default where it is not known.
  var syncWorkersPerSubscription: Int {
    (try? target.integerSetting("max_sync_workers_per_subscription")) ?? 2
  }
}
