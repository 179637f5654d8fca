import Assessment
import Catalog
import Rules

/// What did not pass, the worst first.
extension TerminalSummary {
  /// Without `-v`, so many blockers, results that are not known, and warnings are told; the rest is counted. No more statements are
  /// shown of one remediation.
  private static let shown = (blockers: 10, folds: 4, warnings: 3, statements: 4)

  var results: [String] {
    let passed = style.verbose ? index.report.outcomes.filter { $0.outcome == .passed } : []
    let waived = style.verbose ? index.outcomes(.waived) : []
    let skipped = style.verbose ? index.outcomes(.skipped) : []
    return blockerLines + undecidedLines + warningLines
      + waived.flatMap { lines(of: $0, .waived) + waiver(of: $0) }
      + skipped.flatMap { head(of: $0, .skipped) } + passed.flatMap { lines(of: $0, .ready) }
  }

  private var blockerLines: [String] {
    let left = Set(index.leftBehind.map(\.name))
    // What stops a database altogether comes before what only rules a method out.
    let stopping = index.blockers.filter { $0.database.map(left.contains) ?? true }
    let sorted = stopping + index.blockers.filter { $0.database.map { !left.contains($0) } ?? false }
    if style.verbose { return sorted.flatMap { lines(of: $0, .blocked) } }
    let parts = parts(of: sorted)
    let shown = parts.prefix(Self.shown.blockers)
    return shown.flatMap(blockerLines) + more(parts.dropFirst(shown.count).flatMap(\.self)[...], "blocker", .blocked)
  }

  /// A rule that fails in more than a few databases is told once.
  private func parts(of outcomes: [Outcome]) -> [[Outcome]] {
    Fold(outcomes: outcomes).byRule.map(\.outcomes)
      .flatMap { outcomes in outcomes.count > 3 ? [outcomes] : outcomes.map { [$0] } }
  }

  private func blockerLines(of outcomes: [Outcome]) -> [String] {
    let first = outcomes[0]
    let detours = outcomes.map(detour)
    if outcomes.count == 1 {
      guard let going = detours[0] else { return lines(of: first, .blocked) }
      return head(of: first, .blocked) + ["    nothing to do: it is \(going)"]
    }
    var result = groupLines(of: outcomes, .blocked)
    if detours.allSatisfy({ $0 != nil }), let going = detours[0] {
      result.append("    nothing to do: they are \(going)")
    } else if let finding = first.findings.first {
      result += remedy(of: finding, in: first, more: outcomes.reduce(-1) { $0 + $1.findings.count })
    }
    return result
  }

  /// What several databases have in common, and which ones.
  private func groupLines(of outcomes: [Outcome], _ tone: TerminalStyle.Tone) -> [String] {
    let first = outcomes[0]
    let isSame = outcomes.allSatisfy { $0.message == first.message }
    let message = isSame ? first.message : "for instance \(first.database ?? ""): \(first.message)"
    return labelled(
      style.plain(withoutPoint(message)), subject: counted(outcomes.count, "database"), rule: first.rule, tone)
      + indented(listing(outcomes.compactMap(\.database).map(style.plain)), by: 4)
  }

  /// How the database crosses although this blocks it.
  private func detour(around outcome: Outcome) -> String? {
    guard let database = outcome.database,
      let plan = report.plan.databases.first(where: { $0.name == database }),
      let method = plan.method, plan.verdict.isReady, !outcome.methods.contains(method)
    else { return nil }
    return method.participle
  }

  private var undecidedLines: [String] {
    let folds = Fold.folds(of: index.outcomes(.undetermined))
    let deciding = folds.filter(\.first.isUndecided)
    let shown = style.verbose ? folds[...] : deciding.prefix(Self.shown.folds)
    let hidden =
      style.verbose ? [] : Array(deciding.dropFirst(Self.shown.folds)) + folds.filter { !$0.first.isUndecided }
    return shown.flatMap { fold -> [String] in
      if fold.outcomes.count == 1 { return lines(of: fold.first, .undetermined) }
      let count = counted(fold.outcomes.count, "result")
      let reason = withoutPoint(fold.first.message)
      let isSaid = reason.hasPrefix("Not known: ")
      let message = style.plain(isSaid ? "\(count) not known: \(reason.dropFirst(11))" : "\(count): \(reason)")
      var lines = labelled(message, subject: nil, rule: nil, .undetermined)
      let rules = fold.byRule.map(\.rule)
      let listed = style.verbose ? rules : Array(rules.prefix(6))
      let rest = rules.count - listed.count
      let names = listed.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
      lines += wrapped(style.plain(names), to: style.width - 4).map { "    \($0)" }
      if let finding = fold.first.findings.first { lines += remedy(of: finding, in: fold.first, more: 0) }
      return lines
    } + more(hidden.flatMap(\.outcomes)[...], "undetermined", .undetermined)
  }

  private var warningLines: [String] {
    let own = index.warnings.filter { $0.database != nil }
    let sorted = own + index.warnings.filter { $0.database == nil }
    if style.verbose { return sorted.flatMap { lines(of: $0, .warning) } }
    let parts = parts(of: own)
    let shown = own.isEmpty ? sorted.prefix(1).map { [$0] } : Array(parts.prefix(Self.shown.warnings))
    let hidden =
      own.isEmpty ? sorted.dropFirst() : parts.dropFirst(shown.count).flatMap(\.self) + sorted.dropFirst(own.count)
    return shown.flatMap { $0.count == 1 ? head(of: $0[0], .warning) : groupLines(of: $0, .warning) }
      + more(hidden, "warning", .warning)
  }

  // MARK: One result

  private func lines(of outcome: Outcome, _ tone: TerminalStyle.Tone) -> [String] {
    head(of: outcome, tone) + details(of: outcome)
  }

  private func head(of outcome: Outcome, _ tone: TerminalStyle.Tone) -> [String] {
    let message = outcome.message.isEmpty ? outcome.title : outcome.message
    return labelled(
      style.plain(withoutPoint(message)), subject: outcome.database.map(style.plain), rule: outcome.rule, tone)
  }

  /// `✖ billing: 3 of 72 tables have no replica identity       replica-identity`
  func labelled(_ message: String, subject: String?, rule: String?, _ tone: TerminalStyle.Tone) -> [String] {
    let prefix = subject.map { "\($0): " } ?? ""
    return labelled(wrapped(prefix + message, to: style.width - 2), subject: subject, rule: rule, tone)
  }

  private func labelled(_ text: [String], subject: String?, rule: String?, _ tone: TerminalStyle.Tone) -> [String] {
    var lines = text.isEmpty ? [""] : text
    if let rule = rule.map(style.plain) {
      let room = style.width - 2 - columns(of: lines[lines.count - 1]) - columns(of: rule)
      if room >= 1 {
        lines[lines.count - 1] += String(repeating: " ", count: room) + rule
      } else {
        lines.append(padded(rule, to: style.width - 2, right: true))
      }
    }
    // Bold goes on last, so that it is not counted as columns.
    if let subject, lines[0].hasPrefix(subject) {
      lines[0] = style.bold(subject) + lines[0].dropFirst(subject.count)
    }
    return ["\(style.icon(tone)) \(lines[0])"] + lines.dropFirst().map { "  \($0)" }
  }

  private func details(of outcome: Outcome) -> [String] {
    let findings = outcome.findings
    guard let first = findings.first else { return [] }
    if style.verbose {
      return findings.flatMap { finding -> [String] in
        let evidence = finding.evidence.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        let told = "\(finding.object): \(finding.message)"
        return indented(told, by: 4) + evidence.flatMap { indented($0, by: 6) }
          + remedy(of: finding, in: outcome, more: 0)
      }
    }
    let told: [String]
    if findings.count == 1 {
      told =
        outcome.message.contains(first.message)
        ? [] : Array(indented("\(first.object): \(first.message)", by: 4).prefix(3))
    } else {
      told = indented(objects(of: findings), by: 4)
    }
    return told + remedy(of: first, in: outcome, more: findings.count - 1)
  }

  /// The objects without the word that they all begin with, as many as fit on two lines.
  private func objects(of findings: [Finding]) -> String {
    var names = findings.map { style.plain($0.object) }
    let kinds = Set(names.map { $0.split(separator: " ", maxSplits: 1).first.map(String.init) ?? "" })
    if let kind = kinds.first, kinds.count == 1, names.allSatisfy({ $0.count > kind.count + 1 }) {
      names = names.map { String($0.dropFirst(kind.count + 1)) }
    }
    return listing(names)
  }

  /// As many as fit on two lines.
  func listing(_ names: [String]) -> String {
    var listed: [String] = []
    for name in names {
      let width = columns(of: (listed + [name]).joined(separator: ", "))
      if !listed.isEmpty, width > 2 * (style.width - 4) - 16 { break }
      listed.append(name)
    }
    let rest = names.count - listed.count
    return listed.joined(separator: ", ") + (rest > 0 ? " and \(formattedCount(rest)) more" : "")
  }

  private func remedy(of finding: Finding, in outcome: Outcome, more: Int) -> [String] {
    guard let remediation = finding.remediation else { return [] }
    var lines: [String] = []
    let toPaste = pasteable(remediation)
    if style.verbose || toPaste.isEmpty {
      let text = wrapped(style.plain(remediation.text), to: style.width - 6)
      lines += text.enumerated().map { ($0.offset == 0 ? "    \(style.arrow) " : "      ") + $0.element }
    }
    if style.verbose { return lines + toPaste.map { "      \($0)" } }
    // A few belong together; what is longer is begun. Each stays on one line, however long.
    let shown = toPaste.count <= Self.shown.statements ? toPaste : Array(toPaste.prefix(1))
    guard let last = shown.last else { return lines }
    let count = more + toPaste.count - shown.count
    let place = remediation.where.map { "(\(lowercased($0)))" } ?? ""
    let remark = count > 0 ? "(-v: \(formattedCount(count)) more)" : place
    lines += shown.enumerated().map { ($0.offset == 0 ? "    \(style.arrow) " : "      ") + $0.element }
    if columns(of: last) + 8 + columns(of: remark) <= style.width {
      lines[lines.count - 1] += "  \(remark)"
    } else if !remark.isEmpty {
      lines.append("      \(remark)")
    }
    return lines.map(withoutTrailingSpace)
  }

  private func pasteable(_ remediation: Remediation) -> [String] {
    let text = remediation.sql ?? ""
    let isSQL = remediation.where != .shell && remediation.where != .setting
    let lines = isSQL ? pasteableLines(of: text, unicode: style.unicode) : text.split(separator: "\n").map(String.init)
    return lines.map(style.plain)
  }

  private func withoutPoint(_ message: String) -> String {
    message.hasSuffix(".") ? String(message.dropLast()) : message
  }

  private func lowercased(_ place: Remediation.Place) -> String {
    switch place {
    case .source: "on the source"
    case .target: "on the target"
    case .both: "on both"
    case .shell: "in a shell"
    case .setting: "a setting"
    }
  }

  private func withoutTrailingSpace(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }

  private func waiver(of outcome: Outcome) -> [String] {
    guard let waiver = outcome.waiver else { return [] }
    return indented("waived by \(waiver.by) until \(waiver.until): \(waiver.reason)", by: 4)
  }

  private func indented(_ text: String, by columns: Int) -> [String] {
    wrapped(style.plain(text), to: style.width - columns).map { String(repeating: " ", count: columns) + $0 }
  }

  /// `▲ 4 more warnings: connection-tls, long-transactions, role-passwords  (-v lists them)`
  private func more(_ outcomes: ArraySlice<Outcome>, _ noun: String, _ tone: TerminalStyle.Tone) -> [String] {
    guard !outcomes.isEmpty else { return [] }
    let rules = outcomes.map(\.rule).uniqued
    let named = rules.prefix(6).map(style.plain).joined(separator: ", ")
    let rest = rules.count > 6 ? " and \(rules.count - 6) more rules" : ""
    let what = noun == "undetermined" ? noun : outcomes.count == 1 ? noun : noun + "s"
    let text = "\(formattedCount(outcomes.count)) more \(what): \(named)\(rest)"
    let words = text.split(separator: " ").map(String.init) + [" (-v lists them)"]
    return labelled(wrapped(words, separator: " ", to: style.width - 2), subject: nil, rule: nil, tone)
  }
}
