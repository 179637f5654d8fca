import Catalog

extension Rule {
  static let databaseValid = Rule(
    "database-valid", "No DROP DATABASE was interrupted",
    group: .databases,
    documentation: "https://www.postgresql.org/docs/current/sql-dropdatabase.html",
    explanation: Explanation(
      why: "A database whose DROP was interrupted is invalid: nobody can connect to it, it can only be dropped.",
      decides: "datconnlimit of the source or target database is -2.",
      fix: "Drop it, or leave it out with --exclude-database."),
    decide: .database { pair in
      var findings: [Finding] = []
      for side in Side.allCases {
        guard let database = try pair.database(on: side), database.isInvalid else { continue }
        findings.append(
          Finding(
            "database \(quotedIdentifier(pair.name))", "it is invalid on the \(side): its DROP was interrupted",
            evidence: ["datconnlimit": "-2"],
            remediation: Remediation(
              "Drop it. On the source, --exclude-database leaves it out instead.",
              paste: "DROP DATABASE \(quotedIdentifier(pair.name));", at: side == .source ? .source : .target)))
      }
      return findings.isEmpty ? .passed("The database is valid.") : .failed("The database is invalid.", findings)
    })
}
