import ArgumentParser
import Assessment
import Foundation
import Reports

struct Render: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the other formats from a saved JSON report.",
    usage: "pgpreflight render <report.json> <options>",
    discussion: discussion(
      """
      They are the same, byte for byte, as those that were written with it. Without --report and --report-dir the \
      summary is printed. Connects to nothing.
      """,
      exitStatus: [
        ("0", "written"), ("64", "wrong usage, or no report"), CommonStatus.software, CommonStatus.unwritable,
      ],
      examples: [
        ("the page for the change ticket", "pgpreflight render report.json --report html=report.html"),
        ("the summary again, with everything in it", "pgpreflight render report.json -v"),
        (
          "a comment for a pull request, to standard output",
          "pgpreflight render report.json --report markdown"
        ),
      ]))

  @Argument(
    help: ArgumentHelp("A report in JSON; - reads standard input.", valueName: "report.json"),
    completion: .file(extensions: ["json"]))
  var file: String

  @OptionGroup(title: "Reports") var formats: FormatOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() async throws {
    let report = try savedReport(file)
    let destinations = try ReportDestination.parse(
      formats.report, directory: formats.reportDirectory, templates: templates(in: formats.templateDirectory))
    for destination in destinations { try destination.prepare() }
    let (_, failures) = await ReportWriter(destinations: destinations, signals: Signals()).write(report)
    if destinations.isEmpty {
      let terminal = TerminalCapabilities(
        of: 1, color: output.color, environment: ProcessInfo.processInfo.environment)
      writeToStandardOutput(terminalSummary(report, style: terminal.style(verbose: output.verbose), written: []))
    }
    try failures.throwLast()
  }
}
