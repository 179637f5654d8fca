import Assessment

extension ComparisonReporter {
  public static let markdown = ComparisonReporter(format: "markdown") { comparison in
    var blocks = [
      [
        "<!-- pgpreflight compare -->", "## \(comparison.verdicts(arrow: "→")): \(comparison.counts)", "",
        "\(Markdown.escaped(comparison.old.startedAt)) → \(Markdown.escaped(comparison.new.startedAt))",
      ]
    ]
    if !comparison.remarks.isEmpty { blocks.append(comparison.remarks.map { "> \(Markdown.escaped($0))" }) }
    for kind in ReportComparison.Kind.allCases {
      let changes = comparison.changes(kind)
      guard !changes.isEmpty else { continue }
      let shown = changes.prefix(kind == .unchanged ? 50 : 100).flatMap(lines)
      let more = changes.count - min(changes.count, kind == .unchanged ? 50 : 100)
      let rest = more > 0 ? ["- and \(formattedCount(more)) more"] : []
      let title = "\(formattedCount(changes.count)) \(kind.rawValue)"
      blocks.append(
        kind == .unchanged
          ? ["<details><summary>\(title)</summary>", ""] + shown + rest + ["", "</details>"]
          : ["### \(title)", ""] + shown + rest)
    }
    return Markdown.shown(blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n")
  }

  private static func lines(of change: ReportComparison.Change) -> [String] {
    let place = change.database.map { " \(Markdown.code($0))" } ?? ""
    let details = ([change.message] + change.differences).filter { !$0.isEmpty }
    return [
      "- **\(Markdown.escaped(change.rule))**\(place) \(Markdown.code(change.object)) (\(change.severity.rawValue))"
    ] + details.map { "  - \(Markdown.escaped($0))" }
  }
}
