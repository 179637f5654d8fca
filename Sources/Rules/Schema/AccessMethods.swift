import Catalog

extension Rule {
  static let accessMethods = Rule(
    "access-methods", "The access methods of tables come to the target",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/tableam.html",
    explanation: Explanation(
      why: """
        A dump creates a table with the access method that keeps it. Where that comes with an extension which is not \
        moved, the table can't be created.
        """,
      decides: """
        Each table and materialized view has a built-in access method, one that the dump creates, or one of an \
        extension that is moved and that the target offers.
        """,
      fix: "Offer the extension on the target, or change the tables to heap."),
    decide: .database { pair in
      let snapshot = try pair.snapshot(on: .source)
      let (count, uses) = pair.selected(try snapshot.accessMethodUses.value)
      guard count > 0 else { return .passed("All tables have access methods that are built in.") }
      let offered = Set(try pair.clusters.target.availableExtensions.value.map(\.name))
      let coming = Set(try pair.extensionsToMove().map(\.extname)).intersection(offered)
        .union(try pair.targetExtensions().keys)
      let lost = uses.filter { use in use.extension.map { !coming.contains($0) } ?? false }
      guard !lost.isEmpty else {
        return .passed("\(count.counted("table has", "tables have")) an access method that comes along.")
      }
      let changes = try pair.clusters.source.version.major >= 15
      return .failed(
        "\(lost.count.counted("table has", "tables have")) an access method that does not come to the target.",
        lost.prefix(100).map { use in
          let kind = use.isMaterialized ? "MATERIALIZED VIEW" : "TABLE"
          return Finding(
            "\(kind.lowercased()) \(use.qualifiedName)",
            "its access method \(quotedIdentifier(use.amname)) belongs to the extension "
              + "\(use.extension.map(quotedIdentifier) ?? ""), which is not moved",
            evidence: ["access method": use.amname, "extension": use.extension ?? ""],
            remediation: Remediation(
              changes
                ? "Change it to heap, which writes it anew and locks it meanwhile; or offer the extension on the target."
                : "Offer the extension on the target, or dump with --no-table-access-method.",
              paste: changes ? "ALTER \(kind) \(use.qualifiedName) SET ACCESS METHOD heap;" : nil,
              at: changes ? .source : nil))
        })
    })
}
