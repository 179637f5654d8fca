import Catalog

extension Rule {
  static let partitionedTables = Rule(
    "partitioned-tables", "Partitioned tables can be published as such (13 or newer)",
    group: .replication, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/13/release-13.html",
    explanation: Explanation(
      why: """
        Before 13 a partitioned table can't be published, only each of its partitions: one that is made while the \
        replication runs is missed.
        """,
      decides: "There is no partitioned table, or the source is 13 or newer.",
      fix: "Make no partition between the start of the migration and the cutover, or use --method dump."),
    decide: .database { pair in
      let count = try pair.snapshot(on: .source).summary.value.partitionedTables
      guard count > 0 else { return .passed("There are no partitioned tables.") }
      let version = try pair.clusters.source.version
      if version.major >= 13 { return .passed("\(count.counted("partitioned table")); the source can publish them.") }
      return .failed(
        "\(count.counted("partitioned table")): before 13 partitions are published one by one.",
        [
          Finding(
            "database \(quotedIdentifier(pair.name))", "partitions that are made later are not replicated",
            evidence: ["partitioned tables": "\(count)", "server_version": "\(version)"],
            remediation: Remediation("Make the partitions that will be needed before the migration starts."))
        ])
    })
}
