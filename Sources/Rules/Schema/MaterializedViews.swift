import Catalog

extension Rule {
  static let materializedViews = Rule(
    "materialized-views", "Materialized views are filled on the target",
    group: .schema, severity: .notice,
    documentation: "https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",
    explanation: Explanation(
      why: """
        The rows of a materialized view are not moved: its query runs once more on the target, at the end of a \
        restore, or after the cutover of a replicated database.
        """,
      decides: """
        It always passes, with a notice that names the materialized views and about how large they are. One that is \
        not populated stays so.
        """,
      fix: "Allow for the time that the queries take; cutover --refresh says when they run."),
    decide: .database { pair in
      if case .only = pair.options.tables { return .passed("Only the named tables are moved.") }
      let (count, views) = pair.selected(try pair.snapshot(on: .source).materializedViews.value)
      guard count > 0 else { return .passed("There are no materialized views.") }
      return .passed(
        "\(count.counted("materialized view is", "materialized views are")) filled anew on the target.",
        notices: views.prefix(100).map { view in
          Finding(
            "materialized view \(view.qualifiedName)",
            view.isPopulated ? "its query runs on the target" : "it is not populated, and stays so",
            evidence: ["size": "about \(formattedBytes(view.sizeBytes))"],
            remediation: view.isPopulated
              ? Remediation(
                "A restore does it by itself, and so does the cutover of a replication (--refresh).",
                paste: "REFRESH MATERIALIZED VIEW \(view.qualifiedName);", at: .target) : nil)
        })
    })
}
