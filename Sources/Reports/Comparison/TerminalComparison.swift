import Assessment
import Rules

/// What the person reads who compares two reports: what is new, what has changed, what is fixed, and a count of the rest.
public func terminalComparison(_ comparison: ReportComparison, style: TerminalStyle) -> String {
  var blocks: [[String]] = [
    [
      "\(style.bold("pgpreflight")) compare   \(style.plain(comparison.old.startedAt)) \(style.arrow) "
        + style.plain(comparison.new.startedAt)
    ]
  ]
  if !comparison.remarks.isEmpty {
    blocks.append(
      comparison.remarks.flatMap { remark in
        wrapped(style.plain(remark), to: style.width - 2).enumerated().map { number, line in
          (number == 0 ? "\(style.icon(.undetermined)) " : "  ") + line
        }
      })
  }
  for kind in ReportComparison.Kind.allCases where kind != .unchanged || style.verbose {
    let changes = comparison.changes(kind)
    guard !changes.isEmpty else { continue }
    blocks.append(
      [style.bold("\(kind.rawValue.uppercased())  \(formattedCount(changes.count))")]
        + changes.flatMap { lines(of: $0, style: style) })
  }
  blocks.append(["\(style.bold(comparison.verdicts(arrow: style.arrow).uppercased()))  \(comparison.counts)"])
  return style.shown(blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n")
}

private func lines(of change: ReportComparison.Change, style: TerminalStyle) -> [String] {
  let tone: TerminalStyle.Tone =
    switch (change.kind, change.new?.outcome, change.severity) {
    case (.fixed, _, _): .ready
    case (_, .undetermined, _): .undetermined
    case (_, .waived, _): .waived
    case (_, _, .blocker): .blocked
    default: .warning
    }
  let place = change.database.map { "\($0): " } ?? ""
  let head = style.plain("\(place)\(change.object)")
  let rule = style.plain(change.rule)
  let room = style.width - 2 - columns(of: rule) - 1
  var lines = wrapped(head, to: max(room, 20))
  if lines.isEmpty { lines = [""] }
  lines[0] = padded(lines[0], to: max(room, 20)) + " " + rule
  let details = ([change.message] + change.differences).filter { !$0.isEmpty }
  let body = details.flatMap { wrapped(style.plain($0), to: style.width - 4) }
  return lines.enumerated().map { ($0 == 0 ? "\(style.icon(tone)) " : "  ") + $1 } + body.map { "    " + $0 }
}
