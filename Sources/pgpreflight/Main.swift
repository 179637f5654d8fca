import ArgumentParser
import Foundation

/// Moves of PostgreSQL clusters, proven before they begin.
struct PGPreflight: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pgpreflight",
    abstract: "Says, before a PostgreSQL cluster moves, whether each database can, and how.",
    discussion: """
      Exit status: 0 ready, 1 blocked (a finding at or above --fail-on), 2 undecided (a rule that could block could \
      not be evaluated), 64 wrong usage, 70 internal error, 73 a report could not be written, 130 or 143 interrupted.
      """,
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
