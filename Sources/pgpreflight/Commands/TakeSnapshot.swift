import ArgumentParser
import Catalog
import Foundation
import Inspection
import Postgres

struct TakeSnapshot: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot",
    abstract: "Inspects one cluster and writes its catalog snapshot to a file, for checks without a connection.",
    usage: "pgpreflight snapshot <options> --output <file>",
    discussion: discussion(
      """
      Give --source or --target: of each, what a check needs of it is read. Changes nothing on the server. The file \
      holds no password and no row of a table.
      """,
      exitStatus: [
        ("0", "written"), ("1", "the server could not be inspected"), CommonStatus.usage, CommonStatus.software,
        CommonStatus.unwritable, CommonStatus.interrupted,
      ],
      examples: [
        ("of the source, to be checked elsewhere", "pgpreflight snapshot -s service=old -o source.json"),
        ("the check", "pgpreflight check --source-snapshot source.json -t service=new"),
      ]))

  @OptionGroup(title: "Cluster") var connection: ConnectionOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Where to write it, for its owner alone; - is standard output.", valueName: "file"),
    completion: .file())
  var file: String

  func run() async throws {
    let signals = Signals()
    let environment = ProcessInfo.processInfo.environment
    let loaded = try ConfigurationFile.load(output.config).settings
    let side = try side(environment: environment)
    let option = side == .source ? connection.source : connection.target
    let string = try CheckSettings.connection(side, option: option, environment: environment, file: nil)
    var settings = try CheckSettings.inspection(connection, file: loaded)
    settings.readsEverything = true
    let destination = file == "-" ? nil : OutputFile(path: file, mode: 0o600)
    try writing { try destination?.prepare() }

    let progress = output.progressLine(environment: environment)
    defer { progress.clear() }
    let inspector = Inspector(
      options: CheckOptions(), settings: settings, logger: output.logger(), progress: { progress.show($0) })
    let snapshot: ClusterSnapshot
    do {
      snapshot = try await signals.untilInterrupted { try await inspector.inspect(string, on: side) }
    } catch let interruption as Interrupted {
      progress.clear()
      writeToStandardError("pgpreflight: interrupted; no snapshot was written\n")
      throw ExitCode(128 + interruption.signal)
    }
    progress.clear()
    try snapshot.expectInspected(side)

    let saved = SavedSnapshot(tool: toolVersion, side: side, snapshot: snapshot)
    try signals.removing([destination?.temporaryPath].compactMap(\.self)) {
      try writing {
        func write(to descriptor: Int32) throws {
          try JSONStream.write(saved) { try OutputFile.write($0, to: descriptor) }
        }
        if let destination { try destination.write(write(to:)) } else { try write(to: STDOUT_FILENO) }
      }
    }
  }

  /// What was named as an option, or in the environment alone.
  private func side(environment: [String: String]) throws -> Side {
    let named = Side.allCases.filter { ($0 == .source ? connection.source : connection.target) != nil }
    let sides =
      named.isEmpty ? Side.allCases.filter { CheckSettings.variable(of: $0, environment) != nil } : named
    guard let side = sides.first, sides.count == 1 else {
      throw Failure.usage("a snapshot is of one cluster: give --source or --target")
    }
    return side
  }

  private func writing(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      let place = file == "-" ? "standard output" : file
      throw Failure(status: .cannotCreate, description: "the snapshot can't be written to \(place): \(error)")
    }
  }
}

extension ClusterSnapshot {
  /// A snapshot of a server that was not reached would say nothing.
  fileprivate func expectInspected(_ side: Side) throws {
    let reason: String
    switch (connection, server, databases) {
    case (.failed(let failure), _, _): reason = failure.message
    case (.notAttempted(let why), _, _): reason = why
    case (_, .unknown(let why), _), (_, _, .unknown(let why)): reason = why.reason
    default: return
    }
    throw Failure(
      status: .blocked,
      description: "the \(side) \(connectionString) could not be inspected, no snapshot was written: \(reason)")
  }
}
