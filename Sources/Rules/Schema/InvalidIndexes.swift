import Catalog

extension Rule {
  static let invalidIndexes = Rule(
    "invalid-indexes", "No index is invalid",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/sql-createindex.html",
    explanation: Explanation(
      why: """
        An index that was not built to its end is kept up but not used, and a dump does not carry it. Where it is \
        unique, the rows may hold duplicates that somebody believes to be impossible.
        """,
      decides: "pg_index has indisvalid and indisready for each index of a selected table.",
      fix: "Build it again, or drop it."),
    decide: .database { pair in
      let (count, indexes) = pair.selected(try pair.snapshot(on: .source).invalidIndexes.value)
      guard count > 0 else { return .passed("No index is invalid.") }
      let canReindex = try pair.clusters.source.version.major >= 12
      return .failed(
        "\(count.counted("index is", "indexes are")) invalid, and will be missing on the target.",
        indexes.prefix(100).map { index in
          let name = qualifiedIdentifier(index.nspname, index.indexname)
          let builds = canReindex && !index.isLeftOver
          return Finding(
            "index \(name)",
            index.isUnique ? "it is invalid, so nothing says that its rows are unique" : "it is invalid",
            evidence: ["table": index.qualifiedName, "unique": index.isUnique ? "yes" : "no"],
            remediation: Remediation(
              builds
                ? "If it is not being built just now, build it again; or drop it."
                : "If it is not being built just now, drop it, and create it anew if it is needed.",
              paste: builds ? "REINDEX INDEX CONCURRENTLY \(name);" : "DROP INDEX CONCURRENTLY \(name);", at: .source))
        })
    })
}

extension InvalidIndex {
  /// What an interrupted REINDEX CONCURRENTLY leaves beside the index (documentation, "REINDEX").
  fileprivate var isLeftOver: Bool {
    var stem = Substring(indexname)
    while stem.last?.isNumber == true { stem.removeLast() }
    return stem.hasSuffix("_ccnew") || stem.hasSuffix("_ccold")
  }
}
