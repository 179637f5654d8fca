import Catalog

extension Rule {
  static let filterDependencies = Rule(
    "filter-dependencies", "Nothing that is taken along needs what the table filter leaves out",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/app-pgdump.html",
    explanation: Explanation(
      why: """
        The schema is dumped for replication as it is for a dump. With --skip-table pg_dump leaves out the tables that are named, and still writes down what depends on them: \
        views, foreign keys, partitions, functions over their rows, … With --with-table it takes what is named and \
        nothing else: no schema, type, function, extension or sequence that it needs. The restore ends there.
        """,
      decides: """
        Concerns a check with a table filter. By the dependencies that the source knows (pg_depend): nothing that is \
        taken along depends on something that is not, unless the target database has such a one already.
        """,
      fix: "Take both along or neither; or create what is needed in the target database first."),
    decide: .database { pair in
      guard pair.options.tables != .all else { return .skipped("There is no table filter.") }
      guard !pair.options.savedSides.contains(.source) else {
        throw Undetermined(
          "a saved snapshot of the source can't be asked what depends on the tables that are left out",
          remedy: "Check with a connection to the source.")
      }
      let dump = try pair.clusters.chosenTools()?.pgDump.major ?? 18
      let all = try pair.snapshot(on: .source).filterDependencies.value
      let exists = try pair.database(on: .target) != nil
      let relevant = all.filter { !$0.isPublished || dump >= 18 }
      let lost = relevant.filter { !exists || $0.isOnTarget != true }
      guard !lost.isEmpty else {
        return .passed(
          relevant.isEmpty
            ? "What is taken along needs nothing that is left out."
            : "The target database has what is needed and left out.")
      }
      if exists, lost.allSatisfy({ $0.isOnTarget == nil }) {
        throw Undetermined(
          "the target database could not be asked whether it has \(lost[0].needed), which \(lost[0].dependent) needs",
          remedy: "Check with a connection to the target, and a role that may connect to the database.")
      }
      let count = lost.count < 1000 ? lost.count : all.first?.nTotal ?? lost.count
      return .failed(
        "\(count.counted("object")) can't be created without what the table filter leaves out.",
        lost.prefix(100).map { need in
          Finding(
            need.dependent, "it needs \(need.needed), which is left out",
            evidence: ["needs": need.needed].merging(need.neededExtension.map { ["extension": $0] } ?? [:]) { $1 },
            remediation: remedy(need, tablesOnly: pair.hasTablesOnly))
        })
    })

  private static func remedy(_ need: FilterDependency, tablesOnly: Bool) -> Remediation {
    if need.isPublished {
      return Remediation("Take the table out of the publication, or dump with pg_dump 17.")
    }
    guard tablesOnly else {
      return Remediation(
        "Take \(need.needed) along, or leave \(need.dependent) out too: drop it, or name it if it can be.")
    }
    if let name = need.neededExtension {
      return Remediation(
        "Create the extension in the target database first.",
        paste: "CREATE EXTENSION IF NOT EXISTS \(quotedIdentifier(name)) CASCADE;", at: .target)
    }
    if need.neededType == "schema", let name = need.neededNames.first {
      return Remediation(
        "Create the schema in the target database first.", paste: "CREATE SCHEMA \(quotedIdentifier(name));",
        at: .target)
    }
    return Remediation(
      "Name \(need.needed) by --with-table too if it can be, or create it in the target database first.")
  }
}
