import Catalog

extension Rule {
  static let sizeSummary = Rule(
    "size-summary", "What is to be moved is measured",
    group: .plan, severity: .notice,
    documentation: "https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE",
    explanation: Explanation(
      why: "How long a move takes, and what room it needs, is first of all a matter of size.",
      decides: """
        It always passes, and says how large the database is, with its indexes, and how many tables, sequences and \
        materialized views it has, those of extensions among them; with a table filter, the selected tables alone. From \
        PostgreSQL 14 on, the size of a database with more than 100,000 relations, and of more than 10,000 selected \
        tables, is as of the last VACUUM or ANALYZE.
        """,
      fix:
        "Nothing has to be done. Grant CONNECT or pg_read_all_stats to the source role where it may not see the size."),
    decide: .database { pair in
      let source = pair.clusters.source
      guard pair.options.tables == .all else {
        let tables = try pair.snapshot(on: .source).tables.value.filter {
          pair.options.tables.selects($0, in: pair.name)
        }
        let bytes = tables.sum(of: \.sizeBytes)
        return .passed("\(formattedBytes(bytes)): \(tables.count.counted("selected table")).")
      }
      let summary = try pair.snapshot(on: .source).summary.value
      let bytes = try source.databaseSizes.value.first { $0.datname.isSameName(as: pair.name) }?.sizeBytes
      let kinds = [
        (summary.partitionedTables, "partitioned table", "partitioned tables"),
        (summary.sequences, "sequence", "sequences"),
        (summary.materializedViews, "materialized view", "materialized views"),
      ]
      let parts =
        [summary.tables.counted("table")] + kinds.filter { $0.0 > 0 }.map { $0.0.counted($0.1, $0.2) }
      return .passed((bytes.map(formattedBytes) ?? "Of a size that this role may not see") + ": \(parts.listed()).")
    })
}
