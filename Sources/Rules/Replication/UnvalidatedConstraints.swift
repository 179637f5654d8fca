import Catalog

extension Rule {
  static let unvalidatedConstraints = Rule(
    "unvalidated-constraints", "Constraints that the target checks again are validated",
    group: .replication, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/sql-altertable.html",
    explanation: Explanation(
      why: """
        A constraint that is NOT VALID was not checked for the rows that were there. The migration adds those of tables \
        after the initial copy, and the source itself checks rows that change later. What violates a CHECK or NOT NULL \
        constraint fails only where a table is copied during cutover, into the table that has the constraint by then. \
        A domain's constraint is checked whenever the target reads a value of that type: where a row with a value that \
        violates it changes in any column, the target cannot apply the change and replication stops. Foreign keys are \
        not checked for replicated rows. A dump adds all of them after the rows.
        """,
      decides: """
        Each CHECK and NOT NULL constraint of a table that is copied during cutover is valid, and so is each constraint \
        of a domain that a column of a selected table has, by itself or within an array, a composite type, a range or \
        another domain. Whether values violate one is not looked at. Foreign keys that are not valid are a notice.
        """,
      fix: "Correct or remove the rows that violate them, then validate them."),
    decide: .database { pair in
      let snapshot = try pair.snapshot(on: .source)
      let (count, constraints) = pair.selected(try snapshot.unvalidatedConstraints.value)
      let (uses, domains) = pair.selected(try snapshot.unvalidatedDomains.value)
      guard count > 0 || uses > 0 else { return .passed("Every constraint is valid.") }
      let checked = constraints.filter { $0.contype != "f" }
      var late: [UnvalidatedConstraint] = []
      var copied: Set<String> = []
      if !checked.isEmpty || !domains.isEmpty {
        let crossing = try pair.crossing()
        copied = Set(crossing.copiesAtCutover ? crossing.tables.map(\.qualifiedName) : [])
        late = checked.filter { copied.contains($0.qualifiedName) }
      }
      let notices = constraints.filter { !copied.contains($0.qualifiedName) || $0.contype == "f" }.prefix(100).map {
        $0.finding(
          $0.contype == "f"
            ? "rows without the row that they refer to are migrated as they are"
            : "rows that violate it are migrated as they are")
      }
      guard !late.isEmpty || !domains.isEmpty else {
        return .passed(
          "\(count.counted("constraint is", "constraints are")) not valid, as on the source.", notices: notices)
      }
      let findings =
        late.prefix(100).map { $0.finding("rows that violate it stop the cutover, which copies the table") }
        + domains.prefix(100).map { $0.finding(isLate: copied.contains($0.qualifiedName)) }
      let number = late.count + Set(domains.map { "\($0.domain) \($0.conname)" }).count
      return .failed(
        "\(number.counted("constraint is", "constraints are")) not valid: values that violate one stop the replication or "
          + "the cutover.", findings + notices)
    })
}

extension UnvalidatedConstraint {
  fileprivate func finding(_ message: String) -> Finding {
    let kind = contype == "c" ? "CHECK" : contype == "n" ? "NOT NULL" : "FOREIGN KEY"
    return Finding(
      "constraint \(quotedIdentifier(conname)) of table \(qualifiedName)", message, evidence: ["kind": kind],
      remediation: Remediation(
        "Correct the rows that violate it, and validate it.",
        paste: "ALTER TABLE \(qualifiedName) VALIDATE CONSTRAINT \(quotedIdentifier(conname));", at: .source))
  }
}

extension UnvalidatedDomain {
  fileprivate func finding(isLate: Bool) -> Finding {
    Finding(
      "constraint \(quotedIdentifier(conname)) of domain \(domain)",
      isLate
        ? "a value of column \(qualifiedName).\(quotedIdentifier(attname)) that violates it stops the cutover, which "
          + "copies the table"
        : "an UPDATE or DELETE of a row whose column \(qualifiedName).\(quotedIdentifier(attname)) violates it stops the "
          + "replication",
      evidence: ["kind": "domain"],
      remediation: Remediation(
        """
        Correct the values that violate it, and validate it. Where a composite type or a range holds the domain, which \
        PostgreSQL does not validate, drop the constraint until the cutover instead.
        """,
        paste: "ALTER DOMAIN \(domain) VALIDATE CONSTRAINT \(quotedIdentifier(conname));", at: .source))
  }
}
