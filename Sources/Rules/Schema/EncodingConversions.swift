import Catalog

extension Rule {
  static let encodingConversions = Rule(
    "encoding-conversions", "No encoding conversion is made of a function of old",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/14/release-14.html",
    explanation: Explanation(
      why: """
        From 14 on the function of a conversion takes a sixth argument and returns a number. CREATE CONVERSION does \
        not find one that is declared as before.
        """,
      decides: """
        Concerns a move from before 14 to 14 or newer. The source database has no conversion by a function that is \
        not built in, members of extensions aside.
        """,
      fix: "Drop them, and create them on the target with functions as it expects them."),
    decide: .database { pair in
      guard try pair.crosses(14) else { return .notCrossed(14) }
      if pair.hasTablesOnly { return .tablesOnly }
      let conversions = try pair.snapshot(on: .source).encodingConversions.value
      guard !conversions.isEmpty else { return .passed("There are no conversions by functions of users.") }
      return .failed(
        "The target refuses \(conversions.count.counted("encoding conversion")).",
        conversions.prefix(100).map { each in
          Finding(
            "conversion \(each.object)", "its function has five arguments", evidence: ["function": each.function],
            remediation: Remediation(
              "Drop it, and create it on the target with a function as that expects it.",
              paste: "DROP CONVERSION \(each.object);", at: .source))
        })
    })
}
