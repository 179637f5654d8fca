import Catalog

extension Rule {
  static let userObjectsInSystemSchemas = Rule(
    "user-objects-in-system-schemas", "Nothing of a user's is in pg_catalog or information_schema",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/ddl-schemas.html",
    explanation: Explanation(
      why: """
        pg_dump takes all that is in pg_catalog and information_schema for a part of the server, and leaves it out. \
        What needs it is refused by the target.
        """,
      decides: """
        The source database has no relation or function of a user's, members of extensions aside, in these schemas. \
        A blocker where something elsewhere is known to need it, else a warning.
        """,
      fix: "Move them to a schema of the database."),
    decide: .database { pair in
      if pair.hasTablesOnly { return .tablesOnly }
      let objects = try pair.snapshot(on: .source).misplacedObjects.value
      guard !objects.isEmpty else { return .passed("There is nothing of the kind.") }
      return .failed(
        "\(objects.count.counted("object stays", "objects stay")) behind.",
        objects.prefix(100).map { each in
          Finding(
            "\(each.kind.lowercased()) \(each.object)",
            each.dependents == 0
              ? "it is left out of a dump"
              : "it is left out of a dump, and \(each.examples.listed()) \(each.dependents == 1 ? "needs" : "need") it",
            evidence: ["dependents": "\(each.dependents)"],
            remediation: Remediation(
              "Move it to another schema.", paste: "ALTER \(each.kind) \(each.object) SET SCHEMA public;", at: .source))
        }, severity: objects.contains { $0.dependents > 0 } ? .blocker : .warning)
    })
}
