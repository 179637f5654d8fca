import Catalog

extension Rule {
  static let publicationPrivileges = Rule(
    "publication-privileges", "The source role may publish the tables",
    group: .privileges, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/sql-createpublication.html",
    explanation: Explanation(
      why: "Logical replication begins with a publication in each source database.",
      decides: """
        The source role is a superuser (all tables at once); or aiven_extras is installed in the database and may be \
        used; or the role may CREATE in the database and has the rights of the owner of every selected table. A database \
        without any table, sequence and large object is not published.
        """,
      fix: "Grant CREATE on the database and the owners' roles, or connect as the owner or a superuser."),
    decide: .database { pair in
      let me = try pair.clusters.source.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      if try pair.aivenExtrasIsUsable(on: .source) {
        return .passed("aiven_extras creates publications for \(me.rolname).")
      }
      let database = quotedIdentifier(pair.name)
      let role = quotedIdentifier(me.rolname)
      var findings: [Finding] = []
      if try pair.database(on: .source)?.canCreate != true {
        findings.append(
          Finding(
            "database \(database)", "\(me.rolname) may not CREATE in it", evidence: ["role": me.rolname],
            remediation: Remediation(
              "Let the role create objects in the database.", paste: "GRANT CREATE ON DATABASE \(database) TO \(role);",
              at: .source)))
      }
      let others = try pair.tablesOfOthers()
      findings += others.examples.map { table in
        let owner = table.owner ?? "a role that is gone"
        return Finding(
          "table \(table.name)", "it belongs to \(owner)", evidence: ["owner": owner, "role": me.rolname],
          remediation: Remediation(
            "Make the role a member of the owner, or connect as the owner.",
            paste: table.owner.map { "GRANT \(quotedIdentifier($0)) TO \(role);" },
            at: table.owner.map { _ in .source }))
      }
      guard !findings.isEmpty else {
        return .passed("\(me.rolname) may CREATE in the database and has the owner's rights on every table.")
      }
      if try pair.hasNothingToReplicate() { return DatabasePair.nothingToReplicate }
      return .failed(
        others.count == 0
          ? "\(me.rolname) may not create a publication."
          : "\(me.rolname) may not publish \(others.count.counted("table")).", findings)
    })
}

extension DatabasePair {
  /// Selected tables that belong to roles whose rights the source role does not have.
  fileprivate func tablesOfOthers() throws(Undetermined) -> (count: Int, examples: [(name: String, owner: String?)]) {
    let source = try snapshot(on: .source)
    guard options.tables == .all else {
      let others = try source.tables.value.filter { $0.otherOwner != nil && options.tables.selects($0, in: self.name) }
      return (others.count, others.prefix(20).map { (qualifiedIdentifier($0.nspname, $0.relname), $0.otherOwner) })
    }
    let others = try source.notOwnedTables.value
    return (others.first?.nTotal ?? 0, others.map { (qualifiedIdentifier($0.nspname, $0.relname), $0.owner) })
  }
}
