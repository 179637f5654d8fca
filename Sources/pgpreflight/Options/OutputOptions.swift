import ArgumentParser
import Logging

/// How the program talks.
struct OutputOptions: ParsableArguments {
  @Flag(
    name: [.customShort("v"), .customLong("verbose"), .customShort("d")],
    help: "Tell everything: each result, and what is done meanwhile.")
  var verbose = false

  @Flag(
    name: [.customShort("q"), .customLong("quiet")], help: "Tell nothing but errors; reports are written all the same.")
  var quiet = false

  @Option(
    name: .customLong("log-format"),
    help: ArgumentHelp("In which form logs and progress go to standard error.", valueName: "format"))
  var logFormat = LogFormat.text

  @Option(
    name: .customLong("color"),
    help: ArgumentHelp(
      "Whether to use colours; auto: on a terminal, unless NO_COLOR is set.", valueName: "when"))
  var color = ColorChoice.auto

  @Option(
    name: .customLong("config"),
    help: ArgumentHelp(
      "Settings, by the names of the options, and waivers (default: pgpreflight.yaml, where it exists).",
      valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  /// To standard error.
  func logger() -> Logger {
    let level: Logger.Level = verbose ? .debug : quiet ? .error : .warning
    let format = logFormat
    return Logger(label: "pgpreflight") { _ in StandardErrorLogHandler(format: format, logLevel: level) }
  }

  func progressLine(environment: [String: String]) -> ProgressLine {
    let standardError = TerminalCapabilities(of: 2, color: color, environment: environment)
    let isShown = standardError.redraws && !quiet && !verbose
    return ProgressLine(style: isShown ? standardError.style(verbose: false) : nil)
  }

  func validate() throws {
    if verbose, quiet { throw ValidationError("--verbose and --quiet exclude each other") }
  }
}
