import Catalog

extension Rule {
  static let unpublishedReferences = Rule(
    "unpublished-references", "No replicated table is referenced by one that is not replicated",
    group: .replication, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-restrictions.html",
    explanation: Explanation(
      why: """
        TRUNCATE is replicated for the published tables alone, and applied without CASCADE. Where another table of the \
        target references one of them, the target refuses it (0A000), even if that table is empty: from then on nothing \
        is applied, until the foreign key is dropped on the target. Observed alike from 15 to 18.
        """,
      decides: """
        No table without a replica identity, and no unlogged table, has a foreign key to a table that is replicated. \
        Such tables are copied at cutover, where --set-replica-identity does not let them be replicated too. Other \
        reasons for not replicating a table are not looked at.
        """,
      fix: """
        Do not truncate the referenced tables before the cutover, give the referencing tables a replica identity, or \
        drop the foreign keys on the target until the cutover.
        """),
    decide: .database { pair in
      let (count, references) = pair.selected(try pair.snapshot(on: .source).unpublishedReferences.value)
      guard count > 0 else { return .passed("No replicated table is referenced by one that is not replicated.") }
      let given = Set(try pair.crossing().changes.map(\.qualifiedName))
      let open = references.filter { !given.contains($0.qualifiedName) }
      guard !open.isEmpty else {
        return .passed("Every table that references a replicated one is given a replica identity until the cutover.")
      }
      return .failed(
        "\((count - references.count + open.count).counted("foreign key")) would stop replication after a TRUNCATE.",
        open.prefix(100).map { $0.finding })
    })
}

extension UnpublishedReference {
  fileprivate var finding: Finding {
    let referenced = qualifiedIdentifier(referencedSchema, referencedTable)
    return Finding(
      "table \(referenced)", "table \(qualifiedName), which is not replicated, references it",
      evidence: ["foreign key": quotedIdentifier(conname)],
      remediation: Remediation(
        """
        Do not truncate \(referenced) on the source before the cutover. Where that happens all the same, drop the \
        foreign key on the target, and add it again after the cutover.
        """, paste: "ALTER TABLE \(qualifiedName) DROP CONSTRAINT \(quotedIdentifier(conname));", at: .target))
  }
}
