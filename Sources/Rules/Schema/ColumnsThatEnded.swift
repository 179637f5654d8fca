import Catalog

/// A view of a user, and the columns of system relations that it reads.
protocol SystemColumnReader {
  var nspname: String { get }
  var relname: String { get }
  var isMaterialized: Bool { get }
  var columns: [String] { get }
}

extension SystemTableColumn: SystemColumnReader {}
extension SystemViewColumn: SystemColumnReader {}

extension DatabasePair {
  /// What follows where views read columns that ended between the two versions.
  ///
  /// - Parameter kind: `system tables` or `system views`.
  func conclusion(
    on readers: [some SystemColumnReader], reading removed: [RemovedBuiltin], of kind: String, advice: String
  ) -> Conclusion {
    let columns = Set(removed.map(\.name))
    let views = readers.filter { view in
      options.tables.selects(schema: view.nspname, table: view.relname, in: name)
        && view.columns.contains { columns.contains($0) }
    }
    guard !views.isEmpty else { return .passed("No view reads a column that ended.") }
    return .failed(
      "\(views.count.counted("view reads", "views read")) what the target's \(kind) lack.",
      views.prefix(100).map { view in
        let gone = removed.filter { view.columns.contains($0.name) }
        // Without a column it is the table that ended.
        let names = gone.map { $0.name.hasSuffix(".") ? String($0.name.dropLast()) : $0.name }
        let name = qualifiedIdentifier(view.nspname, view.relname)
        return Finding(
          "\(view.isMaterialized ? "materialized view" : "view") \(name)", "the target has no \(names.listed())",
          evidence: Dictionary(
            zip(names, gone.map { "until \($0.since)\($0.replacement.map { ", now \($0)" } ?? "")" }),
            uniquingKeysWith: { first, _ in first }),
          remediation: Remediation(
            advice, paste: "DROP \(view.isMaterialized ? "MATERIALIZED VIEW" : "VIEW") \(name);", at: .source))
      })
  }
}
