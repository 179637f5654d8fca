import Catalog

extension Rule {
  static let polymorphicFunctions = Rule(
    "polymorphic-functions", "No aggregate or operator is made of array functions with their arguments of old",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/14/release-14.html",
    explanation: Explanation(
      why: """
        From 14 on array_append, array_prepend, array_cat, array_remove, array_replace, array_position, \
        array_positions and width_bucket take anycompatiblearray and anycompatible in place of anyarray and \
        anyelement. CREATE AGGREGATE and CREATE OPERATOR do not find them by the old names.
        """,
      decides: """
        Concerns a move from before 14 to 14 or newer. The source database has no polymorphic aggregate or operator, \
        members of extensions aside, that is made of these functions. One over a certain type is fine.
        """,
      fix: "Drop them on the source, and create them on the target with the new types."),
    decide: .database { pair in
      guard try pair.crosses(14) else { return .notCrossed(14) }
      if pair.hasTablesOnly { return .tablesOnly }
      let uses = try pair.snapshot(on: .source).polymorphicUses.value
      guard !uses.isEmpty else { return .passed("There are no such aggregates or operators.") }
      return .failed(
        "\(uses.count.counted("aggregate or operator takes", "aggregates and operators take")) what the target's "
          + "functions do not take any more.",
        uses.prefix(100).map { use in
          Finding(
            "\(use.kind.rawValue) \(use.object)", "the target has no \(use.uses.listed())",
            evidence: ["uses": use.uses.joined(separator: ", ")],
            remediation: Remediation(
              "Drop it, and create it on the target with anycompatiblearray and anycompatible.",
              paste: "DROP \(use.kind == .aggregate ? "AGGREGATE" : "OPERATOR") \(use.object);", at: .source))
        })
    })
}
