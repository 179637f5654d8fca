import Catalog

extension Rule {
  static let unvalidatedConstraints = Rule(
    "unvalidated-constraints", "Rows satisfy the constraints of their tables",
    group: .replication, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/sql-altertable.html",
    explanation: Explanation(
      why: """
        A constraint that is NOT VALID was not checked for the rows that were there. To a target with the same schema \
        each copied row is new: where one violates a CHECK or NOT NULL constraint, the copy of its table never ends. \
        Foreign keys are not checked for replicated rows. A dump adds such constraints after the rows.
        """,
      decides: """
        Each CHECK and NOT NULL constraint of a selected table is valid; whether rows violate one that is not is not \
        looked at. Foreign keys that are not valid are a notice.
        """,
      fix: "Validate them, after having put right or removed the rows that violate them."),
    decide: .database { pair in
      let (count, constraints) = pair.selected(try pair.snapshot(on: .source).unvalidatedConstraints.value)
      guard count > 0 else { return .passed("Every constraint is valid.") }
      let checked = constraints.filter { $0.contype != "f" }
      guard !checked.isEmpty else {
        return .passed(
          "\(count.counted("foreign key is", "foreign keys are")) not valid, as on the source.",
          notices: constraints.prefix(100).map { $0.finding("rows without the row that they refer to come along") })
      }
      return .failed(
        "\(checked.count.counted("constraint is", "constraints are")) not valid: rows that violate one stop the copy.",
        checked.prefix(100).map { $0.finding("rows may violate it, and then stop the copy of the table") })
    })
}

extension UnvalidatedConstraint {
  fileprivate func finding(_ message: String) -> Finding {
    let kind = contype == "c" ? "CHECK" : contype == "n" ? "NOT NULL" : "FOREIGN KEY"
    return Finding(
      "constraint \(quotedIdentifier(conname)) of table \(qualifiedName)", message, evidence: ["kind": kind],
      remediation: Remediation(
        "Put right the rows that violate it, and validate it.",
        paste: "ALTER TABLE \(qualifiedName) VALIDATE CONSTRAINT \(quotedIdentifier(conname));", at: .source))
  }
}
