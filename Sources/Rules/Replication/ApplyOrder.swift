import Catalog

extension Rule {
  static let applyOrder = Rule(
    "apply-order", "Applied changes run no code that reads tables",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-gencols.html",
    explanation: Explanation(
      why: """
        The target evaluates checks, domains, generated columns, partition keys and indexes of expressions when it applies \
        a change, and not when the change was made: what such code reads in other tables has another state by then. A \
        generated column or an index gets another value than on the source without an error; a check that fails stops \
        the apply.
        """,
      decides: """
        No function that such code runs reads a table, by dependencies and by the text of the functions' bodies, and none of \
        a generated column or an index has a text that does not say what it reads. Where one does, the table is copied while \
        writes are blocked, which is a warning, where all that has to be copied then fits into --max-blocked-time; else a \
        blocker.
        """,
      fix: "Allow for more time (--max-blocked-time), or migrate by dump; or let the function read no table."),
    decide: .database { pair in
      let tables = try pair.readingTables()
      guard !tables.isEmpty else { return .passed("No code that changes run reads a table.") }
      let crossing = try pair.crossing()
      let fate =
        switch crossing.way {
        case .late: "they are copied while writes are blocked (\(crossing.words))"
        case .tooLong: "they are too large to be copied while writes are blocked"
        case .none: "nothing is copied at cutover"
        }
      return .failed(
        "Code of \(Set(tables.map(\.name)).count.counted("table")) reads others when changes are applied: \(fate).",
        crossing.excess(in: pair.name)
          + tables.prefix(100).map { table in
            Finding(
              "table \(table.qualifiedName)",
              table.opaque.isEmpty || !(table.reads + table.views).isEmpty
                ? "its \(table.code.listed()) reads \((table.reads + table.views).listed())"
                : "the text of \(table.opaque.listed()) does not say what its \(table.code.listed()) reads",
              evidence: table.evidence,
              remediation: Remediation(
                "Let the function read no table, or use --method dump, or allow for the time that copying it takes."))
          }, severity: crossing.way == .late ? .warning : .blocker)
    })
}

extension DatabasePair {
  /// Tables whose changes the target can't apply as the source made them: their code reads others.
  func readingTables() throws(Undetermined) -> [LoadReading] {
    let (count, all) = selected(try snapshot(on: .source).loadReadings.value)
    guard count <= all.count else {
      throw Undetermined(
        "code of \(count.counted("table")) reads others, and only \(all.count) were looked at",
        remedy: "Take a snapshot of the source (pgpreflight snapshot), which holds all of them, and check that.")
    }
    return all.filter { reading in
      !reading.isMaterializedView
        && (!reading.reads.isEmpty || !reading.views.isEmpty
          || !reading.opaque.isEmpty && reading.code.contains { $0.hasPrefix("generated ") || $0.hasPrefix("index ") })
    }
  }
}
