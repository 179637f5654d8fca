import Catalog

extension Rule {
  static let materializedViewOwners = Rule(
    "materialized-view-owners", "Owners of materialized views may read what these show",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",
    explanation: Explanation(
      why: """
        The query of a materialized view runs as its owner, whoever fills it. One that a superuser has made and then \
        given to somebody who may not read its tables is filled on the source, and never again.
        """,
      decides: """
        By pg_depend, each relation that a materialized view reads which is filled: its owner has SELECT on it, or on \
        some of its columns. What functions in it read is not seen.
        """,
      fix: "Grant SELECT to the owner, or give the view to a role that may read its tables."),
    decide: .database { pair in
      if case .only = pair.options.tables { return .passed("Only the named tables are moved.") }
      let (count, sources) = pair.selected(try pair.snapshot(on: .source).materializedViewSources.value)
      guard count > 0 else { return .passed("Owners may read what their materialized views show.") }
      return .failed(
        "\(count.counted("relation")) may not be read by the owners of materialized views that show \(count == 1 ? "it" : "them").",
        sources.prefix(100).map { source in
          Finding(
            "materialized view \(source.qualifiedName)",
            "its owner, \(quotedIdentifier(source.owner)), may not read \(source.relation)",
            evidence: ["owner": source.owner, "relation": source.relation],
            remediation: Remediation(
              "Let the owner read it.",
              paste: "GRANT SELECT ON \(source.relation) TO \(quotedIdentifier(source.owner));", at: .source))
        })
    })
}
