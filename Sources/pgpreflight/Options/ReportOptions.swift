import ArgumentParser
import Assessment
import Reports

/// Which reports are written, and where.
struct FormatOptions: ParsableArguments {
  @Option(
    name: .customLong("report"),
    help: ArgumentHelp(
      "html, junit, json, sarif, markdown or github; without =FILE, or with =-, to standard output; repeatable.",
      valueName: "format[=file]"),
    completion: .list(Reporter.all.map(\.format)))
  var report: [String] = []

  @Option(
    name: .customLong("report-dir"),
    help: ArgumentHelp(
      "Writes report.html, report.junit.xml and report.json there; with --report those formats.", valueName: "dir"),
    completion: .directory)
  var reportDirectory: String?

  @Option(
    name: .customLong("template-dir"),
    help: ArgumentHelp("A folder of templates in place of those inside the executable.", valueName: "dir"),
    completion: .directory)
  var templateDirectory: String?
}

/// The same, and what fails the check.
struct ReportOptions: ParsableArguments {
  @OptionGroup(title: "Reports") var formats: FormatOptions

  @Option(
    name: .customLong("fail-on"),
    help: ArgumentHelp(
      "What exits with 1: a blocker, also a warning, or nothing (default: blocker).", valueName: "severity"))
  var failOn: FailOn?

  var report: [String] { formats.report }
  var reportDirectory: String? { formats.reportDirectory }
  var templateDirectory: String? { formats.templateDirectory }
}

/// Of `--template-dir`.
///
/// - Throws: `Failure` where one of them can't be used, before anything else is done.
func templates(in directory: String?) throws -> Templates {
  guard let directory else { return Templates() }
  do {
    return try Templates(directory: directory)
  } catch {
    throw Failure.usage("--template-dir: \(error)")
  }
}
