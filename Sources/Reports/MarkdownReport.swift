import Assessment
import Catalog
import Markup
import Rules

extension Reporter {
  /// For a comment on a pull request or a ticket, which may hold 65,536 characters: one screen, and the rest folded.
  static let markdown = Reporter(format: "markdown", fileName: "report.md") { report in
    let text = MarkdownReport.Detail.allCases.lazy.map { MarkdownReport(report, $0).text }
      .first { $0.utf16.count <= maximumLength }
    return Markdown.shown(text ?? MarkdownReport(report, .least).cut(to: maximumLength))
  }

  private static let maximumLength = 60_000
}

private struct MarkdownReport {
  /// What is given up first, where it gets long: never a blocker's own line.
  enum Detail: Int, CaseIterable, Comparable {
    case all, noEvidence, fewFindings, noFolds, least

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  let report: Report
  let detail: Detail

  init(_ report: Report, _ detail: Detail) {
    self.report = report
    self.detail = detail
  }

  var text: String {
    let blocks = [
      ["<!-- pgpreflight -->"], head, plan, migration, section("Blockers", report.outcomes.filter(\.isBlocker)),
      fold("warning", report.outcomes.filter(\.isWarning)),
      fold("check", "not decided", report.outcomes.filter { $0.outcome == .undetermined }),
      fold("waiver", report.outcomes.filter { $0.outcome == .waived }), foot,
    ]
    return blocks.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  /// Whole lines of the text, as many as fit, and that there were more.
  func cut(to length: Int) -> String {
    let end = "\n\nThis is cut: the other reports have all of it.\n"
    var kept = ""
    var room = length - end.utf16.count - 8
    var isInFence = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      room -= line.utf16.count + 1
      guard room > 0 else { break }
      if line.drop(while: { $0 == " " }).hasPrefix("```") { isInFence.toggle() }
      kept += line + "\n"
    }
    return kept + (isInFence ? "  ```\n" : "") + end
  }

  // MARK: Blocks

  private var head: [String] {
    let counts = report.summary.toLookAt + report.summary.others.filter { $0.hasSuffix("waived") }
    let headline = report.migration?.headline ?? report.verdict.headline
    let names = shortNames(of: report)
    let versions = [report.source.serverVersion, report.target.serverVersion].map { Markdown.escaped($0 ?? "?") }
    return [
      "## \(icon) \(headline)\(counts.isEmpty ? "" : ": \(counts.joined(separator: ", "))")", "",
      "\(Markdown.code(names.source)) → \(Markdown.code(names.target)), PostgreSQL \(versions.joined(separator: " → "))",
    ]
  }

  private var icon: String {
    if let migration = report.migration {
      return migration.status == .done ? "✅" : migration.status == .waiting ? "⏳" : "❌"
    }
    return switch report.verdict {
    case .ready: "✅"
    case .readyWithWarnings: "⚠️"
    case .undecided: "❓"
    case .blocked: "❌"
    }
  }

  private var plan: [String] {
    let plans = report.plan.databases
    guard !plans.isEmpty else { return [] }
    let limit = detail < .fewFindings ? 100 : 30
    // What needs somebody comes first where not all fit.
    let shown =
      plans.count > limit ? plans.filter { !$0.verdict.isReady } + plans.filter(\.verdict.isReady) : plans
    var lines = ["| Database | Size | Replication | Dump | Plan |", "| --- | ---: | --- | --- | --- |"]
    for plan in shown.prefix(limit) {
      let cells = [
        Markdown.escaped(plan.name), plan.sizeBytes.map(formattedBytes) ?? "–", verdict(plan.replication),
        verdict(plan.dump),
        plan.verdict.isReady ? planned(plan) : Markdown.escaped(plan.reason),
      ]
      lines.append("| \(cells.joined(separator: " | ")) |")
    }
    if plans.count > limit { lines.append("\nand \(counted(plans.count - limit, "more database"))") }
    return lines
  }

  private func planned(_ plan: DatabasePlan) -> String {
    let wave = report.plan.waves > 1 ? plan.wave.map { ", wave \($0)" } ?? "" : ""
    return (plan.method?.rawValue ?? "–") + wave
  }

  private func verdict(_ verdict: Verdict?) -> String {
    switch verdict {
    case nil: "–"
    case .ready?: "✅ ready"
    case .readyWithWarnings?: "⚠️ ready"
    case .undecided?: "❓ undecided"
    case .blocked?: "❌ blocked"
    }
  }

  private var migration: [String] {
    guard let migration = report.migration, !migration.databases.isEmpty else { return [] }
    var lines = [
      "| Database | Status | Method | Tables | Rows | Verified |", "| --- | --- | --- | ---: | ---: | --- |",
    ]
    for database in migration.databases.prefix(100) {
      let cells = [
        Markdown.escaped(database.name), database.status.rawValue,
        Markdown.escaped(database.method ?? "–"),
        formattedCount(database.tables),
        formattedCount(database.rows), Markdown.escaped(database.verificationInWords ?? "–"),
      ]
      lines.append("| \(cells.joined(separator: " | ")) |")
    }
    for database in migration.databases.prefix(100) where !database.message.isEmpty {
      lines += ["", "\(Markdown.code(database.name)): \(Markdown.escaped(database.message))"]
    }
    return lines
  }

  private func section(_ title: String, _ outcomes: [Outcome]) -> [String] {
    guard !outcomes.isEmpty else { return [] }
    return ["### \(title)", ""] + outcomes.flatMap(lines)
  }

  private func fold(_ one: String, _ what: String = "", _ outcomes: [Outcome]) -> [String] {
    guard !outcomes.isEmpty else { return [] }
    let title = counted(outcomes.count, one) + (what.isEmpty ? "" : " \(what)")
    guard detail < .noFolds else { return ["\(title): too many for a comment, the other reports list them"] }
    return ["<details><summary>\(title)</summary>", ""] + outcomes.flatMap(lines) + ["", "</details>"]
  }

  private func fold(_ one: String, _ outcomes: [Outcome]) -> [String] { fold(one, "", outcomes) }

  // MARK: One outcome

  private func lines(of outcome: Outcome) -> [String] {
    let subject = outcome.database.map { " \(Markdown.code($0))" } ?? ""
    let message = outcome.message.isEmpty ? outcome.title : outcome.message
    var lines = [
      "- **\(Markdown.link(outcome.rule, to: outcome.documentation))**\(subject): \(Markdown.escaped(message))"
    ]
    if let waiver = outcome.waiver {
      lines.append(
        "  - waived by \(Markdown.escaped(waiver.by)) until \(Markdown.escaped(waiver.until)): "
          + Markdown.escaped(waiver.reason))
      return lines
    }
    guard detail < .least else { return lines }
    let limit = detail < .fewFindings ? 10 : 3
    for finding in outcome.findings.prefix(limit) {
      lines.append(
        "  - \(Markdown.code(finding.object)): \(Markdown.escaped(finding.message))\(evidence(of: finding))"
      )
      guard let remediation = finding.remediation else { continue }
      let place = remediation.where.map { " (\($0.words(database: outcome.database).lowercasedFirst))" } ?? ""
      lines.append("    \(Markdown.escaped(remediation.text))\(Markdown.escaped(place))")
      let language = remediation.where == .shell ? "sh" : remediation.where == .setting ? "" : "sql"
      if let sql = remediation.sql { lines += Markdown.fence(sql, language).map { "    \($0)" } }
    }
    if outcome.findings.count > limit {
      lines.append("  - and \(formattedCount(outcome.findings.count - limit)) more")
    }
    return lines
  }

  private func evidence(of finding: Finding) -> String {
    guard detail < .noEvidence, !finding.evidence.isEmpty else { return "" }
    let facts = finding.evidence.sorted { $0.key < $1.key }.map {
      "\(Markdown.escaped($0.key)) \(Markdown.code($0.value))"
    }
    return " (\(facts.joined(separator: ", ")))"
  }

  private var foot: [String] {
    let summary = report.summary
    let parts = [
      "\(formattedCount(summary.passed)) passed, \(formattedCount(summary.skipped)) skipped",
      "\(report.tool.name) \(report.tool.version), \(report.tool.ruleSet.rules) rules", report.run.startedAt,
      "run \(report.run.id)",
    ]
    return ["<sub>\(parts.map(Markdown.escaped).joined(separator: " · "))</sub>"]
  }
}
