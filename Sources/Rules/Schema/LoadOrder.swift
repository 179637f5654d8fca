import Catalog

extension Rule {
  static let loadOrder = Rule(
    "load-order", "Tables are loaded after what their code reads",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS",
    explanation: Explanation(
      why: """
        PostgreSQL assumes that checks, domains, generated columns and partition keys depend on the row alone, and allows \
        functions that read tables all the same. When such a table is loaded before what its code reads, a check fails, \
        a row goes to another partition, and a generated column gets another value than on the source, without an error.
        """,
      decides: """
        Finds by dependencies, and by the text of the functions' bodies, which relations the code of each table with rows \
        reads: through other functions, views, operators and domains. The migration copies the rows of a table \
        after those of all tables that its code reads, creates a table with generated columns or a partition key of such code \
        after them, builds indexes whose functions read anything after all rows and \
        materialized views, and refreshes a materialized view after those that its query reads. Blocker where that is not \
        possible: tables whose code reads the table itself or one another, and code that reads a materialized view, which is \
        refreshed after all rows. A warning where the text does not say what is read (EXECUTE, dblink, machine code of no \
        extension): such tables are copied last. A notice names tables with checks that read others: rows were checked when \
        they were written, and are checked again when they are loaded.
        """,
      fix: """
        Replace a check by one that is NOT VALID, or drop it before the migration and add it afterwards: to \
        ensure what other rows have is what triggers are for. ALTER COLUMN … DROP EXPRESSION keeps the values of a \
        generated column as they are.
        """),
    decide: .database { pair in
      let (count, all) = pair.selected(try pair.snapshot(on: .source).loadReadings.value)
      let readings = all.filter { !$0.isIndex && !$0.isMaterializedView && $0.hasRows }
      guard count <= all.count else {
        throw Undetermined(
          "code of \(count.counted("table")) reads others, and only \(all.count) were looked at",
          remedy: "Take a snapshot of the source (pgpreflight snapshot), which holds all of them, and check that.")
      }
      let cycles = LoadOrder(readings, of: readings.flatMap { [$0.name] + $0.reads }.uniqued).cycles
      let byName = Dictionary(readings.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      let entangled = cycles.flatMap { cycle in
        cycle.compactMap { name in byName[name].map { finding($0, reading: cycle) } }
      }
      let early = readings.filter { !$0.views.isEmpty }.map { reading in
        Finding(
          "table \(reading.qualifiedName)",
          "its \(reading.code.listed()) reads \(reading.views.listed()), which is refreshed after all rows are loaded",
          evidence: reading.evidence, remediation: reading.remediation)
      }
      let opaque = readings.filter { !$0.opaque.isEmpty }.map { reading in
        Finding(
          "table \(reading.qualifiedName)",
          "the text of \(reading.opaque.listed()) does not say what the table's \(reading.code.listed()) reads",
          evidence: reading.evidence,
          remediation: Remediation(
            "Make sure that it reads neither the table itself nor another one with such code; the table is copied last."
          ))
      }
      let blocking = entangled + early
      guard blocking.isEmpty else {
        return .failed(
          "\(blocking.count.counted("table")) cannot be loaded after what the code of \(blocking.count == 1 ? "it" : "them") reads.",
          Array((blocking + opaque).prefix(100)))
      }
      guard opaque.isEmpty else {
        return .failed(
          "Code of \(opaque.count.counted("table")) may read others while it is loaded.", Array(opaque.prefix(100)),
          severity: .warning)
      }
      let ordered = readings.count { !$0.reads.isEmpty }
      guard ordered > 0 else { return .passed("No code of a table reads another one while rows are loaded.") }
      let checked = readings.filter { reading in
        !reading.reads.isEmpty && reading.code.contains { $0.hasPrefix("check ") || $0.hasPrefix("domain ") }
      }
      return .passed(
        "\(ordered.counted("table is", "tables are")) loaded after what the code of \(ordered == 1 ? "it" : "them") reads.",
        notices: checked.prefix(100).map { reading in
          Finding(
            "table \(reading.qualifiedName)",
            "its \(reading.code.listed()) reads \(reading.reads.listed()): a row fails if what it reads has changed since the "
              + "row was written",
            evidence: reading.evidence,
            remediation: Remediation("A rehearsal with rows (--rehearse) tries it for some of them."))
        })
    })
}

private func finding(_ reading: LoadReading, reading cycle: [String]) -> Finding {
  let others = cycle.filter { $0 != reading.name }
  return Finding(
    "table \(reading.qualifiedName)",
    others.isEmpty
      ? "its \(reading.code.listed()) reads the table itself"
      : "its \(reading.code.listed()) reads others whose code reads it: \(others.listed())",
    evidence: reading.evidence, remediation: reading.remediation)
}

extension LoadReading {
  var evidence: [String: String] {
    [
      "code": code.joined(separator: ", "), "functions": functions.joined(separator: ", "),
      "reads": (reads + views).joined(separator: ", "),
    ].filter { !$0.value.isEmpty }
  }

  fileprivate var remediation: Remediation {
    if code.contains(where: { $0.hasPrefix("generated column ") }) {
      return Remediation(
        """
        Let the column keep its values without computing them, ALTER TABLE \(qualifiedName) ALTER COLUMN … DROP \
        EXPRESSION (13 and newer), and set it by a trigger; or use --skip-table.
        """)
    }
    return Remediation(
      """
      Drop the \(code.listed()) on the source and add it again as NOT VALID, or afterwards on the target; or use \
      --skip-table.
      """)
  }
}
