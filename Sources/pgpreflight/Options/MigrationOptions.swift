import ArgumentParser
import Assessment

/// How the migration itself is carried out.
struct MigrationOptions: ParsableArguments {
  @Option(
    name: .customLong("plan"),
    help: ArgumentHelp(
      "Refuse to start if the clusters no longer match this report of a check.", valueName: "report.json"),
    completion: .file(extensions: ["json"]))
  var plan: String?

  @Flag(
    name: .customLong("skip-blocked"),
    help: "Migrate the databases that are ready and leave the others out; exit status 1.")
  var skipBlocked = false

  @Option(
    name: .customLong("verify"),
    help: ArgumentHelp(
      "What is compared after the copy. counts: rows, and objects of each kind; sample: also the contents of small tables "
        + "and of some rows of the others; full: also checksums of all rows.",
      valueName: "mode"))
  var verify = Verification.Mode.counts

  @Option(
    name: .customLong("max-replication-lag"),
    help: ArgumentHelp(
      "When a replicated database counts as caught up: this far behind at most (default: it has passed the source's "
        + "position of the moment).", valueName: "bytes"))
  var maximumLag: Size?

  @Flag(
    name: .customLong("stop-replication"),
    help: "End the replication of each database as soon as it has caught up; later writes are not carried over.")
  var stopReplication = false

  @Option(
    name: .customLong("max-lock-wait"),
    help: ArgumentHelp(
      "End the migration of a database, to be gone on with by --resume, when another session has waited this long for a "
        + "lock that the copy holds (default: such sessions are named, and wait).", valueName: "seconds"))
  var maximumLockWait: Int?

  @Option(
    name: .customLong("max-slot-wal"),
    help: ArgumentHelp(
      "How much WAL the source may keep for the replication slot of a database while this program runs: near it a warning, "
        + "at it the slot is given up, and the database goes by dump, or fails where rows have been applied already "
        + "(default: any amount).", valueName: "size"))
  var maximumSlotWAL: Size?

  @Option(
    name: .customLong("source-for-target"),
    help: ArgumentHelp(
      "How the target's server reaches the source, where that is not how this program does.", valueName: "conn"))
  var sourceForTarget: String?

  @Option(
    name: .customLong("role-passwords"),
    help: ArgumentHelp(
      "Where to write the random passwords of roles whose own can't be read, for its owner alone.", valueName: "file"),
    completion: .file())
  var rolePasswords: String?

  @Flag(name: .customLong("yes"), help: "Do not ask.")
  var yes = false

  @Flag(name: .customLong("resume"), help: "Go on with the interrupted run that the target holds.")
  var resume = false

  func validate() throws {
    if let maximumLockWait, !(1...86400).contains(maximumLockWait) {
      throw ValidationError("--max-lock-wait: \(maximumLockWait) is not a number from 1 to 86400")
    }
  }
}

extension Verification.Mode: ExpressibleByArgument {}
