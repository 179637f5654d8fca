import Catalog

extension Rule {
  static let removedTypes = Rule(
    "removed-types", "No column is of a type that ended",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/12/release-12.html",
    explanation: Explanation(
      why: "A table with a column of a type that the target lacks is refused there.",
      decides: """
        Concerns a move from before 12 to 12 or newer. No selected table has a column of the type abstime, reltime, \
        tinterval or smgr, be it within a domain, an array or a composite type. Up to 9.6, none of the type unknown.
        """,
      fix: "Change the columns' types: timestamptz, interval, tstzrange or text."),
    decide: .database { pair in
      let version = try pair.clusters.source.version
      guard version.major < 12 else { return .passed("The source is \(version.majorName): it has no such types.") }
      guard try pair.crosses(12) else { return .notCrossed(12) }
      let unknownEnds = try pair.crosses(10)
      let all = try pair.snapshot(on: .source).removedTypeColumns.value
      let kept = all.filter { $0.type != "unknown" || unknownEnds }
      guard !kept.isEmpty else { return .passed("There are no such columns.") }
      let (count, columns) = pair.selected(kept)
      guard count > 0 else { return .passed("No selected table has such columns.") }
      return .failed(
        "\(columns.count.counted("column is", "columns are")) of a type that the target lacks.",
        columns.prefix(100).map { column in
          let name = quotedIdentifier(column.attname)
          return Finding(
            "column \(column.qualifiedName).\(name)", "the target has no type \(column.type)",
            evidence: ["type": column.declared],
            remediation: Remediation(
              column.advice, paste: column.cast.map { "ALTER TABLE \(column.qualifiedName) ALTER \(name) TYPE \($0);" },
              at: column.cast.map { _ in .source }))
        })
    })
}

extension RemovedTypeColumn {
  private var newType: String? {
    switch type {
    case "abstime": "timestamptz"
    case "reltime": "interval"
    case "unknown": "text"
    default: nil
    }
  }

  /// Where the column itself is of the type.
  fileprivate var cast: String? {
    newType.flatMap { declared == type ? "\($0) USING \(quotedIdentifier(attname))::\($0)" : nil }
  }

  fileprivate var advice: String {
    switch type {
    case "tinterval": "Change it to tstzrange, or to two columns."
    case "smgr": "Drop the column."
    default: "Change it to \(newType ?? "another type")."
    }
  }
}

extension RemovedTypeColumn: TableRow {}
extension TableWithOIDs: TableRow {}
extension NullableChild: TableRow {}
extension UnqualifiedFunction: TableRow {}
