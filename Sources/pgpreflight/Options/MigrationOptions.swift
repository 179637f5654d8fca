import ArgumentParser
import Assessment

/// How the migration itself is carried out.
struct MigrationOptions: ParsableArguments {
  @Option(
    name: .customLong("plan"),
    help: ArgumentHelp(
      "Refuse to start if the clusters no longer match this report of a check.", valueName: "report.json"))
  var plan: String?

  @Flag(
    name: .customLong("skip-blocked"),
    help: "Migrate the databases that are ready and leave the others out; exit status 1.")
  var skipBlocked = false

  @Option(
    name: .customLong("verify"),
    help: ArgumentHelp(
      "What is compared after the copy: row counts and numbers of objects, or also checksums of all rows (default: counts).",
      valueName: "none|counts|full"))
  var verify = Verification.Mode.counts

  @Option(
    name: .customLong("role-passwords"),
    help: ArgumentHelp(
      "Where to write the random passwords of roles whose own can't be read, for its owner alone.", valueName: "file"))
  var rolePasswords: String?

  @Flag(name: .customLong("yes"), help: "Do not ask.")
  var yes = false

  @Flag(name: .customLong("resume"), help: "Go on with the interrupted run that the target holds.")
  var resume = false
}

extension Verification.Mode: ExpressibleByArgument {}
