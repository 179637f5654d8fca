import ArgumentParser
import Assessment
import Foundation
import Reports

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells what has changed between two JSON reports: new, changed, fixed and unchanged findings.",
    usage: "pgpreflight compare <old.json> <new.json> <options>",
    discussion: discussion(
      """
      A finding is the same by its rule, database and object.
      """,
      exitStatus: [
        ("0", "nothing has come up that --fail-on counts"), ("1", "something has, or counts as more than it did"),
        ("2", "something that could block is newly unknown"), ("64", "wrong usage, or no report"),
        CommonStatus.software, CommonStatus.unwritable,
      ],
      examples: [
        ("what has happened since Monday", "pgpreflight compare monday.json today.json"),
        ("the same for a ticket", "pgpreflight compare monday.json today.json --format html -o changes.html"),
      ]))

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, markdown, html }

  @Argument(help: ArgumentHelp("The older report.", valueName: "old.json"), completion: .file(extensions: ["json"]))
  var old: String

  @Argument(help: ArgumentHelp("The newer report.", valueName: "new.json"), completion: .file(extensions: ["json"]))
  var new: String

  @Option(
    name: .customLong("format"),
    help: ArgumentHelp("In which form it is told.", valueName: "format"))
  var format = Format.text

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Where it is written (default: standard output).", valueName: "file"),
    completion: .file())
  var file: String?

  @Option(
    name: .customLong("fail-on"),
    help: ArgumentHelp(
      "What, when it is new, exits with 1: a blocker, also a warning, or nothing.", valueName: "severity"))
  var failOn = FailOn.blocker

  @Option(
    name: .customLong("template-dir"),
    help: ArgumentHelp("A folder of templates in place of those inside the executable.", valueName: "dir"),
    completion: .directory)
  var templateDirectory: String?

  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let comparison = ReportComparison(old: try savedReport(old), new: try savedReport(new))
    let templates = try templates(in: templateDirectory)
    let text: String
    do {
      text = try rendered(comparison, templates)
    } catch {
      throw Failure(status: .software, description: "the comparison: \(error)")
    }
    do {
      if let file { try OutputFile(path: file).write(text) } else { try OutputFile.write(text, to: STDOUT_FILENO) }
    } catch {
      throw Failure(
        status: .cannotCreate,
        description: "the comparison can't be written to \(file ?? "standard output"): \(error)")
    }
    throw ExitCode(Int32(comparison.exitStatus(failOn)))
  }

  private func rendered(_ comparison: ReportComparison, _ templates: Templates) throws -> String {
    switch format {
    case .json: return try ComparisonReporter.json.render(comparison)
    case .markdown: return try ComparisonReporter.markdown.render(comparison)
    case .html:
      return try ComparisonReporter.html(templates: templates).render(comparison)
    case .text:
      let terminal = TerminalCapabilities(
        of: file == nil ? 1 : -1, color: output.color, environment: ProcessInfo.processInfo.environment)
      return terminalComparison(comparison, style: terminal.style(verbose: output.verbose))
    }
  }
}
