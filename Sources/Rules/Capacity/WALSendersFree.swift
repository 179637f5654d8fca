import Catalog

extension Rule {
  static let walSendersFree = Rule(
    "wal-senders-free", "The source has enough free WAL senders",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-config.html",
    explanation: Explanation(
      why: "Each subscription streams through one WAL sender. The initial copy is this program's own, and takes none.",
      decides: """
        max_wal_senders less those that run (standbys and backups among them) is at least the number of databases to \
        replicate. A warning where it is at least one, as the databases are then migrated in waves.
        """,
      fix: "Raise max_wal_senders, which takes a restart."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let total = try pair.source.integerSetting("max_wal_senders")
      let used = try pair.source.activity.value.walsenders
      let need = try pair.databasesToReplicate()
      let free = max(0, total -| used)
      let message = "\(total.counted("WAL sender")), \(used) in use, \(need) needed"
      guard free < need else { return .passed("\(message): \(free -| need) stay free.") }
      let finding = Finding(
        "setting max_wal_senders", freeAndNeeded(free, of: total, need),
        evidence: ["max_wal_senders": "\(total)", "in use": "\(used)", "needed": "\(need)"],
        remediation: pair.source.raising("max_wal_senders", to: used +| need, on: .source))
      if let waves = waves(of: need, free: free) {
        return .failed("\(message)\(waves).", [finding], severity: .warning)
      }
      return .failed("\(message): \(need -| free) too few.", [finding])
    })
}
