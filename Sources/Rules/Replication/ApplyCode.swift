import Catalog

extension Rule {
  static let applyCode = Rule(
    "apply-code", "Code of a table's owner runs with the owner's rights when changes are applied",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-security.html",
    explanation: Explanation(
      why: """
        Before 16, a subscription applies changes with the rights of its owner, who is the role that migrates: a superuser. \
        Checks, domains, generated columns, partition keys, indexes of expressions, and triggers and rules that are ENABLE \
        ALWAYS or ENABLE REPLICA run with these rights, and the owner of a table can have written them. From 16 on they \
        run with those of the table's owner; up to 17 not the indexes of a table with REPLICA IDENTITY FULL, when a query \
        for its rows is planned.
        """,
      decides: """
        No table that is replicated has functions, operators or domains of users in such expressions, or those of \
        extensions that are not immutable C functions of a superuser, nor such a trigger or rule, where the target is older than 16; nor in an index, where it is older than 18 and the \
        table has REPLICA IDENTITY FULL. Tables of superusers count where somebody else has written the code, whatever the \
        target's version. Those that are copied at cutover do not count.
        """,
      fix: """
        Migrate by dump; or migrate to 16 or newer. To let the code run with the rights of the subscription's owner all \
        the same, where the owners of the tables are trusted, accept this rule in a waiver.
        """),
    decide: .database { pair in
      let version = try pair.clusters.target.version
      let (count, all) = pair.selected(try pair.snapshot(on: .source).codedTables.value)
      guard count > 0 else { return .passed("No replicated table has code of its owner.") }
      let late = Set(try pair.crossing().tables.map(\.qualifiedName))
      let tables = all.filter {
        !$0.isPartitioned && !late.contains($0.qualifiedName)
          && (version.major < 16 || $0.isOfSuperuser || version.major < 18 && $0.isFoundByCode)
      }
      guard count <= all.count || !tables.isEmpty || version.major >= 18 else {
        return .failed("\(count.counted("table")) have code of their owners, more than were looked at.", [])
      }
      guard !tables.isEmpty else { return .passed("No replicated table has code that runs as another role.") }
      return .failed(
        "Code of \(tables.count.counted("table")) runs with the rights of the subscription's owner when changes are applied.",
        tables.prefix(100).map { table in
          Finding(
            "table \(table.qualifiedName)",
            table.isOfSuperuser
              ? "its owner \(quotedIdentifier(table.owner)) is a superuser, and somebody else has written what runs"
              : "its owner \(quotedIdentifier(table.owner)) can have written what runs",
            evidence: ["owner": table.owner, "code": (table.code + table.firing).joined(separator: ", ")],
            remediation: Remediation(
              "Migrate the database by dump, or to PostgreSQL \(version.major < 16 ? "16" : "18") or newer; or accept this "
                + "rule in a waiver."))
        })
    })
}
