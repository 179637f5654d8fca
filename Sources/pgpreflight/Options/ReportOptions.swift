import ArgumentParser
import Assessment
import Reports

/// Which reports are written, and where.
struct FormatOptions: ParsableArguments {
  @Option(
    name: .customLong("report"),
    help: ArgumentHelp(
      "html, junit, json, sarif, markdown or github; without =FILE, or with =-, to standard output; repeatable.",
      valueName: "format[=file]"))
  var report: [String] = []

  @Option(
    name: .customLong("report-dir"),
    help: ArgumentHelp(
      "Writes report.html, report.junit.xml and report.json there; with --report those formats.", valueName: "dir"))
  var reportDirectory: String?

  @Option(
    name: .customLong("template-dir"),
    help: ArgumentHelp("Templates in place of those inside the executable.", valueName: "dir"))
  var templateDirectory: String?
}

/// The same, and what fails the check.
struct ReportOptions: ParsableArguments {
  @OptionGroup(title: "Reports") var formats: FormatOptions

  @Option(
    name: .customLong("fail-on"),
    help: ArgumentHelp("What exits with 1 (default: blocker).", valueName: "blocker|warning|never"))
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
