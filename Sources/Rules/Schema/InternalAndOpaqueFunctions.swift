import Catalog

extension Rule {
  static let internalAndOpaqueFunctions = Rule(
    "internal-and-opaque-functions", "The target takes the functions as they are declared",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/xfunc-internal.html",
    explanation: Explanation(
      why: """
        A function in the language internal gives another name to a symbol of the server, and CREATE FUNCTION fails \
        where the server has none of that name. The type opaque ended with 13.
        """,
      decides: """
        The target has every symbol that functions in internal name, members of extensions aside; asked where the \
        target role is a superuser, as else superuser-only-objects refuses such functions. In a move from before 13 \
        to 13 or newer, no function takes or returns opaque.
        """,
      fix: """
        Replace functions in internal by SQL functions that call what there is. Declare trigger, cstring, internal, \
        language_handler or event_trigger in place of opaque.
        """),
    decide: .database { pair in
      let me = try pair.clusters.target.me.value
      let crosses = try pair.crosses(13)
      guard me.rolsuper || crosses else {
        return .skipped("\(me.rolname) is no superuser: see superuser-only-objects.")
      }
      if pair.hasTablesOnly { return .tablesOnly }
      let source = try pair.snapshot(on: .source)
      let opaque = crosses ? try source.opaqueFunctions.value : []
      let linked = me.rolsuper ? try source.linkedFunctions.value.filter(\.isInternal) : []
      let there =
        linked.isEmpty ? [] : Set(try pair.clusters.target.builtinSymbols.value.filter(\.isThere).map(\.name))
      let missing = linked.filter { !there.contains($0.name) }
      guard !opaque.isEmpty || !missing.isEmpty else {
        return .passed(
          linked.isEmpty
            ? "There are no functions in internal\(crosses ? " or with the type opaque" : "")."
            : "The target has what functions in internal name.")
      }
      let count = opaque.count +| missing.sum(of: \.functions)
      let findings =
        opaque.map { each in
          Finding(
            "function \(each.function)", "it takes or returns opaque", evidence: [:],
            remediation: Remediation(
              "Create it with trigger, cstring, internal, language_handler or event_trigger, as fits."))
        }
        + missing.map { symbol in
          Finding(
            "function \(symbol.examples.listed())", "the target's server has no \(quotedLiteral(symbol.name))",
            evidence: ["symbol": symbol.name],
            remediation: Remediation(
              "Replace it by an SQL function that calls what there is, or drop it.",
              paste: symbol.examples.map { "DROP FUNCTION \($0);" }.joined(separator: "\n"), at: .source))
        }
      return .failed(
        "The target refuses \(count.counted("function")) as declared.", Array(findings.prefix(100)))
    })
}
