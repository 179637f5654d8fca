import Catalog

extension Rule {
  static let extensionConfigTables = Rule(
    "extension-config-tables", "Rows in tables of extensions can be moved",
    group: .extensions, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/extend-extensions.html",
    explanation: Explanation(
      why: """
        Some extensions keep rows of the database's own in tables of theirs. A dump takes them along, but the tables \
        belong to whoever creates the extension, often a superuser. Replication of all tables copies all rows, also \
        those that CREATE EXTENSION has made on the target already, and stops at the first duplicate key.
        """,
      decides: """
        For each table that an extension has marked for dumps and that takes space: where some of its rows come with the \
        extension, replication must not include tables of extensions (--no-replicate-extension-tables). Where all are \
        the database's own, the target role has to be a superuser. A warning, as the rows need not be missed.
        """,
      fix: """
        Leave the tables out of the publication (--no-replicate-extension-tables): the database's own rows are copied \
        again at cutover.
        """),
    decide: .database { pair in
      let moved = Set(try pair.extensionsToMove().map(\.extname))
      // With a table filter neither a dump nor a publication has them.
      guard pair.options.tables == .all else { return .passed("Only tables of users are moved.") }
      let tables = try pair.snapshot(on: .source).extensionTables.value.filter { moved.contains($0.extname) }
      guard !tables.isEmpty else { return .passed("No extension keeps rows of the database's own.") }
      let me = try pair.clusters.target.me.value
      let replicates = pair.options.method.allows(.replication) && pair.options.replicatesExtensionTables
      let findings = tables.compactMap { table -> Finding? in
        let name = qualifiedIdentifier(table.nspname, table.relname)
        let evidence = ["extension": table.extname]
        if table.hasCondition {
          guard replicates else { return nil }
          return Finding(
            "table \(name)",
            "rows of it come with the extension \(quotedIdentifier(table.extname)): copies of them collide on the target",
            evidence: evidence,
            remediation: Remediation(
              """
              Leave tables of extensions out (--no-replicate-extension-tables): the database's own rows are copied again \
              at cutover.
              """))
        }
        guard !me.rolsuper else { return nil }
        return Finding(
          "table \(name)",
          "the extension \(quotedIdentifier(table.extname)) owns it: \(me.rolname) may not be allowed to load its rows",
          evidence: evidence,
          remediation: Remediation(
            "Let the role insert there once the extension is created, or copy the rows through the extension's functions.",
            paste: "GRANT INSERT ON \(name) TO \(quotedIdentifier(me.rolname));", at: .target))
      }
      guard !findings.isEmpty else {
        return .passed("\(tables.count.counted("table")) of extensions: the rows can be moved.")
      }
      return .failed(
        "\(findings.count.counted("table")) of extensions may hold rows that are not moved.",
        Array(findings.prefix(100)))
    })
}
