import Catalog

extension Rule {
  static let extensionConfigTables = Rule(
    "extension-config-tables", "Rows in tables of extensions can be moved",
    group: .extensions, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/extend-extensions.html",
    explanation: Explanation(
      why: """
        Some extensions keep rows of the database's own in tables of theirs. A dump takes them along, but the tables \
        belong to whoever creates the extension, often a superuser.
        """,
      decides: """
        For each table that an extension has marked for dumps and that takes space: where all rows are the database's \
        own, the target role has to be a superuser. A warning, as the rows need not be missed. Of a table of which \
        some rows come with the extension, as spatial_ref_sys of PostGIS, only the database's own are moved: such a \
        table is never published, as the others are on the target already, and is copied at cutover.
        """,
      fix: "Let the role insert into the table once the extension is created."),
    decide: .database { pair in
      let moved = Set(try pair.extensionsToMove().map(\.extname))
      // With a table filter neither a dump nor a publication has them.
      guard pair.options.tables == .all else { return .passed("Only tables of users are moved.") }
      let tables = try pair.snapshot(on: .source).extensionTables.value.filter { moved.contains($0.extname) }
      guard !tables.isEmpty else { return .passed("No extension keeps rows of the database's own.") }
      let me = try pair.clusters.target.me.value
      let findings = tables.compactMap { table -> Finding? in
        let name = qualifiedIdentifier(table.nspname, table.relname)
        let evidence = ["extension": table.extname]
        guard !table.hasCondition, !me.rolsuper else { return nil }
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
