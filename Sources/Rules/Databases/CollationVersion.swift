import Catalog

extension Rule {
  static let collationVersion = Rule(
    "collation-version", "Collations sort as they did when the indexes were built",
    group: .databases, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/sql-altercollation.html#SQL-ALTERCOLLATION-NOTES",
    explanation: Explanation(
      why: """
        After an update of the operating system's or ICU's locales text may sort otherwise than in the indexes. Then \
        an index misses rows, and a unique one lets duplicates in, with which it can't be built on the target.
        """,
      decides: """
        The version that PostgreSQL has recorded for the database's default collation (15 and newer), and for those \
        that users have defined or columns name, is the one that the server's libraries have.
        """,
      fix: "Rebuild the indexes, then record the new version."),
    decide: .database { pair in
      var findings: [Finding] = []
      for side in Side.allCases {
        let place: Remediation.Place = side == .source ? .source : .target
        if let properties = try pair.clusters.properties(of: pair.name, on: side),
          let recorded = properties.collationVersion, let actual = properties.collationActualVersion,
          recorded != actual
        {
          let name = quotedIdentifier(pair.name)
          findings.append(
            Finding(
              "database \(name)",
              "its collation had version \(recorded), and has \(actual) on the \(side.rawValue)'s server",
              evidence: ["recorded": recorded, "actual": actual],
              remediation: Remediation(
                "Rebuild its indexes, which locks them, then record the version. Duplicates that come to light have to "
                  + "be removed.",
                paste: "REINDEX DATABASE \(name);\nALTER DATABASE \(name) REFRESH COLLATION VERSION;", at: place)))
        }
        guard side == .source, try pair.database(on: side) != nil else { continue }
        for collation in try pair.snapshot(on: side).collations.value where collation.versionDiffers {
          let (isNeeded, uses) = pair.uses(of: collation)
          guard isNeeded, collation.nDependents > 0 else { continue }
          findings.append(
            Finding(
              "collation \(collation.qualifiedName)", "its version has changed; it is used by \(uses)",
              remediation: Remediation(
                "Rebuild the indexes that use it, then record the version.",
                paste: """
                  REINDEX DATABASE \(quotedIdentifier(pair.name));
                  ALTER COLLATION \(collation.qualifiedName) REFRESH VERSION;
                  """, at: place)))
        }
      }
      guard !findings.isEmpty else { return .passed("No recorded version of a collation differs from the server's.") }
      return .failed("Text may sort otherwise than its indexes have it.", Array(findings.prefix(100)))
    })
}
