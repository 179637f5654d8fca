import Catalog

extension Rule {
  static let notNullInheritance = Rule(
    "not-null-inheritance", "What is NOT NULL in a table is so in those that inherit from it",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/18/release-18.html",
    explanation: Explanation(
      why: """
        Up to 17 a column may be NOT NULL in a table and not in one that inherits from it. From 18 on NOT NULL is \
        inherited: rows of the child that have no value there are refused.
        """,
      decides: """
        Concerns a move from before 18 to 18 or newer. A column of a selected table that is NOT NULL in its parent \
        only is a warning, and a blocker where the statistics say that there are rows without a value.
        """,
      fix: "Fill the rows, then ALTER TABLE … SET NOT NULL on the child."),
    decide: .database { pair in
      guard try pair.crosses(18) else { return .notCrossed(18) }
      let (count, columns) = pair.selected(try pair.snapshot(on: .source).nullableChildren.value)
      guard count > 0 else { return .passed("What is NOT NULL in a table is so in those that inherit from it.") }
      return .failed(
        "\(count.counted("column becomes", "columns become")) NOT NULL on the target.",
        columns.prefix(100).map { column in
          let name = quotedIdentifier(column.attname)
          return Finding(
            "column \(column.qualifiedName).\(name)",
            "it is NOT NULL in \(column.parent) only"
              + (column.hasNulls ? ", and there are rows without a value" : ", and rows without a value are refused"),
            evidence: ["parent": column.parent, "rows without a value": column.hasNulls ? "yes" : "not known of"],
            remediation: Remediation(
              "Give every row a value, then make it NOT NULL; the statement fails where one has none.",
              paste: "ALTER TABLE \(column.qualifiedName) ALTER \(name) SET NOT NULL;", at: .source))
        }, severity: columns.contains(where: \.hasNulls) ? .blocker : .warning)
    })
}
