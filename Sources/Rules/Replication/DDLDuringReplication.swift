import Catalog

extension Rule {
  static let ddlDuringReplication = Rule(
    "ddl-during-replication", "Nothing changes the schema while the replication runs",
    group: .replication, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-restrictions.html",
    explanation: Explanation(
      why: """
        Logical replication carries rows, not definitions. A table that is made on the source meanwhile is missing on \
        the target, and a new column, or a new partition, stops the replication of its table.
        """,
      decides: """
        No extension is installed that makes partitions or chunks by itself (pg_partman, TimescaleDB). Partitioned \
        tables are a notice.
        """,
      fix: """
        Put off changes of the schema until after the cutover. Make partitions that will be needed beforehand, and \
        halt what makes them.
        """),
    decide: .database { pair in
      let source = try pair.snapshot(on: .source)
      let makers = try source.extensions.value.filter { ["pg_partman", "timescaledb"].contains($0.extname) }
      guard makers.isEmpty else {
        return .failed(
          "\(makers.map(\.extname).listed()) may change the schema while the replication runs.",
          makers.map {
            Finding(
              "extension \(quotedIdentifier($0.extname))", "it makes partitions by itself, which the target will lack",
              evidence: ["version": $0.extversion],
              remediation: Remediation(
                "Have it make beforehand what will be needed until the cutover, and halt its maintenance meanwhile."))
          })
      }
      let partitioned = try source.summary.value.partitionedTables
      return .passed(
        "The schema has to stay as it is from the start of the replication until the cutover.",
        notices: partitioned == 0
          ? []
          : [
            Finding(
              "database \(quotedIdentifier(pair.name))", "partitions that are made meanwhile are missing on the target",
              evidence: ["partitioned tables": "\(partitioned)"],
              remediation: Remediation("Make the partitions that will be needed until the cutover beforehand."))
          ])
    })
}
