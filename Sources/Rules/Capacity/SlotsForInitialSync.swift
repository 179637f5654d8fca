import Catalog

extension Rule {
  static let slotsForInitialSync = Rule(
    "slots-for-initial-sync", "The source has slots for the initial table copies too",
    group: .capacity, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-config.html",
    explanation: Explanation(
      why: """
        Beside the slot of its subscription, each table that is being copied holds one. Without a free slot a copy \
        fails and is tried again until there is one.
        """,
      decides: """
        The free slots of the source are at least the databases to migrate, times one more than the target's \
        max_sync_workers_per_subscription.
        """,
      fix: "Raise max_replication_slots on the source, which takes a restart, or let fewer tables be copied at a time."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let slots = try pair.slotsForReplication()
      let sync = try pair.target.integerSetting("max_sync_workers_per_subscription")
      guard slots.free >= slots.need else {
        return .skipped("There are too few for the subscriptions already: see replication-slots-free.")
      }
      let comfortable = slots.need *| (1 +| sync)
      let message = "\(slots.free.counted("free slot")), \(comfortable) needed with the initial copies"
      guard slots.free < comfortable else { return .passed("\(message).") }
      return .failed(
        "\(message): the copies wait for each other.",
        [
          Finding(
            "setting max_replication_slots", "enough for the subscriptions, not for the initial copies beside them",
            evidence: [
              "max_replication_slots": "\(slots.total)", "in use": "\(slots.used)", "databases": "\(slots.need)",
              "max_sync_workers_per_subscription of the target": "\(sync)",
            ],
            remediation: pair.source.raising("max_replication_slots", to: slots.used +| comfortable, on: .source))
        ])
    })
}
