import Catalog

extension Rule {
  static let expressionsSearchPath = Rule(
    "expressions-search-path", "What a restore computes finds its objects without a search path",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/sql-createfunction.html",
    explanation: Explanation(
      why: """
        pg_restore works with an empty search_path, and so do the sessions that apply replicated changes. A function in \
        SQL whose body names a table, type or function without its schema does not find it there: the index is not \
        built, the rows of the table are not copied, the materialized view is not filled. Indexes over \
        ll_to_earth(…) of earthdistance before version 1.2 are the best-known case.
        """,
      decides: """
        The source plans, and does not execute, the expressions of indexes, check constraints and generated columns \
        that call a function in SQL without a search_path of its own, and the queries of materialized views, with an \
        empty search_path; functions that are inlined fail as they would in the restore. A warning where the function \
        is an extension's whose version on the target is another. Functions in other languages are not looked into: see \
        functions-search-path.
        """,
      fix: """
        Give the function a search_path (ALTER FUNCTION … SET search_path), or name the schemas in its body. An \
        extension's function is not changed by a dump: drop the index before the move and create it afterwards, or have \
        the newer version of the extension on the target.
        """),
    decide: .database { pair in
      let failed = try pair.snapshot(on: .source).failedExpressions.value.filter {
        pair.options.tables.selects(
          schema: $0.expression.nspname, table: $0.expression.relname, in: pair.name)
      }
      guard !failed.isEmpty else { return .passed("Nothing that a restore computes depends on a search path.") }
      let isDifferent = try failed.map { try pair.isOfAnotherVersion($0.expression) }
      return .failed(
        "\(failed.count.counted("expression")) can't be computed without a search path.",
        failed.prefix(100).map(finding), severity: isDifferent.allSatisfy(\.self) ? .warning : .blocker)
    })
}

private func finding(_ failed: FailedExpression) -> Finding {
  let expression = failed.expression
  let table = "\(quotedIdentifier(expression.nspname)).\(quotedIdentifier(expression.relname))"
  let name = quotedIdentifier(expression.name)
  let object =
    switch expression.kind {
    case .index: "index \(quotedIdentifier(expression.nspname)).\(name)"
    case .constraint: "constraint \(name) of table \(table)"
    case .column: "column \(name) of table \(table)"
    case .materializedView: "materialized view \(table)"
    }
  let remediation: Remediation
  if expression.functions.isEmpty {
    remediation = Remediation("Name the schemas in the functions that it calls, or give these a search_path.")
  } else if let name = expression.extensions.first(where: { !$0.isEmpty }) {
    remediation = Remediation(
      """
      The function belongs to the extension \(quotedIdentifier(name)): drop the \(expression.kind.rawValue) before the \
      move and create it afterwards, or have a version of the extension on the target that names its schemas.
      """)
  } else {
    let script = zip(expression.functions, expression.schemas).map { function, schema in
      let path = schema == "public" ? "public" : "\(quotedIdentifier(schema)), public"
      return "ALTER FUNCTION \(function) SET search_path = \(path);"
    }
    remediation = Remediation(
      "Give the function the search_path that its body needs.", paste: script.joined(separator: "\n"), at: .source)
  }
  return Finding(
    object, "without a search path: \(failed.message)",
    evidence: [
      "SQLSTATE": failed.sqlstate, "query": String(expression.query.prefix(500)),
      "functions": expression.functions.isEmpty ? "called by its query" : expression.functions.joined(separator: ", "),
    ], remediation: remediation)
}

extension DatabasePair {
  /// Whether the functions come from an extension of which the target will have another version.
  fileprivate func isOfAnotherVersion(_ expression: UserExpression) throws -> Bool {
    guard !expression.extensions.isEmpty else { return false }
    for name in expression.extensions {
      let installed = try snapshot(on: .source).extensions.value
      guard let here = installed.first(where: { $0.extname == name }) else { return false }
      let there = try targetExtensions()[name]?.extversion ?? clusters.target.defaultVersion(of: name)?.version
      if there == here.extversion { return false }
    }
    return true
  }
}
