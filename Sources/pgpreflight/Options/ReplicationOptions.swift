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
    name: .customLong("format"), help: ArgumentHelp("Of the output (default: text).", valueName: "text|json"))
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

  /// Plain, as it may go into a log.
  var style: TerminalStyle {
    let terminal = TerminalCapabilities(
      of: 1, color: output.color, environment: ProcessInfo.processInfo.environment)
    return TerminalStyle(color: false, unicode: terminal.unicode, width: terminal.width, verbose: output.verbose)
  }

  func tell(_ line: String) {
    if format == .text, !output.quiet { writeToStandardOutput(style.plain(line) + "\n") }
  }

  func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    writeToStandardOutput(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
  }

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
