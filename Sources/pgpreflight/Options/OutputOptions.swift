import ArgumentParser
import Logging

/// How the program talks.
struct OutputOptions: ParsableArguments {
  @Flag(name: [.customShort("v"), .customLong("verbose"), .customShort("d")], help: "Tell everything.")
  var verbose = false

  @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Tell nothing but errors.")
  var quiet = false

  @Option(name: .customLong("log-format"), help: ArgumentHelp("Of the logs.", valueName: "text|json"))
  var logFormat = LogFormat.text

  @Option(
    name: .customLong("color"), help: ArgumentHelp("NO_COLOR is honoured.", valueName: "auto|always|never"))
  var color = ColorChoice.auto

  @Option(
    name: .customLong("config"),
    help: ArgumentHelp("Settings (default: pgpreflight.yaml, where it exists).", valueName: "file"))
  var config: String?

  /// To standard error.
  func logger() -> Logger {
    let level: Logger.Level = verbose ? .debug : quiet ? .error : .warning
    let format = logFormat
    return Logger(label: "pgpreflight") { _ in StandardErrorLogHandler(format: format, logLevel: level) }
  }

  func progressLine(environment: [String: String]) -> ProgressLine {
    let standardError = TerminalCapabilities(of: 2, color: color, environment: environment)
    return ProgressLine(isEnabled: standardError.redraws && !quiet && !verbose)
  }

  func validate() throws {
    if verbose, quiet { throw ValidationError("--verbose and --quiet exclude each other") }
  }
}
