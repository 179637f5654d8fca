import ArgumentParser

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

  func validate() throws {
    if verbose, quiet { throw ValidationError("--verbose and --quiet exclude each other") }
  }
}
