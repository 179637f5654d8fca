import Assessment
import Catalog
import Rules

/// What the person who ran a check reads: each database and its plan, what is in the way with what to do about it, the
/// verdict, and where the reports are (`written`: their paths); after a migration, what was done. Ends with a line feed.
public func terminalSummary(_ report: Report, style: TerminalStyle, written: [String]) -> String {
  let summary = TerminalSummary(index: ReportIndex(report), style: style)
  let blocks =
    report.migration.map { summary.blocks(of: $0, written: written) }
    ?? [[summary.title], summary.databases, summary.results, summary.remarks, summary.closing(written: written)]
  return style.shown(
    blocks.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n")
}

struct TerminalSummary {
  let index: ReportIndex
  let style: TerminalStyle

  var report: Report { index.report }

  /// `pgpreflight 1.0.0   shop-prod → pg16-cutover   PostgreSQL 12.22 → 16.10`
  var title: String {
    let names = shortNames(of: report)
    var parts = ["\(style.bold(style.plain(report.tool.name))) \(style.plain(report.tool.version))"]
    parts.append("\(style.plain(names.source)) \(style.arrow) \(style.plain(names.target))")
    let versions = (report.source.serverVersion, report.target.serverVersion)
    if versions.0 != nil || versions.1 != nil {
      parts.append(
        "PostgreSQL \(style.plain(versions.0 ?? "?")) \(style.arrow) \(style.plain(versions.1 ?? "?"))")
    }
    return parts.joined(separator: "   ")
  }

  // MARK: The databases

  /// More than fit on a screen are counted where they are ready.
  static let shownDatabases = 30

  var databases: [String] {
    let plans = report.plan.databases
    guard !plans.isEmpty else { return [] }
    var shown = plans
    if !style.verbose, plans.count > Self.shownDatabases {
      shown = Array(plans.filter { !$0.verdict.isReady }.prefix(Self.shownDatabases))
    }
    let names = shown.map { style.plain($0.name) }
    let nameWidth = min(max(8, names.map { columns(of: $0) }.max() ?? 0), max(12, style.width - 62))

    var lines: [String] = []
    if !shown.isEmpty {
      lines.append(
        "  \(padded("DATABASE", to: nameWidth))  \(padded("SIZE", to: 8, right: true))  REPLICATION  DUMP         PLAN")
    }
    for (plan, name) in zip(shown, names) {
      let size = plan.sizeBytes.map(formattedBytes) ?? (style.unicode ? "–" : "-")
      let line =
        "  \(padded(shortened(name, to: nameWidth, unicode: style.unicode), to: nameWidth))"
        + "  \(padded(size, to: 8, right: true))  \(cell(plan, .replication))  \(cell(plan, .dump))  "
      lines += planned(plan, after: line, indent: nameWidth + 40)
    }
    if shown.count < plans.count {
      let rest = plans.count - shown.count
      let others = shown.isEmpty ? "" : "more "
      let brief = planInBrief(of: report).lead
      lines.append("  \(counted(rest, "\(others)database")); all in all: \(brief) (-v lists them)")
    }
    return lines
  }

  private func cell(_ plan: DatabasePlan, _ method: Method) -> String {
    guard let verdict = plan.verdict(of: method) else { return padded(style.unicode ? "–" : "-", to: 11) }
    // The warnings of the cluster concern every database, and are told below.
    let hasWarning = index.own(plan.name).contains { $0.isWarning && $0.methods.contains(method) }
    let (tone, word): (TerminalStyle.Tone, String) =
      switch verdict {
      case .blocked: (.blocked, "blocked")
      case .undecided: (.undetermined, "undecided")
      case .ready: (.ready, "ready")
      case .readyWithWarnings: (hasWarning ? .warning : .ready, "ready")
      }
    return style.icon(tone) + " " + padded(word, to: 9)
  }

  private func planned(_ plan: DatabasePlan, after line: String, indent: Int) -> [String] {
    guard let method = plan.method else {
      let room = max(16, style.width - indent - 3)
      let reason = wrapped(style.plain(plan.briefReason), to: room)
      let first = "\(style.unicode ? "–" : "-")  \(shortened(reason.first ?? "", to: room, unicode: style.unicode))"
      // A long word begins further to the left, where nothing else stands on its line.
      return [line + first]
        + reason.dropFirst().map { words in
          let margin = min(indent + 3, max(4, style.width - columns(of: words)))
          return String(repeating: " ", count: margin) + shortened(words, to: style.width - 4, unicode: style.unicode)
        }
    }
    let waived = index.own(plan.name).count { $0.outcome == .waived }
    let word = method == .replication ? "replicate" : "dump"
    let doubt = plan.verdict.isReady ? "" : "?"
    let wave = report.plan.waves > 1 ? plan.wave.map { ", wave \($0)" } ?? "" : ""
    return [line + word + doubt + wave + (waived > 0 ? "  (\(waived) waived)" : "")]
  }

  // MARK: The end

  /// What should be known of the waivers, and why the exit status may surprise.
  var remarks: [String] {
    let remarks = report.settings.idleWaivers.map(\.inWords) + [exitStatusRemark(on: report)].compactMap(\.self)
    return remarks.flatMap { wrapped(style.plain($0), to: style.width) }
  }

  func closing(written: [String]) -> [String] {
    let counts = report.summary.toLookAt + report.summary.others
    let tone: TerminalStyle.Tone =
      switch report.verdict {
      case .ready: .ready
      case .readyWithWarnings: .warning
      case .undecided: .undetermined
      case .blocked: .blocked
      }
    return closing(report.verdict.headline, tone, counts, written: written)
  }

  /// The last lines: how it ended, counts, where the reports are, how long it took.
  func closing(
    _ headline: String, _ tone: TerminalStyle.Tone, _ counts: [String], written: [String]
  ) -> [String] {
    let duration = formattedDuration(report.run.durationSeconds)
    let indent = columns(of: headline) + 2
    let counted = wrapped(counts, separator: "  ", to: style.width - indent)
    var lines = ["\(style.paint(headline.uppercased(), tone))  \(counted.first ?? "")"]
    lines += counted.dropFirst().map { String(repeating: " ", count: indent) + $0 }
    let paths = written.map { style.plain($0) }
    let reports = paths.isEmpty ? "" : "Reports: " + paths.joined(separator: "  ")
    let room = style.width - columns(of: reports) - columns(of: duration)
    if room >= 2 {
      lines.append(reports + String(repeating: " ", count: reports.isEmpty ? 0 : room) + duration)
    } else {
      lines += ["Reports:"] + paths.map { "  \($0)" } + [duration]
    }
    return lines
  }
}
