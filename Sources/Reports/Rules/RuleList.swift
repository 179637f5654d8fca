import Assessment
import Catalog
import FoundationEssentials
import Rules

/// The rules for people at a terminal: two lines for each, as ids and titles are too long for one. Ends with a line
/// feed.
public func ruleTable(_ rules: [Rule], style: TerminalStyle) -> String {
  let width = max(4, rules.map { columns(of: $0.id) }.max() ?? 0)
  func line(_ id: String, _ group: String, _ severity: String, _ methods: String) -> String {
    "\(padded(id, to: width))  \(padded(group, to: 11))  \(padded(severity, to: 8))  \(methods)"
  }
  var lines = [style.bold(line("RULE", "GROUP", "SEVERITY", "METHODS"))]
  for rule in rules {
    let severity = padded(rule.severity.rawValue, to: 8)
    let id = style.bold(padded(rule.id, to: width))
    let methods = rule.methods.count == Method.allCases.count ? "both" : rule.methods.map(\.rawValue).joined()
    lines.append("\(id)  \(padded(rule.group.rawValue, to: 11))  \(style.paint(severity, rule.tone))  \(methods)")
    lines += style.paragraph(rule.title)
  }
  lines += ["", counted(rules.count, "rule") + "; pgpreflight explain RULE tells all about one"]
  return lines.joined(separator: "\n") + "\n"
}

/// The rules for programs.
public func ruleJSON(_ rules: [Rule]) throws -> String {
  struct Listing: Encodable {
    var ruleSet: RuleSet
    var rules: [Entry]
  }
  struct Entry: Encodable {
    var id: String
    var group: String
    var severity: String
    var methods: [String]
    var scope: String
    var title: String
    var why: String
    var decides: String
    var fix: String
    var documentation: String
  }
  let entries = rules.map { rule in
    Entry(
      id: rule.id, group: rule.group.rawValue, severity: rule.severity.rawValue,
      methods: rule.methods.sorted().map(\.rawValue), scope: rule.scope.rawValue, title: rule.title,
      why: rule.explanation.why, decides: rule.explanation.decides, fix: rule.explanation.fix,
      documentation: rule.documentation)
  }
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(Listing(ruleSet: .current, rules: entries)), as: UTF8.self) + "\n"
}

/// The page of the rules in the documentation, by group.
public func ruleMarkdown(_ rules: [Rule]) -> String {
  let groups = Rule.Group.allCases.filter { group in rules.contains { $0.group == group } }
  var lines = [
    "<!-- Written by the executable from the rules themselves; don't edit it. To renew it:",
    "     swift run pgpreflight rules --format markdown > rules.tmp && mv rules.tmp docs/rules.md -->",
    "", "# The rules", "",
    "\(capitalized(counted(rules.count, "rule"))). `pgpreflight explain RULE` tells the same at the terminal, and",
    "`pgpreflight rules --format json` tells it to programs.",
  ]
  for group in groups {
    lines += ["", "- [\(group.title)](#\(anchor(group.title)))"].suffix(group == groups.first ? 2 : 1)
    lines += rules.filter { $0.group == group }.map { "  - [`\($0.id)`](#\($0.id)): \(escapedForMarkdown($0.title))" }
  }
  for group in groups {
    lines += ["", "## \(group.title)"]
    for rule in rules where rule.group == group {
      lines += ["", "### `\(rule.id)`", "", "**\(escapedForMarkdown(rule.title)).** \(capitalized(rule.facts)).", ""]
      lines += [escapedForMarkdown(rule.explanation.why), ""]
      lines += ["*How it decides.* " + escapedForMarkdown(rule.explanation.decides), ""]
      lines += ["*How to fix it.* " + escapedForMarkdown(rule.explanation.fix), ""]
      lines.append("Documentation: <\(rule.documentation)>")
    }
  }
  return lines.joined(separator: "\n") + "\n"
}

/// As GitHub makes it of a heading.
private func anchor(_ heading: String) -> String {
  String(heading.lowercased().compactMap { $0 == " " ? "-" : $0.isLetter || $0.isNumber || $0 == "-" ? $0 : nil })
}

/// Between back quotes nothing is escaped, elsewhere what Markdown or HTML would take for its own.
private func escapedForMarkdown(_ text: String) -> String {
  var isCode = false
  return text.reduce(into: "") { result, character in
    if character == "`" { isCode.toggle() }
    if !isCode, "*_<>[]|\\".contains(character) { result.append("\\") }
    result.append(character == "\n" ? " " : character)
  }
}
