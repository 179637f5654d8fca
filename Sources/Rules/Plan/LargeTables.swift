import Catalog

extension Rule {
  static let largeTables = Rule(
    "large-tables", "No single table decides how long the copy takes",
    group: .plan, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/app-pgdump.html",
    explanation: Explanation(
      why: """
        A table is copied in one go: neither pg_dump --jobs nor a subscription splits it. While one is copied that is \
        larger than all others together, the source keeps its snapshot, or its WAL.
        """,
      decides: """
        No selected table takes more than 100 GB with its TOAST data and more than half of the database, by relpages: \
        as of the last VACUUM or ANALYZE.
        """,
      fix: "Copy it at a quiet time, and allow for the time that it takes; partitions are copied one by one."),
    decide: .database { pair in
      let (_, rows) = pair.selected(try pair.snapshot(on: .source).largeTables.value)
      let tables = rows.filter { $0.sizeBytes > $0.databaseBytes / 2 }
      guard !tables.isEmpty else { return .passed("No table of more than 100 GB is half of the database.") }
      return .failed(
        "One table is most of the database.",
        tables.map { table in
          Finding(
            "table \(table.qualifiedName)", "about \(formattedBytes(table.sizeBytes)) are copied in one go",
            evidence: [
              "table": "about \(formattedBytes(table.sizeBytes))",
              "all tables": "about \(formattedBytes(table.databaseBytes))",
            ],
            remediation: Remediation("Copy it at a quiet time, and watch the space for WAL on the source."))
        })
    })
}

extension LargeTable: TableRow {}
