import Catalog

extension Rule {
  static let tablespaces = Rule(
    "tablespaces", "The target has the tablespaces that the database uses",
    group: .databases, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/manage-ag-tablespaces.html",
    explanation: Explanation(
      why: """
        A tablespace is a folder of the server's host, and no part of a dump, which only names it. Without it \
        everything goes to the default tablespace: another disk than was planned, or one that is too small.
        """,
      decides: """
        Each tablespace that the database, or a selected table or index of it, is in exists on the target, and the \
        target role has CREATE on it.
        """,
      fix: "Create the tablespaces on the target beforehand, or restore with --no-tablespaces."),
    decide: .database { pair in
      let uses = try pair.usesOfTablespaces()
      guard !uses.isEmpty else { return .passed("Everything is in the default tablespace.") }
      let there = try pair.clusters.target.tablespaces.value
      let me = try pair.clusters.target.me.value
      var findings: [Finding] = []
      for (name, use) in uses.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
        let object = "tablespace \(quotedIdentifier(name))"
        guard let tablespace = there.first(where: { $0.spcname.isSameName(as: name) }) else {
          findings.append(
            Finding(
              object, "the target lacks it; on the source it holds \(use)",
              remediation: Remediation(
                "Have a superuser create it on the target: CREATE TABLESPACE \(quotedIdentifier(name)) LOCATION and a "
                  + "folder of that host. Services mostly allow none: then everything goes to the default tablespace."))
          )
          continue
        }
        guard !tablespace.canCreate else { continue }
        findings.append(
          Finding(
            object, "\(me.rolname) may not create anything in it on the target; on the source it holds \(use)",
            remediation: Remediation(
              "Grant CREATE on it.",
              paste: "GRANT CREATE ON TABLESPACE \(quotedIdentifier(name)) TO \(quotedIdentifier(me.rolname));",
              at: .target)))
      }
      guard !findings.isEmpty else {
        return .passed("The target has \(uses.count.counted("tablespace")) of the source.")
      }
      return .failed(
        "\(findings.count.counted("tablespace is", "tablespaces are")) not to be used on the target.",
        Array(findings.prefix(100)))
    })
}

extension DatabasePair {
  /// What is in each tablespace that somebody has made.
  fileprivate func usesOfTablespaces() throws(Undetermined) -> [String: String] {
    var uses: [String: String] = [:]
    for (name, rows) in Dictionary(grouping: try snapshot(on: .source).tablespaceUses.value, by: \.tablespace) {
      let (count, chosen) = selected(rows)
      guard count > 0, let first = chosen.first else { continue }
      let more = count > 1 ? " and \((count -| 1).counted("more", "more"))" : ""
      uses[name] = "table \(first.qualifiedName) or its index\(more)"
    }
    // A database that is there already has its place.
    if try database(on: .target) == nil, let own = try clusters.properties(of: name, on: .source)?.tablespace,
      own != "pg_default"
    {
      uses[own] = "the database itself" + (uses[own].map { ", \($0)" } ?? "")
    }
    return uses
  }
}

extension TablespaceUse: TableRow {}

extension ClusterPair {
  func properties(of database: String, on side: Side) throws(Undetermined) -> DatabaseProperties? {
    try self[side].databaseProperties.value.first { $0.datname.isSameName(as: database) }
  }
}
