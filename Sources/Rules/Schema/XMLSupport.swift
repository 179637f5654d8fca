import Catalog

extension Rule {
  static let xmlSupport = Rule(
    "xml-support", "The target takes what the source has of type xml",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/datatype-xml.html",
    explanation: Explanation(
      why: """
        A server that was built without libxml knows the type xml, but refuses every value of it with SQLSTATE 0A000, \
        unsupported XML feature; and each definition that holds one, or xmlelement, xmlforest or xmlpi.
        """,
      decides: """
        The target is asked to read a value of type xml. Where it refuses, the source is looked into: no selected table \
        or materialized view has a column of it, or of an array, a domain or a composite type of it, and no view, \
        default, constraint or SQL body holds a value. A warning where all such columns are in tables without a row.
        """,
      fix: "Use a target that was built with libxml (configure --with-libxml), or make the columns text."),
    decide: .database { pair in
      if pair.clusters.target.xmlSupport.ifKnown?.isBuiltIn == true {
        return .passed("The target was built with libxml.")
      }
      let read = try pair.snapshot(on: .source).xmlUses
      if read.ifKnown == nil { _ = try pair.clusters.target.xmlSupport.value }
      let uses = try read.value
      let (count, rows) = pair.selectedUses(uses)
      guard count > 0 else { return .passed("Nothing uses the type xml.") }
      guard try !pair.clusters.target.xmlSupport.value.isBuiltIn else { return .passed("The target takes xml.") }
      return .failed(
        "The target was built without libxml, and \(count.counted("use")) of xml \(count == 1 ? "is" : "are") there.",
        rows.prefix(100).map(finding), severity: rows.contains(where: \.isRefused) ? .blocker : .warning)
    })

  private static func finding(_ use: XMLUse) -> Finding {
    let function = use.relname.split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
    let name =
      use.kind == "function"
      ? "\(qualifiedIdentifier(use.nspname, String(function[0])))(\(function.dropFirst().joined())"
      : use.qualifiedName + (use.name.isEmpty ? "" : ".\(quotedIdentifier(use.name))")
    let isColumn = use.kind == "column"
    let message =
      !isColumn
      ? "the target refuses to create it: it holds a value of type xml"
      : use.isRefused ? "the target refuses its values" : "the target will take no value for it"
    let changes = isColumn && use.isPlain
    let column = quotedIdentifier(use.name)
    return Finding(
      "\(use.kind) \(name)", message,
      remediation: Remediation(
        "Use a target that was built with libxml"
          + (changes ? "; or make it text, which writes the table anew and locks it meanwhile." : "."),
        paste: changes
          ? "ALTER TABLE \(use.qualifiedName) ALTER COLUMN \(column) TYPE text USING \(column)::text;" : nil,
        at: changes ? .source : nil))
  }
}

extension DatabasePair {
  /// Functions are of no table: they come along unless tables are all that comes.
  fileprivate func selectedUses(_ uses: [XMLUse]) -> (count: Int, rows: [XMLUse]) {
    guard options.tables != .all else { return (uses.first?.nTotal ?? 0, uses) }
    let rows = uses.filter { use in
      use.kind == "function"
        ? !hasTablesOnly : options.tables.selects(schema: use.nspname, table: use.relname, in: name)
    }
    return (rows.count, rows)
  }
}
