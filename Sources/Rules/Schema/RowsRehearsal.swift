import Catalog

extension Rule {
  static let rowsRehearsal = Rule(
    "rows-rehearsal", "A sample of the rows can be loaded: it was tried",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/sql-copy.html",
    explanation: Explanation(
      why: """
        CHECK constraints, domains, generated columns, indexes of expressions and materialized views run functions when \
        rows are loaded. Whether these work on the target depends on their bodies, which only running them shows.
        """,
      decides: """
        Only with --rehearse or --rehearse-on, where the schema could be restored. The first rows of each table \
        (--rehearse-rows, 100 by default, or 16 MiB) are loaded into a scratch database, then indexes, constraints and triggers are \
        created and materialized views are filled. A failure is a blocker where a name or a function does not exist, \
        and where all tables were loaded completely; a warning where only some of the rows were there, as rows that a \
        function reads are perhaps missing. Foreign keys are tried only with complete tables. The code runs as a role that \
        is made for it and has no rights outside the scratch database. Nothing is loaded where that role cannot create \
        the schema, or where the database has an extension that could reach out of the database. Rows of tables of \
        extensions are not loaded.
        """,
      fix: "See the server's words for each object."),
    decide: .database { pair in
      guard pair.options.rehearses else { return .skipped("Only with --rehearse, as it writes.") }
      guard pair.options.rehearsedRows > 0 else { return .skipped("--rehearse-rows 0 asks for no rows.") }
      let rehearsal = try pair.snapshot(on: .source).rehearsal.value
      if let reason = rehearsal.reasonNotTried { return .skipped(reason) }
      guard let rows = rehearsal.rows else { return .skipped("The schema could not be restored without rows.") }
      if let reason = rows.reasonNotTried { return .skipped(reason) }
      let loaded =
        "\(rows.rows.counted("row")) of \(rows.tables.counted("table"))"
        + (rows.isComplete ? ", which are all," : "")
      let findings = rows.errors.map { finding($0, "Correct what the message names on the source.") }
      let doubtful = rows.doubtfulErrors.map {
        finding($0, "Look at what the object's functions read: rows or rights were perhaps missing in the rehearsal.")
      }
      let unread = rows.unread.map {
        Finding(
          $0.object, "its rows could not be read for the rehearsal: \($0.message)",
          remediation: Remediation("See the message, or accept that its rows were not tried."))
      }
      guard findings.isEmpty, doubtful.isEmpty else {
        let all = findings + doubtful
        return .failed(
          "\(all.count.counted("error")) when a sample of the rows was loaded.", Array(all.prefix(100)),
          severity: findings.isEmpty ? .warning : .blocker)
      }
      return .passed(
        "\(loaded) were loaded into a scratch database without an error.", notices: Array(unread.prefix(100)))
    })
}

private func finding(_ error: RehearsalError, _ remedy: String) -> Finding {
  Finding(error.object, error.message, remediation: Remediation(remedy))
}
