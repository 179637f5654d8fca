import ArgumentParser
import Foundation

/// Moves of PostgreSQL clusters, proven before they begin.
struct PGPreflight: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pgpreflight",
    abstract: "Says, before a PostgreSQL cluster moves, whether each database can, and how.",
    discussion: discussion(
      """
      Without a subcommand, check runs. `pgpreflight help COMMAND` tells of one; there is a man page for each.
      """,
      exitStatus: [
        ("0", "ready: nothing at or above --fail-on (a blocker, by default)"), ("1", "blocked, or not done"),
        ("2", "undecided: what could block could not be evaluated"), CommonStatus.usage, CommonStatus.software,
        CommonStatus.unwritable, CommonStatus.interrupted,
      ],
      examples: [
        (
          "can the cluster move, and what is in the way?",
          "pgpreflight -s service=old -t service=new --report-dir reports"
        ),
        ("what is that rule about?", "pgpreflight explain wal-level-logical"),
        ("move it as approved", "pgpreflight migrate -s service=old -t service=new --plan reports/report.json"),
      ],
      sections: [
        (
          "ENVIRONMENT",
          [
            ("PGPREFLIGHT_SOURCE", "the source, where --source is not given"),
            ("PGPREFLIGHT_TARGET", "the target, where --target is not given"),
            ("SOURCE_SERVICE_URI", "the source, where neither of these is"),
            ("TARGET_SERVICE_URI", "the target, likewise"),
            ("PGPASSWORD, PG*", "what libpq takes for any connection"),
            ("NO_COLOR", "no colours, unless it is empty"),
            ("LC_ALL, LC_CTYPE, LANG", "whether the terminal shows more than ASCII"),
            ("TMPDIR", "where files that have no name are made"),
            ("GITHUB_STEP_SUMMARY", "where --report github adds a summary"),
          ]
        ),
        (
          "FILES",
          [
            ("pgpreflight.yaml", "settings and waivers; --config names another"),
            ("~/.pgpass", "passwords, as libpq reads them"),
            ("~/.pg_service.conf", "what service=NAME stands for"),
          ]
        ),
      ]),
    version: toolVersion,
    subcommands: [
      Check.self, Migrate.self, Status.self, CutOver.self, CleanUp.self, Verify.self, TakeSnapshot.self, Render.self,
      Compare.self, ListRules.self, Explain.self,
    ],
    defaultSubcommand: Check.self)
}

let toolVersion = "0.1.0"

@main
enum Main {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    hideSecretsInProcessList()
    // Writing to a pipe that nobody reads any more is an error like others.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try PGPreflight.parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error, arguments: arguments)
    }
  }

  /// Help and versions go to standard output as they are; a mistake is told in one line.
  private static func end(with error: any Error, arguments: [String]) -> Never {
    let code = (error as? Failure).map { ExitCode($0.status.rawValue) } ?? PGPreflight.exitCode(for: error)
    guard code != .success else { PGPreflight.exit(withError: error) }
    if !(error is ExitCode) {
      let message = (error as? Failure)?.description ?? PGPreflight.message(for: error)
      writeToStandardError("pgpreflight: \(oneLine(withoutConnectionStrings(message, arguments: arguments)))\n")
    }
    // What is neither a failure of ours nor of the arguments should not happen.
    let isExpected = error is ExitCode || error is Failure || code == .validationFailure
    PGPreflight.exit(withError: isExpected ? code : ExitCode(Failure.Status.software.rawValue))
  }

  private static func oneLine(_ message: String) -> String {
    message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
