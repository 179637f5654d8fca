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
        It always passes, with a notice that counts the materialized views and says about how large they are. One that is \
        not populated stays so.
        """,
      fix: "Allow for the time that the queries take; cutover --refresh says when they run."),
    decide: .database { pair in
      if case .only = pair.options.tables { return .passed("Only the named tables are moved.") }
      let (count, views) = pair.selected(try pair.snapshot(on: .source).materializedViews.value)
      guard count > 0 else { return .passed("There are no materialized views.") }
      return .passed(
        "\(count.counted("materialized view is", "materialized views are")) filled anew on the target.",
        notices: [true, false].compactMap { isPopulated in notice(views.filter { $0.isPopulated == isPopulated }) })
    })
}

/// Of views that are all populated, or are all not.
private func notice(_ views: [MaterializedView]) -> Finding? {
  guard let first = views.first else { return nil }
  let isOne = views.count == 1
  return Finding(
    isOne ? "materialized view \(first.qualifiedName)" : "\(views.count) materialized views",
    first.isPopulated
      ? "\(isOne ? "its query runs" : "their queries run") on the target"
      : isOne ? "it is not populated, and stays so" : "they are not populated, and stay so",
    evidence: [
      "materialized views": views.map(\.qualifiedName).listed(atMost: 100),
      "size": "about \(formattedBytes(views.sum(of: \.sizeBytes)))",
    ],
    remediation: first.isPopulated
      ? Remediation("A restore does it by itself, and so does the cutover of a replication (--refresh).") : nil)
}
