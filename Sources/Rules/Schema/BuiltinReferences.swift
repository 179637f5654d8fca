import Catalog

extension Rule {
  static let builtinReferences = Rule(
    "builtin-references", "Stored expressions use nothing that the target lacks",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/14/release-14.html",
    explanation: Explanation(
      why: """
        Built-in functions and operators end with some versions. A view, a default, a check, an index or a policy \
        that uses one is refused by a target which lacks it.
        """,
      decides: """
        By what is known of the versions up to \(RemovedBuiltin.newestKnown): the functions of xlog (until 10), the \
        operators ! and !!, @ and ~ of geometric types (14), of exclusive backups (15), of checkpoints (17). No \
        stored expression uses one that ended between the versions of both servers. Bodies of functions are not \
        looked into, unless they are stored as expressions.
        """,
      fix: "Rewrite what uses them."),
    decide: .database { pair in
      let removed = RemovedBuiltin.between(try pair.clusters.source.version, try pair.clusters.target.version)
        .filter { $0.kind != .column }
      guard !removed.isEmpty else { return .skipped("No function or operator ended between the two versions.") }
      let names = Set(removed.map(\.name))
      let references = try pair.snapshot(on: .source).builtinReferences.value.filter { reference in
        guard reference.names.contains(where: { names.contains($0) }) else { return false }
        guard let schema = reference.nspname, let relation = reference.relname else { return !pair.hasTablesOnly }
        return pair.options.tables.selects(schema: schema, table: relation, in: pair.name)
      }
      guard !references.isEmpty else { return .passed("No expression uses what ended.") }
      return .failed(
        "\(references.count.counted("object uses", "objects use")) what the target lacks.",
        references.prefix(100).map { reference in
          let gone = removed.filter { reference.names.contains($0.name) }
          return Finding(
            reference.description, "the target has no \(gone.map { "\($0.kind.rawValue) \($0.name)" }.listed())",
            evidence: Dictionary(
              gone.map { ($0.name, "until \($0.since)\($0.replacement.map { ", now \($0)" } ?? "")") },
              uniquingKeysWith: { first, _ in first }),
            remediation: Remediation(
              gone.compactMap(\.replacement).isEmpty
                ? "Rewrite it without." : "Rewrite it with \(gone.compactMap(\.replacement).listed())."))
        })
    })
}

extension BuiltinReference {
  fileprivate var description: String {
    guard let part else { return "\(kind) \(object)" }
    switch kind {
    case "default": return "default of \(object).\(quotedIdentifier(part))"
    case "view": return "rule \(quotedIdentifier(part)) of \(object)"
    default: return "\(kind) \(quotedIdentifier(part)) of \(object)"
    }
  }
}
