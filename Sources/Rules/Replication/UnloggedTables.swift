import Catalog

extension Rule {
  static let unloggedTables = Rule(
    "unlogged-tables", "Every table is logged",
    group: .replication, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-restrictions.html",
    explanation: Explanation(
      why: "Changes are decoded from WAL. What is not written to it is not replicated: the table arrives empty.",
      decides: """
        No selected table is unlogged. A warning where they are copied while writes are blocked, and all that has to be \
        copied then fits into --max-blocked-time; a blocker where it does not; a warning with --copy-at-cutover never.
        """,
      fix: "Make them logged, or leave them out (--skip-table) where their contents can be done without."),
    decide: .database { pair in
      let (count, tables) = pair.selected(try pair.snapshot(on: .source).unloggedTables.value)
      guard count > 0 else { return .passed("No table is unlogged.") }
      let crossing = try pair.crossing()
      let (fate, severity): (String, Severity) =
        switch crossing.way {
        case .late: ("copied while writes are blocked (\(crossing.words)).", .warning)
        case .tooLong: ("too large to be copied while writes are blocked.", .blocker)
        case .none: ("the rows are not replicated.", .warning)
        }
      if crossing.way == .late {
        return .failed(
          "\(count.counted("table is", "tables are")) unlogged: \(fate)",
          [
            Crossing.settled(
              tables, (one: "it is unlogged", several: "they are unlogged"),
              evidence: ["size": formattedBytes(tables.sum { $0.sizeBytes ?? 0 })],
              advice: "ALTER TABLE … SET LOGGED makes a table replicable.")
          ], severity: severity)
      }
      let findings = tables.prefix(100).map { table in
        Finding(
          "table \(table.qualifiedName)", "it is unlogged",
          evidence: table.sizeBytes.map { ["size": formattedBytes($0)] } ?? [:],
          remediation: Remediation(
            "Make it logged, where it shall be replicated.",
            paste: "ALTER TABLE \(table.qualifiedName) SET LOGGED;", at: .source))
      }
      return .failed(
        "\(count.counted("table is", "tables are")) unlogged: \(fate)",
        crossing.excess(in: pair.name) + findings, severity: severity)
    })
}
