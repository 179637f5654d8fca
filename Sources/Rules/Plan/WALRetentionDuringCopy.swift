import Catalog

extension Rule {
  static let walRetentionDuringCopy = Rule(
    "wal-retention-during-copy", "The WAL that is kept during the copy fits on the source",
    group: .plan, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-architecture.html",
    explanation: Explanation(
      why: "While tables are copied, the slot keeps all WAL that the source writes meanwhile, on the source's disk.",
      decides: """
        The copy is taken to last as long as the data takes at 50 MB/s. The rate at which the source writes WAL is its \
        mean since the statistics were reset (pg_stat_wal, 14 and newer), if that was an hour ago or more. The product \
        is at most 100 GB, and at most half of max_slot_wal_keep_size where there is such a limit. Where the rate is \
        not known the rule passes and says so.
        """,
      fix: "Copy at a quiet time, database by database, and keep room for WAL on the source."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let statistics = try pair.source.walStatistics.value
      guard let written = statistics.walBytes, let seconds = statistics.seconds else {
        return .passed("How much WAL the source writes is not known: it does not count it.")
      }
      guard seconds >= 3600 else {
        return .passed("How much WAL the source writes is not known: it was counted for less than an hour.")
      }
      let total = try pair.totalSize()
      let duration = Double(total.bytes) / 50_000_000
      let kept = Int(saturating: Double(written) / Double(seconds) * duration)
      let message = "About \(formattedBytes(kept)) of WAL are written while \(formattedBytes(total.bytes)) are copied"
      let limit =
        try pair.source.version.major >= 13 ? pair.source.integerSetting("max_slot_wal_keep_size") : -1
      let limitBytes = limit *| 1_048_576
      let isOverLimit = limit >= 0 && kept > limitBytes / 2
      guard kept > 100_000_000_000 || isOverLimit else { return .passed("\(message).") }
      return .failed(
        "\(message).",
        [
          Finding(
            "WAL of the source", "the slots keep about \(formattedBytes(kept)) of it until the copy is done",
            evidence: [
              "written per second": formattedBytes(written / seconds),
              "copy lasts": "about \(spokenDuration(Int(saturating: duration)))",
              "max_slot_wal_keep_size": limit < 0 ? "no limit" : formattedBytes(limitBytes),
            ],
            remediation: isOverLimit
              ? pair.source.reloading("max_slot_wal_keep_size", to: "-1", on: .source)
              : Remediation("Copy at a quiet time, or database by database, with that much free on the source's disk."))
        ])
    })
}
