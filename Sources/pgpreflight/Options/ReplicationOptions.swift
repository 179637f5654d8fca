import ArgumentParser
import Foundation
import Inspection
import Migration
import Reports

/// What the commands for a running replication have in common.
struct ReplicationOptions: ParsableArguments {
  @OptionGroup(title: "Clusters") var connection: ConnectionOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  @Option(
    name: .customLong("format"),
    help: ArgumentHelp("What is printed: lines for people, or JSON for programs.", valueName: "format"))
  var format = LogFormat.text

  @Option(
    name: .customLong("throughput"),
    help: ArgumentHelp(
      "What to assume for the copy of what is not replicated, such as 80MB/s (default: what the first copy made).",
      valueName: "rate"))
  var throughput: Rate?

  func replications() throws -> Replications {
    let environment = ProcessInfo.processInfo.environment
    let file = try ConfigurationFile.load(output.config).settings
    let source = try CheckSettings.connection(
      .source, option: connection.source, environment: environment, file: file.source)
    let target = try CheckSettings.connection(
      .target, option: connection.target, environment: environment, file: file.target)
    let inspection = try CheckSettings.inspection(connection, file: file)
    var settings = Replications.Settings()
    settings.jobs = inspection.jobs
    settings.connectTimeout = inspection.connectTimeout
    settings.throughput = (throughput ?? file.throughput)?.bytesPerSecond
    return Replications(source: source, target: target, settings: settings)
  }

  /// What this machine has to carry tables and large objects with.
  func tools() throws -> ClientToolSearch {
    let file = try ConfigurationFile.load(output.config).settings
    return try CheckSettings.tools(
      folder: connection.pgBin ?? file.pgBin, environment: ProcessInfo.processInfo.environment)
  }

  /// How long the copy of what is not replicated may take, in seconds.
  func maxBlockedSeconds(_ option: Int?) throws -> Int {
    let file = try ConfigurationFile.load(output.config).settings
    return try CheckSettings.maxBlockedSeconds(option, file: file)
  }

  /// What a person reads: in lines that fit where it is a terminal, else each on one line, as for `grep`.
  func tell(_ line: String) {
    guard format == .text, !output.quiet else { return }
    let style = terminal.style(verbose: output.verbose)
    let lines = terminal.isTerminal ? style.lines(of: line, indent: 2) : [style.plain(line)]
    writeToStandardOutput(lines.map { $0 + "\n" }.joined())
  }

  /// A statement to paste, on a line of its own.
  func tell(sql: String) {
    guard format == .text, !output.quiet else { return }
    writeToStandardOutput("  \(terminal.style(verbose: false).pasteable(sql))\n")
  }

  private var terminal: TerminalCapabilities {
    TerminalCapabilities(of: 1, color: output.color, environment: ProcessInfo.processInfo.environment)
  }

  func printJSON(_ value: some Encodable) throws { try writeJSONToStandardOutput(value) }

  /// Asks, and takes nothing but "yes" for a yes.
  ///
  /// - Throws: `Failure` where there is nobody to ask, or the answer is another one.
  func confirm(_ question: String, yes: Bool) throws {
    if yes { return }
    guard isatty(STDIN_FILENO) == 1 else { throw Failure.usage("without a terminal to ask on, --yes is needed") }
    writeToStandardError("\(question)\nOnly \"yes\" is taken as a yes: ")
    guard readLine()?.trimmingCharacters(in: .whitespaces) == "yes" else {
      throw Failure(status: .blocked, description: "not confirmed; nothing was changed")
    }
  }
}

/// Which of the replicated databases.
struct ReplicatedSelection: ParsableArguments {
  @Option(
    name: .customLong("include-database"),
    help: ArgumentHelp("Only these databases, comma-separated; repeatable.", valueName: "name"))
  var includeDatabase: [NameList] = []

  /// - Throws: `Failure` where one that is named is not replicated.
  func selected(of all: [RunningReplication]) throws -> [RunningReplication] {
    let names = includeDatabase.flatMap(\.names)
    for name in names where !all.contains(where: { $0.database == name }) {
      throw Failure(
        status: .blocked, description: "--include-database: no replication of this program carries \"\(name)\"")
    }
    return names.isEmpty ? all : all.filter { $0.database.map(names.contains) ?? false }
  }
}
