import Catalog

extension Rule {
  static let rowWidth = Rule(
    "row-width", "No row is near the limit of what can be copied",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/limits.html",
    explanation: Explanation(
      why: """
        A row is copied as a text of at most 1 GB, in which a bytea takes twice its size. A larger one can be kept, but \
        neither dumped nor replicated.
        """,
      decides: """
        By the sizes as of the last VACUUM, and the rows that the server knows of: no table has more than \
        \(formattedBytes(WideTable.limit)) beside its rows, in TOAST, for each of them on average.
        """,
      fix: "Try to copy the largest rows; split them, or keep what they hold elsewhere."),
    decide: .database { pair in
      let (count, tables) = pair.selected(try pair.snapshot(on: .source).wideTables.value)
      guard count > 0 else { return .passed("No table has rows that are known to be very wide.") }
      return .failed(
        "The rows of \(count.counted("table")) hold more than \(formattedBytes(WideTable.limit)) on average.",
        tables.prefix(100).map {
          Finding(
            "table \($0.qualifiedName)",
            "\($0.rows.counted("row holds", "rows hold")) \(formattedBytes($0.toastBytes)): some may be too large to copy",
            evidence: ["rows": "\($0.rows)", "TOAST": formattedBytes($0.toastBytes)],
            remediation: Remediation(
              "Try it before the move: it fails with what can't be copied.",
              paste:
                "psql --dbname=\(quotedIdentifier(pair.name)) --command='COPY \($0.qualifiedName) TO STDOUT' > /dev/null",
              at: .shell))
        })
    })
}
