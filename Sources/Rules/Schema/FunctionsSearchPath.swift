import Catalog

extension Rule {
  static let functionsSearchPath = Rule(
    "functions-search-path", "What tables run finds its objects without a search_path",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/sql-createfunction.html",
    explanation: Explanation(
      why: """
        pg_restore loads with an empty search_path, and so do CREATE INDEX, REFRESH MATERIALIZED VIEW and others from \
        17 on. A function that indexes, checks, generated columns or materialized views run then does not find what \
        it names without a schema.
        """,
      decides: """
        Of the functions in SQL and PL/pgSQL that these run, members of extensions aside, each has a search_path of \
        its own, or calls, reads and casts to nothing that only a user's schema has without naming the schema. \
        Blocker for a function in SQL where there are rows for which it runs; else a warning. Operators, names put \
        together at run time, and what other languages do are not seen.
        """,
      fix: "ALTER FUNCTION … SET search_path, or name the schemas in the functions' bodies."),
    decide: .database { pair in
      let (count, functions) = pair.selected(try pair.snapshot(on: .source).unqualifiedFunctions.value)
      guard count > 0 else { return .passed("No table needs a search_path to be loaded.") }
      let isCertain = functions.contains { $0.isCertain }
      return .failed(
        "\(count.counted("use of a function depends", "uses of functions depend")) on the search_path while tables "
          + "are loaded.",
        functions.prefix(100).map { each in
          let path = (["pg_catalog"] + each.schemas.map(quotedIdentifier)).joined(separator: ", ")
          return Finding(
            "function \(each.function)",
            "\(each.article) \(each.usedBy) of \(each.qualifiedName) runs it, and it names "
              + "\(each.names.map(quotedIdentifier).listed()) without a schema",
            evidence: [
              "language": each.language, "names": each.names.joined(separator: ", "),
              "rows": each.hasRows ? "yes" : "no",
            ],
            remediation: Remediation(
              "Give it a search_path of its own, or name the schemas in its body.",
              paste: "ALTER FUNCTION \(each.function) SET search_path = \(path);", at: .source))
        }, severity: isCertain ? .blocker : .warning)
    })
}

extension UnqualifiedFunction {
  /// All of the body of a function in SQL is looked up when it is called.
  fileprivate var isCertain: Bool { hasRows && language == "sql" }

  fileprivate var article: String { usedBy == "index" ? "an" : "a" }
}
