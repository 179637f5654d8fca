import ArgumentParser
import Catalog
import Foundation
import Migration

struct CleanUp: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cleanup",
    abstract: "Removes what migrations have left on either side.",
    discussion: discussion(
      """
      Subscriptions, replication slots and publications of this program between these two servers, journals of \
      interrupted runs, and scratch databases of rehearsals: what is running is ended. A source that a cutover has closed \
      and not switched over is opened again. Databases that were migrated stay, and so does what replicates to another \
      target. One side may be gone.
      """,
      exitStatus: [
        ("0", "nothing is left"), ("1", "something is, or a side could not be looked at"), CommonStatus.usage,
        CommonStatus.software, CommonStatus.interrupted,
      ],
      examples: [
        ("what is there", "pgpreflight cleanup -s service=old -t service=new --dry-run"),
        ("remove it without a question", "pgpreflight cleanup -s service=old -t service=new --yes"),
      ]))

  @OptionGroup var options: ReplicationOptions

  @Option(
    name: .customLong("run"),
    help: ArgumentHelp(
      "Also what this run made on the source for a target that is gone: the eight digits after pgpreflight_; repeatable.",
      valueName: "digits"))
  var runs: [String] = []

  @Flag(name: .customLong("dry-run"), help: "Say what is there, and remove nothing.")
  var dryRun = false

  @Flag(name: .customLong("yes"), help: "Do not ask.")
  var yes = false

  func run() async throws {
    guard yes || dryRun || isatty(STDIN_FILENO) == 1 else {
      throw Failure.usage("without a terminal to ask on, --yes is needed")
    }
    let signals = Signals()
    let cleanup = Cleanup(try options.replications(), runs: runs)
    do {
      let findings = try await signals.untilInterrupted { try await cleanup.find() }
      for foreign in findings.foreign { warn("left alone, as it is not known to be this target's: \(foreign)") }
      for problem in findings.problems { warn(problem) }
      if options.format == .json { try options.printJSON(findings.leftovers) }
      if findings.leftovers.isEmpty { options.tell("nothing is left") }
      if dryRun || findings.leftovers.isEmpty {
        for leftover in findings.leftovers { options.tell(leftover.words) }
        throw ExitCode(findings.problems.isEmpty && findings.leftovers.isEmpty ? 0 : 1)
      }
      try options.confirm(findings.leftovers.map(\.words).joined(separator: "\n"), yes: yes)
      var isClean = findings.problems.isEmpty
      for leftover in findings.leftovers {
        do {
          try await signals.untilInterrupted { try await cleanup.remove(leftover) }
          options.tell("removed: \(leftover.words)")
        } catch let error as MigrationError {
          isClean = false
          warn("\(error)")
        }
      }
      throw ExitCode(isClean ? 0 : 1)
    } catch let interruption as Interrupted {
      throw ExitCode(128 + interruption.signal)
    }
  }

  private func warn(_ problem: String) { writeToStandardError("pgpreflight: \(problem)\n") }
}
