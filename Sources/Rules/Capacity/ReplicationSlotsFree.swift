import Catalog

extension Rule {
  static let replicationSlotsFree = Rule(
    "replication-slots-free", "The source has as many free replication slots as databases to migrate",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-config.html",
    explanation: Explanation(
      why: "Each subscription holds one slot on the source from the set-up to the cutover.",
      decides: """
        max_replication_slots less all slots there are (physical and logical, active or not) is at least the number \
        of databases to migrate. A warning where it is at least one: the databases are then migrated in waves.
        """,
      fix: "Drop slots that nobody uses, or raise max_replication_slots, which takes a restart."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let slots = try pair.source.slots.value
      let total = try pair.source.integerSetting("max_replication_slots")
      let need = try pair.databasesToReplicate()
      let free = max(0, total -| slots.count)
      let message = "\(total.counted("slot")), \(slots.count) in use, \(need) needed"
      guard free < need else { return .passed("\(message): \(free -| need) stay free.") }

      var findings = [
        Finding(
          "setting max_replication_slots", freeAndNeeded(free, of: total, need),
          evidence: ["max_replication_slots": "\(total)", "in use": "\(slots.count)", "needed": "\(need)"],
          remediation: pair.source.raising("max_replication_slots", to: slots.count +| need, on: .source))
      ]
      findings += slots.filter { !$0.active }.prefix(99).map { slot in
        Finding(
          "replication slot \(slot.slotName)", "nobody is connected to it",
          evidence: [
            "type": slot.slotType, "database": slot.database ?? "none",
            "WAL held back": slot.retainedBytes.map(formattedBytes) ?? "not known",
          ],
          remediation: Remediation(
            "If its consumer is gone for good, drop it.",
            paste: "SELECT pg_drop_replication_slot(\(quotedLiteral(slot.slotName)));", at: .source))
      }
      if let waves = waves(of: need, free: free) { return .failed("\(message)\(waves).", findings, severity: .warning) }
      return .failed("\(message): \((need -| free).counted("slot")) too few.", findings)
    })
}

/// `1 of 3 is free, 2 are needed`.
func freeAndNeeded(_ free: Int, of total: Int, _ need: Int) -> String {
  "\(free) of \(total) \(free == 1 ? "is" : "are") free, \(need) \(need == 1 ? "is" : "are") needed"
}
