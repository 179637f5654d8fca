import Assessment
import Markup
import Rules

extension Reporter {
  /// For the log of a step: workflow commands, which become annotations of the run. GitHub shows ten of each kind and drops
  /// the rest without a word.
  static let github = Reporter(format: "github", fileName: "report.github.txt") { report in
    let kinds: [(command: String, outcomes: [Outcome])] = [
      ("error", report.outcomes.filter(\.isBlocker) + report.outcomes.filter(\.isUndecided)),
      ("warning", report.outcomes.filter(\.isWarning)),
      ("notice", report.outcomes.filter { $0.outcome == .waived }),
    ]
    var lines: [String] = []
    for (command, outcomes) in kinds {
      for outcome in outcomes.prefix(maximum) { lines.append(annotation(command, outcome)) }
      let more = outcomes.count - maximum
      if more > 0 { lines.append("::\(command) title=pgpreflight::and \(formattedCount(more)) more in the report") }
    }
    let counts = report.summary.toLookAt
    lines.append(
      command("notice", title: "pgpreflight", ([report.verdict.headline] + counts).joined(separator: ", ")))
    return visible(lines.joined(separator: "\n")) + "\n"
  }

  /// One below what is shown, for the line that says how many there are.
  private static let maximum = 9

  private static func annotation(_ kind: String, _ outcome: Outcome) -> String {
    var parts = [sentence(outcome.message.isEmpty ? outcome.title : outcome.message)]
    if let waiver = outcome.waiver {
      parts.append("Waived by \(waiver.by) until \(waiver.until): \(waiver.reason)")
    } else {
      for finding in outcome.findings.prefix(3) {
        parts.append("\(finding.object): \(finding.message)")
        if let remediation = finding.remediation { parts.append("  Fix: \(remediation.sql ?? remediation.text)") }
      }
      if outcome.findings.count > 3 { parts.append("and \(formattedCount(outcome.findings.count - 3)) more") }
    }
    let title = outcome.rule + (outcome.database.map { " (\($0))" } ?? "")
    return command(kind, title: title, parts.joined(separator: "\n"))
  }

  /// Source: GitHub documentation, "Workflow commands"; the escapes are those of its own toolkit.
  private static func command(_ name: String, title: String, _ message: String) -> String {
    func data(_ text: String) -> String {
      withoutCommands(visible(text)).replacing("%", with: "%25").replacing("\r", with: "%0D").replacing(
        "\n", with: "%0A")
    }
    let property = data(title).replacing(":", with: "%3A").replacing(",", with: "%2C")
    return "::\(name) title=\(property)::\(data(message))"
  }
}
