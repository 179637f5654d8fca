import Catalog

extension Rule {
  static let existingSlots = Rule(
    "existing-slots", "No forgotten replication slot on the source",
    group: .capacity, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/view-pg-replication-slots.html",
    explanation: Explanation(
      why: """
        A slot that nobody reads keeps WAL until the disk is full, and dead rows from being removed. Slots are not \
        moved: what reads one has to be set up anew at the target.
        """,
      decides: """
        No slot of the source is lost or about to be, and none without a reader holds back more than 1 GiB of WAL or \
        the rows of more than 50 million transactions. Logical slots in use are told as notices.
        """,
      fix: "Drop the slots that nobody needs, with pg_drop_replication_slot."),
    decide: .cluster { pair in
      let slots = try pair.source.slots.value.filter { !$0.temporary }
      let troubled = slots.compactMap { slot in slot.trouble.map { (slot, $0) } }
      let users = slots.filter { $0.slotType == "logical" && $0.trouble == nil }.prefix(100).map { slot in
        Finding(
          "replication slot \(slot.slotName)",
          "what reads it has to be set up anew at the target, as slots are not moved",
          evidence: slot.evidence, remediation: nil)
      }
      guard !troubled.isEmpty else {
        return .passed(
          slots.isEmpty
            ? "There are no replication slots." : "\(slots.count.counted("replication slot")), none forgotten.",
          notices: Array(users))
      }
      return .failed(
        "\(troubled.count.counted("replication slot")) of \(slots.count) \(troubled.count == 1 ? "needs" : "need") attention.",
        troubled.prefix(100).map { slot, trouble in
          Finding(
            "replication slot \(slot.slotName)", trouble, evidence: slot.evidence,
            remediation: Remediation(
              slot.active
                ? "See to its reader; where it is lost, end the reader and drop the slot."
                : "If its consumer is gone for good, drop it.",
              paste: slot.active ? nil : "SELECT pg_drop_replication_slot(\(quotedLiteral(slot.slotName)));",
              at: slot.active ? nil : .source))
        })
    })
}

extension ReplicationSlot {
  /// In words; nil for a slot that does no harm.
  fileprivate var trouble: String? {
    if let invalidationReason { return "it is invalid: \(invalidationReason)" }
    if walStatus == "lost" { return "WAL that it needs is gone: nothing can read it any more" }
    if walStatus == "unreserved" { return "WAL that it needs goes with the next checkpoint" }
    guard !active else { return nil }
    if let retainedBytes, retainedBytes > 1 << 30 {
      return "nobody is connected to it, and it holds back \(formattedBytes(retainedBytes)) of WAL"
    }
    if let xminAge, xminAge > 50_000_000 {
      return "nobody is connected to it, and it keeps the dead rows of \(xminAge) transactions"
    }
    return nil
  }

  fileprivate var evidence: [String: String] {
    var evidence = [
      "type": slotType, "database": database ?? "none", "in use": active ? "yes" : "no",
      "WAL held back": retainedBytes.map(formattedBytes) ?? "not known",
    ]
    evidence["plugin"] = plugin
    evidence["WAL status"] = walStatus
    return evidence
  }
}
