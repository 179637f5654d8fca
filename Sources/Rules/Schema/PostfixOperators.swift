import Catalog

extension Rule {
  static let postfixOperators = Rule(
    "postfix-operators", "No operator stands behind its operand",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/14/release-14.html",
    explanation: Explanation(
      why: "Postfix operators ended with 14: CREATE OPERATOR refuses one without a right argument.",
      decides: """
        Concerns a move from before 14 to 14 or newer. The source database has no postfix operator, members of \
        extensions aside.
        """,
      fix: "Drop them, and call the functions that compute them."),
    decide: .database { pair in
      guard try pair.crosses(14) else { return .notCrossed(14) }
      if pair.hasTablesOnly { return .tablesOnly }
      let operators = try pair.snapshot(on: .source).postfixOperators.value
      guard !operators.isEmpty else { return .passed("There are no postfix operators.") }
      return .failed(
        "The target refuses \(operators.count.counted("postfix operator")).",
        operators.prefix(100).map { each in
          Finding(
            "operator \(each.object)", "it stands behind its operand", evidence: ["function": each.function],
            remediation: Remediation(
              "Call \(each.function) in its place, and drop it.", paste: "DROP OPERATOR \(each.object);", at: .source))
        })
    })
}
