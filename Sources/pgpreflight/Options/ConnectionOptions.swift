import ArgumentParser

/// Where the two clusters are, and how to talk to them.
struct ConnectionOptions: ParsableArguments {
  @Option(
    name: [.customShort("s"), .customLong("source")],
    help: ArgumentHelp(
      "The source: a postgres:// URI, libpq keywords, or service=NAME. Environment: PGPREFLIGHT_SOURCE, SOURCE_SERVICE_URI.",
      valueName: "conn"))
  var source: String?

  @Option(
    name: [.customShort("t"), .customLong("target")],
    help: ArgumentHelp(
      "The target, likewise. Environment: PGPREFLIGHT_TARGET, TARGET_SERVICE_URI.", valueName: "conn"))
  var target: String?

  @Option(
    name: .customLong("jobs"),
    help: ArgumentHelp("Parallel connections to each server (default: 4).", valueName: "n"))
  var jobs: Int?

  @Option(
    name: .customLong("connect-timeout"),
    help: ArgumentHelp(
      "Seconds for each address; connect_timeout in the connection string wins (default: 10).", valueName: "seconds"))
  var connectTimeout: Int?

  @Option(
    name: .customLong("statement-timeout"),
    help: ArgumentHelp("Seconds for each catalog query (default: 60).", valueName: "seconds"))
  var statementTimeout: Int?

  @Option(
    name: [.customLong("pg-bin"), .customLong("pgbin")],
    help: ArgumentHelp(
      "Where pg_dump and pg_restore are (default: found on the PATH and where packages put them).", valueName: "dir"),
    completion: .directory)
  var pgBin: String?
}
