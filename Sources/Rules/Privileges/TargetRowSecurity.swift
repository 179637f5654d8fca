import Catalog

extension Rule {
  static let targetRowSecurity = Rule(
    "target-row-security", "Row security lets the target apply rows",
    group: .privileges, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-security.html",
    explanation: Explanation(
      why: """
        From 15 on a subscription refuses to write into a table on which row security is active for the role that it \
        writes as: from 16 on that is the owner of the table, also where the subscription is a superuser's; in 15 the \
        owner of the subscription. FORCE ROW LEVEL SECURITY makes it active for owners.
        """,
      decides: """
        No selected table has FORCE ROW LEVEL SECURITY; or the role that the target writes as is a superuser or has \
        BYPASSRLS there. Before 15 the target does not look at row security.
        """,
      fix: """
        Give the role BYPASSRLS on the target; or set NO FORCE ROW LEVEL SECURITY on the target until the cutover, or \
        from the source on.
        """),
    decide: .database { pair in
      let target = pair.clusters.target
      let version = try target.version
      let (count, tables) = pair.selected(try pair.snapshot(on: .source).forcedRowSecurityTables.value)
      guard count > 0 else { return .passed("No table has FORCE ROW LEVEL SECURITY.") }
      guard version.major >= 15 else { return .passed("Before 15 a subscription does not look at row security.") }
      let me = try target.me.value
      if version.major == 15, me.rolsuper || me.rolbypassrls {
        return .passed("\(me.rolname) is not subject to row security.")
      }
      let exempt = Set(try target.roles.value.filter { $0.rolsuper || $0.rolbypassrls }.map(\.rolname.nameBytes))
      let there = Set(try target.roles.value.map(\.rolname.nameBytes))
      func writer(of table: ForcedRowSecurityTable) -> String { version.major >= 16 ? table.owner : me.rolname }
      let refused = tables.filter { !exempt.contains(writer(of: $0).nameBytes) }
      guard !refused.isEmpty else { return .passed("The owners of tables with row security may bypass it.") }
      let all = refused.count == tables.count ? count : refused.count
      return .failed(
        "Row security keeps the target from applying rows of \(all.counted("table")).",
        refused.prefix(100).map { table in
          let role = writer(of: table)
          let exists = there.contains(role.nameBytes)
          return Finding(
            "table \(table.qualifiedName)", "row security is active on it for \(role), which its rows are written as",
            evidence: ["owner": table.owner, "target version": "\(version)"],
            remediation: Remediation(
              exists
                ? "Let the role bypass row security on the target, until the cutover at least."
                : "Create the role on the target, and let it bypass row security there until the cutover.",
              paste: (exists ? "" : "CREATE ROLE \(quotedIdentifier(role));\n")
                + "ALTER ROLE \(quotedIdentifier(role)) BYPASSRLS;", at: .target))
        })
    })
}
