import Catalog

extension Rule {
  static let alwaysTriggers = Rule(
    "always-triggers", "No trigger or rule acts on replicated rows",
    group: .replication, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-architecture.html",
    explanation: Explanation(
      why: """
        A subscription applies rows in a session in which ordinary triggers and rules are off. Those that are ENABLE \
        ALWAYS or ENABLE REPLICA act there: once on the source, and again on the target for the same row.
        """,
      decides: "No selected table has a trigger or a rule that is ENABLE ALWAYS or ENABLE REPLICA.",
      fix: """
        Make it an ordinary one (ENABLE) on the target as soon as the schema is there, and undo that at cutover; or \
        leave it, where it does no harm to act twice.
        """),
    decide: .database { pair in
      let source = try pair.snapshot(on: .source)
      let (triggerCount, triggers) = pair.selected(try source.firingTriggers.value)
      let (ruleCount, rules) = pair.selected(try source.firingRules.value)
      guard triggerCount +| ruleCount > 0 else { return .passed("No trigger or rule acts on replicated rows.") }
      let findings =
        triggers.map { finding("trigger", $0.name, of: $0, mode: $0.mode) }
        + rules.map { finding("rule", $0.name, of: $0, mode: $0.mode) }
      return .failed(
        "\((triggerCount +| ruleCount).counted("trigger or rule acts", "triggers and rules act")) on replicated rows.",
        Array(findings.prefix(100)))
    })
}

private func finding(_ kind: String, _ name: String, of table: some TableRow, mode: String) -> Finding {
  Finding(
    "\(kind) \(quotedIdentifier(name)) of table \(table.qualifiedName)",
    mode == "A" ? "it acts on the source and again on the target" : "it acts on the target, for replicated rows only",
    evidence: ["enabled": mode == "A" ? "ALWAYS" : "REPLICA"],
    remediation: Remediation(
      "On the target, make it an ordinary one until the cutover.",
      paste: "ALTER TABLE \(table.qualifiedName) ENABLE \(kind.uppercased()) \(quotedIdentifier(name));", at: .target))
}
