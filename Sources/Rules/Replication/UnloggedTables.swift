import Catalog

extension Rule {
  static let unloggedTables = Rule(
    "unlogged-tables", "Every table is logged",
    group: .replication, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-restrictions.html",
    explanation: Explanation(
      why: "Changes are decoded from WAL. What is not written to it is not replicated: the table arrives empty.",
      decides: "No selected table is unlogged.",
      fix: "Copy their rows at cutover, or make them logged, or do without their contents."),
    decide: .database { pair in
      let (count, tables) = pair.selected(try pair.snapshot(on: .source).unloggedTables.value)
      guard count > 0 else { return .passed("No table is unlogged.") }
      return .failed(
        "\(count.counted("table is", "tables are")) unlogged: the rows are not replicated.",
        tables.prefix(100).map { table in
          Finding(
            "table \(table.qualifiedName)", "it is unlogged",
            evidence: ["size": "about \(formattedBytes(table.sizeBytes))"],
            remediation: Remediation(
              "Copy its rows at cutover, or make it logged.",
              paste: "ALTER TABLE \(table.qualifiedName) SET LOGGED;", at: .source))
        })
    })
}
