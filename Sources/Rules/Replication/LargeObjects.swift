import Catalog

extension Rule {
  static let largeObjects = Rule(
    "large-objects", "There are no large objects",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-restrictions.html",
    explanation: Explanation(
      why: "Logical replication does not carry large objects: columns of their numbers would refer to nothing.",
      decides: """
        pg_largeobject_metadata of the source database is empty. A warning where they are copied while writes are \
        blocked, and all that has to be copied then fits into --max-blocked-time; else, and with --copy-at-cutover \
        never, a blocker. Where tables are named to be moved, a dump leaves large objects out as well, and the rule is \
        skipped.
        """,
      fix: "Use --method dump for this database, or move their contents to columns of type bytea."),
    decide: .database { pair in
      if case .only = pair.options.tables { return .skipped("Only the named tables are moved.") }
      let count = try pair.snapshot(on: .source).largeObjects.value.count
      guard count > 0 else { return .passed("There are no large objects.") }
      let counted = count > 1_000_000 ? "more than 1000000 large objects" : count.counted("large object")
      let crossing = try pair.crossing()
      let finding = Finding(
        "database \(quotedIdentifier(pair.name))", "it has \(counted)",
        evidence: ["large objects": "\(count)"].merging(
          crossing.largeObjects.map { ["size": formattedBytes($0.sizeBytes)] } ?? [:]
        ) { $1 },
        remediation: Remediation(
          "Move it by dump (--method dump), or move their contents to columns of type bytea and unlink them."))
      switch crossing.way {
      case .late:
        return .failed(
          "\(counted) \(count == 1 ? "is" : "are") copied while writes are blocked (\(crossing.words)).", [finding],
          severity: .warning)
      case .tooLong:
        return .failed(
          "\(counted) can't be copied while writes are blocked: that takes too long.",
          crossing.excess(in: pair.name) + [finding])
      case .none: return .failed("Not replicated: \(counted).", [finding])
      }
    })
}
