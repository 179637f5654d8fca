import ArgumentParser
import Foundation
import Reports
import Rules

struct ListRules: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json, markdown
  }

  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "Lists every rule: id, group, severity, methods, title.",
    discussion: discussion(
      "`pgpreflight explain RULE` tells everything about one of them. Connects to nothing.",
      exitStatus: [("0", "listed"), CommonStatus.usage],
      examples: [
        ("what can be found at all", "pgpreflight rules"), ("for programs", "pgpreflight rules --format json"),
      ]))

  @Option(
    name: .customLong("format"),
    help: ArgumentHelp(
      "table: a line or two for each; json: everything, for programs; markdown: everything, as a page.",
      valueName: "format"))
  var format = Format.table

  @OptionGroup var color: ColorOption

  func run() throws {
    try writeResult(
      try format.render(Rule.all, style: TerminalStyle(forStandardOutput: color.color)))
  }
}

extension ListRules.Format {
  fileprivate func render(_ rules: [Rule], style: TerminalStyle) throws -> String {
    switch self {
    case .table: ruleTable(rules, style: style)
    case .json: try ruleJSON(rules)
    case .markdown: ruleMarkdown(rules)
    }
  }
}

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells all about a rule: what it says, why, how it decides, how to fix what it finds.",
    discussion: discussion(
      "`pgpreflight rules` lists them. Connects to nothing.",
      exitStatus: [("0", "explained"), ("64", "wrong usage, or there is no such rule; the nearest are named")],
      examples: [("why a check wants wal_level = logical", "pgpreflight explain wal-level-logical")]))

  @Argument(help: ArgumentHelp("The rule's id, such as wal-level-logical.", valueName: "rule"), completion: .ruleIDs)
  var rule: String

  @OptionGroup var color: ColorOption

  func run() throws {
    guard let rule = Rule.all.first(where: { $0.id == rule }) else { throw Failure.noRule(rule, in: "explain") }
    try writeResult(rulePage(rule, style: TerminalStyle(forStandardOutput: color.color)))
  }
}

struct ColorOption: ParsableArguments {
  @Option(
    name: .customLong("color"),
    help: ArgumentHelp("Whether to use colours; auto: on a terminal, unless NO_COLOR is set.", valueName: "when"))
  var color = ColorChoice.auto
}

extension CompletionKind {
  static var ruleIDs: CompletionKind { .list(Rule.all.map(\.id)) }
}

extension TerminalStyle {
  fileprivate init(forStandardOutput color: ColorChoice) {
    let terminal = TerminalCapabilities(of: 1, color: color, environment: ProcessInfo.processInfo.environment)
    // Prose in longer lines is hard to read, and what is written to a file is to look the same everywhere.
    self.init(color: terminal.color, unicode: terminal.unicode, width: min(terminal.width, 80))
  }
}

/// Writes what a command was asked for; a reader that went away before the end (`| head`) is no failure.
private func writeResult(_ text: String) throws {
  do {
    try OutputFile.write(text, to: STDOUT_FILENO)
  } catch {
    guard errno != EPIPE else { return }
    throw Failure(status: .cannotCreate, description: "standard output can't be written: \(error)")
  }
}
