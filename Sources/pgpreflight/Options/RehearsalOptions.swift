import ArgumentParser

/// Whether a check tries what it says, which writes.
struct RehearsalOptions: ParsableArguments {
  @Flag(
    name: .customLong("rehearse"),
    help: """
      Restore each schema into a scratch database on the target, load a sample of each table into another one, and drop \
      both. This writes, other than the rest of a check.
      """)
  var rehearse = false

  @Option(
    name: .customLong("rehearse-on"),
    help: ArgumentHelp(
      "The same on another server, which should be like the target: there it writes.", valueName: "conn"))
  var rehearseOn: String?

  @Option(
    name: .customLong("rehearse-rows"),
    help: ArgumentHelp("Rows of each table to load in a rehearsal (default: 100; 0: none).", valueName: "n"))
  var rehearseRows: Int?

  static let defaultRows = 100
}
