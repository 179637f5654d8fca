import Catalog

extension Rule {
  static let extensionConfigTables = Rule(
    "extension-config-tables", "Rows in tables of extensions can be loaded",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/extend-extensions.html",
    explanation: Explanation(
      why: """
        Some extensions keep rows of the database's own in tables of theirs. A dump takes them along, but the tables \
        belong to whoever creates the extension, often a superuser. Where they are not published, they are copied again \
        at cutover.
        """,
      decides: """
        For each table that an extension has marked for dumps and in which the source has rows of its own: the target \
        role is a superuser, or can write to the table that is on the target, or creates the extension itself from a \
        script that runs as this role.
        """,
      fix: "Let the role write to those tables, or connect to the target as a superuser."),
    decide: .database { pair in
      let moved = Set(try pair.extensionsToMove().map(\.extname))
      // With a table filter neither a dump nor a publication has them.
      guard pair.options.tables == .all else { return .passed("Only tables of users are moved.") }
      let tables = try pair.snapshot(on: .source).extensionTables.value.filter { moved.contains($0.extname) }
      guard !tables.isEmpty else { return .passed("No extension keeps rows of the database's own.") }
      let me = try pair.clusters.target.me.value
      let refused =
        me.rolsuper
        ? [] : try tables.filter { try pair.lacksPermission(toLoad: $0) }.map { try pair.refusal(of: $0, to: me) }
      guard refused.isEmpty else {
        return .failed(
          "Role \(quotedIdentifier(me.rolname)) cannot load the rows of \(refused.count.counted("table")) of extensions.",
          Array(refused.prefix(100)))
      }
      return .passed("\(tables.count.counted("table")) of extensions: their rows can be migrated.")
    })
}

extension DatabasePair {
  /// Whether rows of the table would have to be loaded that the target role, which is no superuser, can't load.
  fileprivate func lacksPermission(toLoad table: ExtensionTable) throws(Undetermined) -> Bool {
    if table.hasOwnRows == false { return false }
    if try mayWrite(to: table) { return false }
    guard table.hasOwnRows == nil, table.hasCondition else { return true }
    throw Undetermined(
      "whether table \(qualifiedIdentifier(table.nspname, table.relname)) of extension "
        + "\(quotedIdentifier(table.extname)) holds rows of the database's own was not read",
      remedy: "Let the source's role read the table, or let the target's role write to it.")
  }

  private func mayWrite(to table: ExtensionTable) throws(Undetermined) -> Bool {
    guard try targetExtensions()[table.extname] == nil else {
      return try snapshot(on: .target).extensionTableAccess.value.first {
        $0.nspname.isSameName(as: table.nspname) && $0.relname.isSameName(as: table.relname)
      }?.canWrite ?? false
    }
    // Who creates it owns its tables where its script runs as that role, and else a superuser does.
    return try clusters.target.defaultVersion(of: table.extname)?.superuser == false
  }

  fileprivate func refusal(of table: ExtensionTable, to me: CurrentRole) throws(Undetermined) -> Finding {
    let name = qualifiedIdentifier(table.nspname, table.relname)
    let role = quotedIdentifier(me.rolname)
    let isThere = try targetExtensions()[table.extname] != nil
    let text =
      isThere
      ? "Let the role replace the rows of the table."
      : "Create the extension in the target database first, then let the role replace the rows of the table."
    let creation = isThere ? "" : "CREATE EXTENSION \(quotedIdentifier(table.extname));\n"
    return Finding(
      "table \(name)",
      "the source has rows of its own in this table of extension \(quotedIdentifier(table.extname)), which role \(role) "
        + "cannot write to on the target",
      evidence: ["extension": table.extname, "on the target": isThere ? "installed" : "to be created"],
      remediation: Remediation(
        text, paste: "\(creation)GRANT SELECT, INSERT, DELETE ON \(name) TO \(role);", at: .target))
  }
}
