import Catalog

extension Rule {
  static let tablesWithOIDs = Rule(
    "tables-with-oids", "No table is WITH OIDS",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/12/release-12.html",
    explanation: Explanation(
      why: """
        Tables WITH OIDS ended with 12. They are created without, and the values of their hidden column oid are lost: \
        what reads it fails.
        """,
      decides: "Concerns a move from before 12 to 12 or newer. No selected table is WITH OIDS.",
      fix: "Copy oid to a column of the table where it is used, then ALTER TABLE … SET WITHOUT OIDS."),
    decide: .database { pair in
      let version = try pair.clusters.source.version
      guard version.major < 12 else {
        return .passed("The source is \(version.majorName): its tables have no such column.")
      }
      guard try pair.crosses(12) else { return .notCrossed(12) }
      let (count, tables) = pair.selected(try pair.snapshot(on: .source).tablesWithOIDs.value)
      guard count > 0 else { return .passed("No table is WITH OIDS.") }
      return .failed(
        "\(count.counted("table loses its", "tables lose their")) column oid.",
        tables.prefix(100).map { table in
          Finding(
            "table \(table.qualifiedName)", "it is WITH OIDS",
            remediation: Remediation(
              "Make sure that nothing reads its oid, or copy that to a column first.",
              paste: "ALTER TABLE \(table.qualifiedName) SET WITHOUT OIDS;", at: .source))
        })
    })
}
