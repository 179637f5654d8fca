import Catalog

extension Rule {
  static let sourceRowSecurity = Rule(
    "source-row-security", "Row security hides no rows from the source role",
    group: .privileges,
    documentation: "https://www.postgresql.org/docs/current/ddl-rowsecurity.html",
    explanation: Explanation(
      why: """
        pg_dump stops at a table whose policies would hide rows from it, and the initial copy of a subscription would \
        leave the hidden rows out without a word.
        """,
      decides: """
        The source role is a superuser or has BYPASSRLS, or row security is not active for it on any selected table: \
        it is switched off, or the role has the owner's rights and FORCE ROW LEVEL SECURITY is not set. Tables of \
        extensions count where a dump takes their rows along, as it does for cron.job.
        """,
      fix: "Give the role BYPASSRLS, or connect as the owner of the tables or a superuser."),
    decide: .database { pair in
      let me = try pair.clusters.source.me.value
      if me.rolsuper || me.rolbypassrls { return .passed("\(me.rolname) is not subject to row security.") }
      let (count, tables) = try pair.rowSecuredTables()
      guard count > 0 else { return .passed("Row security is not active for \(me.rolname) on any table.") }
      return .failed(
        "Row security hides rows of \(count.counted("table")) from \(me.rolname).",
        tables.prefix(100).map { table in
          Finding(
            "table \(table.qualifiedName)", "row security is active on it for \(me.rolname)",
            evidence: ["owner": table.owner, "forced": table.isForced ? "yes" : "no"],
            remediation: Remediation(
              "Let the role see all rows.", paste: "ALTER ROLE \(quotedIdentifier(me.rolname)) BYPASSRLS;", at: .source
            ))
        })
    })
}

extension DatabasePair {
  /// Those of extensions that are left out are not read.
  fileprivate func rowSecuredTables() throws(Undetermined) -> (count: Int, rows: [RowSecuredTable]) {
    let all = try snapshot(on: .source).rowSecuredTables.value
    // With a table filter a dump leaves extensions out altogether.
    let read = all.filter {
      $0.extension.isEmpty || options.tables == .all && !options.excludedExtensions.contains($0.extension)
    }
    let (count, rows) = selected(read)
    return (options.tables == .all ? count -| (all.count - read.count) : count, rows)
  }
}
