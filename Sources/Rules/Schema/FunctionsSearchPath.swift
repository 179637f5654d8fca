import Catalog

extension Rule {
  static let functionsSearchPath = Rule(
    "functions-search-path", "What tables run finds its objects without a search_path",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/sql-createfunction.html",
    explanation: Explanation(
      why: """
        pg_restore loads with an empty search_path, and so do the sessions that apply replicated changes, and CREATE \
        INDEX, REFRESH MATERIALIZED VIEW and others from 17 on. A function that indexes, checks, domains, generated \
        columns, partition keys, statistics objects or materialized views run then does not find what it names without a schema. Indexes over ll_to_earth(…) of \
        earthdistance before version 1.2 are the best-known case.
        """,
      decides: """
        Reads the text of the functions in SQL and PL/pgSQL that these run, of the functions that those call in turn \
        with a schema, and of extensions' functions; nothing is planned or executed, as planning would run functions \
        of the source's users. Each function has a search_path of its own, or calls, reads, casts to and uses no \
        operator that only a user's schema has without naming the schema. Blocker for a function in SQL where there \
        are rows for which it runs, or where creating an index looks up its names in any case; a warning for the \
        others, and where the function is an extension's of which the target will have another version. Undetermined \
        where the text of a function in SQL does not say what is meant: a relation that exists in no schema, or a \
        built-in function that a user's schema has too, with other arguments. Names put together at run time, and what \
        other languages do, are not seen.
        """,
      fix: """
        ALTER FUNCTION … SET search_path, or name the schemas in the functions' bodies. A dump does not carry changes to \
        an extension's function: drop the index before the migration and create it afterwards, or have a newer version \
        of the extension on the target. --rehearse settles what the text of functions that indexes, checks and \
        generated columns run does not say.
        """),
    decide: .database { pair in
      let (count, all) = pair.selected(try pair.snapshot(on: .source).unqualifiedFunctions.value)
      let found = all.filter { !$0.names.isEmpty }
      let unclear = all.filter { $0.names.isEmpty && $0.isUnclear && !pair.wasRehearsed($0) }
      guard !found.isEmpty else {
        guard let first = unclear.first else { return .passed("Nothing needs a search_path to be loaded.") }
        throw Undetermined(
          "the text of function \(first.function), which \(first.article) \(first.usedBy) of \(first.qualifiedName) runs, "
            + "does not say what is meant by \((first.unclear ?? []).map(quotedIdentifier).listed())"
            + (unclear.count > 1 ? ", and \((unclear.count - 1).counted("function")) more" : ""),
          remedy: first.usedBy == "materialized view"
            ? "Give it a search_path of its own, or name the schemas in its body."
            : "Run the check with --rehearse, or give it a search_path of its own.")
      }
      let isCertain = try found.contains { try $0.isCertain && !pair.isOfAnotherVersion($0) }
      // Rows beyond the limit of the query are counted, and were not seen.
      let total = count -| (all.count - found.count)
      return .failed(
        "\(total.counted("use of a function depends", "uses of functions depend")) on the search_path while tables are "
          + "loaded.",
        found.prefix(100).map(finding), severity: isCertain ? .blocker : .warning)
    })
}

private func finding(_ each: UnqualifiedFunction) -> Finding {
  let path = (["pg_catalog"] + each.schemas.map(quotedIdentifier)).joined(separator: ", ")
  let way = each.calledBy.map { "through function \($0)" }
  var evidence = [
    "language": each.language, "names": each.names.joined(separator: ", "), "rows": each.hasRows ? "yes" : "no",
  ]
  if let name = each.extension { evidence["extension"] = name }
  return Finding(
    "function \(each.function)",
    "\(each.article) \(each.usedBy) of \(each.qualifiedName) runs it\(way.map { " \($0)" } ?? ""), and it names "
      + "\(each.names.map(shown).listed()) without a schema",
    evidence: evidence,
    remediation: each.extension.map {
      Remediation(
        """
        The function belongs to the extension \(quotedIdentifier($0)): drop the \(each.usedBy) before the migration and \
        create it afterwards, or have a version of the extension on the target that names its schemas.
        """)
    }
      ?? Remediation(
        "Give it a search_path of its own, or name the schemas in its body.",
        paste: "ALTER FUNCTION \(each.function) SET search_path = \(path);", at: .source))
}

/// An operator is not quoted.
private func shown(_ name: String) -> String { name.hasPrefix("operator ") ? name : quotedIdentifier(name) }

extension DatabasePair {
  /// Whether the function comes from an extension of which the target will have another version.
  fileprivate func isOfAnotherVersion(_ each: UnqualifiedFunction) throws -> Bool {
    guard let name = each.extension,
      let here = try snapshot(on: .source).extensions.value.first(where: { $0.extname == name })
    else { return false }
    return try (targetExtensions()[name]?.extversion ?? clusters.target.defaultVersion(of: name)?.version)
      != here.extversion
  }

  /// A rehearsal creates indexes, constraints and generated columns, and with them looks up what functions in SQL name.
  fileprivate func wasRehearsed(_ each: UnqualifiedFunction) -> Bool {
    guard options.rehearses, let rehearsal = (try? snapshot(on: .source))?.rehearsal.ifKnown else { return false }
    return rehearsal.reasonNotTried == nil && each.isInlined != false
      && ["index", "check", "generated column"].contains(each.usedBy)
  }
}

extension UnqualifiedFunction {
  /// All of the body of a function in SQL is looked up when it is called, and when it is inlined into an expression.
  fileprivate var isCertain: Bool {
    guard language == "sql", isCalledInSQL != false else { return false }
    let isInlined = isInlined == true
    return hasRows && (calledBy == nil || isInlined) || usedBy == "index" && isInlined
  }

  /// As certain as a name of which it is known that nobody finds it.
  fileprivate var isUnclear: Bool {
    guard unclear?.isEmpty == false, language == "sql", isCalledInSQL != false else { return false }
    return hasRows || usedBy == "index" && isInlined == true
  }

  fileprivate var article: String { usedBy == "index" ? "an" : "a" }
}
