import ArgumentParser

/// Whether a check tries what it says, which writes.
struct RehearsalOptions: ParsableArguments {
  @Flag(
    name: .customLong("rehearse"),
    help: """
      Restore each schema, without rows, into a scratch database on the target, and drop that again. This writes, other \
      than the rest of a check.
      """)
  var rehearse = false

  @Option(
    name: .customLong("rehearse-on"),
    help: ArgumentHelp(
      "The same on another server, which should be like the target: there it writes.", valueName: "conn"))
  var rehearseOn: String?
}
