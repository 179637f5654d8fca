import Catalog

extension Rule {
  static let functionsSearchPath = Rule(
    "functions-search-path", "What tables run finds its objects without a search_path",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/sql-createfunction.html",
    explanation: Explanation(
      why: """
        pg_restore loads with an empty search_path, and so do the sessions that apply replicated changes, and CREATE \
        INDEX, REFRESH MATERIALIZED VIEW and others from 17 on. A function that indexes, checks, generated columns or \
        materialized views run then does not find what it names without a schema. Indexes over ll_to_earth(…) of \
        earthdistance before version 1.2 are the best-known case.
        """,
      decides: """
        Of the functions in SQL and PL/pgSQL that these run, members of extensions aside, each has a search_path of \
        its own, or calls, reads and casts to nothing that only a user's schema has without naming the schema. \
        Besides, the source plans, and does not execute, what calls a function in SQL, also an extension's, with an \
        empty search_path: functions that are inlined fail then as they would in the restore. Blocker for what fails \
        so, and for a function in SQL where there are rows for which it runs; a warning for the others, and where the \
        function is an extension's of which the target will have another version. Operators, names put together at run \
        time, and what other languages do are not seen.
        """,
      fix: """
        ALTER FUNCTION … SET search_path, or name the schemas in the functions' bodies. A dump does not carry changes to \
        an extension's function: drop the index before the move and create it afterwards, or have a newer version of \
        the extension on the target.
        """),
    decide: .database { pair in
      let (count, functions) = pair.selected(try pair.snapshot(on: .source).unqualifiedFunctions.value)
      let failed = try pair.snapshot(on: .source).failedExpressions.value.filter {
        pair.options.tables.selects(schema: $0.expression.nspname, table: $0.expression.relname, in: pair.name)
      }
      // What both have seen is told once.
      let others = failed.filter { one in !functions.contains { $0.isRun(by: one.expression) } }
      guard count +| others.count > 0 else { return .passed("Nothing needs a search_path to be loaded.") }
      let isCertain =
        try functions.contains { each in each.isCertain || failed.contains { each.isRun(by: $0.expression) } }
        || others.contains { try !pair.isOfAnotherVersion($0.expression) }
      return .failed(
        "\((count +| others.count).counted("use of a function depends", "uses of functions depend")) on the "
          + "search_path while tables are loaded.",
        Array((others.map(finding) + functions.map(finding)).prefix(100)), severity: isCertain ? .blocker : .warning)
    })
}

private func finding(_ each: UnqualifiedFunction) -> Finding {
  let path = (["pg_catalog"] + each.schemas.map(quotedIdentifier)).joined(separator: ", ")
  return Finding(
    "function \(each.function)",
    "\(each.article) \(each.usedBy) of \(each.qualifiedName) runs it, and it names "
      + "\(each.names.map(quotedIdentifier).listed()) without a schema",
    evidence: [
      "language": each.language, "names": each.names.joined(separator: ", "), "rows": each.hasRows ? "yes" : "no",
    ],
    remediation: Remediation(
      "Give it a search_path of its own, or name the schemas in its body.",
      paste: "ALTER FUNCTION \(each.function) SET search_path = \(path);", at: .source))
}

private func finding(_ failed: FailedExpression) -> Finding {
  let expression = failed.expression
  let table = qualifiedIdentifier(expression.nspname, expression.relname)
  let name = quotedIdentifier(expression.name)
  let object =
    switch expression.kind {
    case .index: "index \(quotedIdentifier(expression.nspname)).\(name)"
    case .constraint: "constraint \(name) of table \(table)"
    case .column: "column \(name) of table \(table)"
    case .materializedView: "materialized view \(table)"
    }
  let owner = expression.extensions.first { !$0.isEmpty }
  return Finding(
    object, "without a search_path: \(failed.message)",
    evidence: [
      "SQLSTATE": failed.sqlstate, "query": String(expression.query.prefix(500)),
      "functions": expression.functions.isEmpty ? "called by its query" : expression.functions.joined(separator: ", "),
    ],
    remediation: Remediation(
      owner.map {
        """
        The function belongs to the extension \(quotedIdentifier($0)): drop the \(expression.kind.rawValue) before the \
        move and create it afterwards, or have a version of the extension on the target that names its schemas.
        """
      } ?? "Give the functions that it calls a search_path of their own, or name the schemas in their bodies."))
}

extension DatabasePair {
  /// Whether the functions come from an extension of which the target will have another version.
  fileprivate func isOfAnotherVersion(_ expression: UserExpression) throws -> Bool {
    guard !expression.extensions.isEmpty else { return false }
    let installed = try snapshot(on: .source).extensions.value
    for name in expression.extensions {
      guard let here = installed.first(where: { $0.extname == name }) else { return false }
      let there = try targetExtensions()[name]?.extversion ?? clusters.target.defaultVersion(of: name)?.version
      if there == here.extversion { return false }
    }
    return true
  }
}

extension UnqualifiedFunction {
  /// All of the body of a function in SQL is looked up when it is called.
  fileprivate var isCertain: Bool { hasRows && language == "sql" }

  /// Whether it is one of the functions in this expression.
  fileprivate func isRun(by expression: UserExpression) -> Bool {
    let kind =
      switch expression.kind {
      case .index: "index"
      case .constraint: "check"
      case .column: "generated column"
      case .materializedView: "materialized view"
      }
    return usedBy == kind && nspname.isSameName(as: expression.nspname) && relname.isSameName(as: expression.relname)
      && (expression.functions.isEmpty || expression.functions.contains(function))
  }

  fileprivate var article: String { usedBy == "index" ? "an" : "a" }
}
