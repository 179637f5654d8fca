import Catalog

extension Rule {
  static let largeObjects = Rule(
    "large-objects", "There are no large objects",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-restrictions.html",
    explanation: Explanation(
      why: "Logical replication does not carry large objects: columns of their numbers would refer to nothing.",
      decides: """
        pg_largeobject_metadata of the source database is empty. Where tables are named to be moved, a dump leaves \
        large objects out as well, and the rule is skipped.
        """,
      fix: "Use --method dump for this database, or move their contents to columns of type bytea."),
    decide: .database { pair in
      if case .only = pair.options.tables { return .skipped("Only the named tables are moved.") }
      let count = try pair.snapshot(on: .source).largeObjects.value.count
      guard count > 0 else { return .passed("There are no large objects.") }
      let counted = count > 1_000_000 ? "more than 1000000 large objects" : count.counted("large object")
      return .failed(
        "Not replicated: \(counted).",
        [
          Finding(
            "database \(quotedIdentifier(pair.name))", "it has \(counted)", evidence: ["large objects": "\(count)"],
            remediation: Remediation(
              "Move it by dump (--method dump), or move their contents to columns of type bytea and unlink them."))
        ])
    })
}
