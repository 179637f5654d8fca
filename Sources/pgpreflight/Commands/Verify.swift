import ArgumentParser
import Assessment
import Catalog
import Foundation
import Migration
import Postgres
import Reports

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares data and schema of both clusters, object by object, whoever has copied them.",
    discussion: discussion(
      """
      Changes nothing on either server. What is written to the source meanwhile counts as a difference. Without filters, \
      every object of the schema is compared as well: definition, owner, privileges, comment, policies.
      """,
      exitStatus: [
        ("0", "no difference"), ("1", "differences, or a database could not be compared"), CommonStatus.usage,
        CommonStatus.software, CommonStatus.interrupted,
      ],
      examples: [
        (
          "how many rows and objects there are",
          "pgpreflight verify -s service=old -t service=new"
        ),
        (
          "every row of one database",
          "pgpreflight verify --include-database shop --verify full"
        ),
      ]))

  /// Those modes of a verification that compare something.
  enum Comparison: String, ExpressibleByArgument, CaseIterable {
    case counts, sample, full

    var verification: Verification.Mode {
      switch self {
      case .counts: .counts
      case .sample: .sample
      case .full: .full
      }
    }
  }

  @OptionGroup(title: "Clusters") var connection: ConnectionOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  @Option(
    name: .customLong("verify"),
    help: ArgumentHelp(
      "counts: rows, and objects of each kind; sample: also the contents of small tables and of some rows of the others; "
        + "full: also checksums of all rows.", valueName: "mode"))
  var mode = Comparison.counts

  @Option(
    name: .customLong("format"),
    help: ArgumentHelp("What is printed: lines for people, or JSON for programs.", valueName: "format"))
  var format = LogFormat.text

  func run() async throws {
    let signals = Signals()
    let environment = ProcessInfo.processInfo.environment
    let file = try ConfigurationFile.load(output.config).settings
    let options = try CheckSettings.options(selection, file: file)
    let source = try CheckSettings.connection(
      .source, option: connection.source, environment: environment, file: file.source)
    let target = try CheckSettings.connection(
      .target, option: connection.target, environment: environment, file: file.target)
    let inspection = try CheckSettings.inspection(connection, file: file)
    var settings = DataComparison.Settings()
    settings.jobs = inspection.jobs
    settings.connectTimeout = inspection.connectTimeout
    settings.mode = mode.verification
    settings.tables = options.tables
    settings.excludedExtensions = options.excludedExtensions
    let comparison = DataComparison(source: source, target: target, settings: settings)
    let isText = format == .text
    let terminal = TerminalCapabilities(of: 1, color: output.color, environment: environment)
    let style = TerminalStyle(color: false, unicode: terminal.unicode, width: terminal.width, verbose: false)

    let results: [DataComparison.Result]
    do {
      results = try await signals.untilInterrupted {
        let names = DatabaseSelection(of: try await comparison.databases(), options: options).selected.map(\.datname)
        return try await comparison.compare(names) { if isText { writeToStandardOutput(style.lines(of: $0)) } }
      }
    } catch let interruption as Interrupted {
      throw ExitCode(128 + interruption.signal)
    } catch {
      throw Failure(status: .blocked, description: "nothing was compared: \(error)")
    }
    if !isText {
      try writeJSONToStandardOutput(results)
    }
    let isSame = results.allSatisfy { $0.error == nil && $0.verification?.allMismatches.isEmpty == true }
    throw ExitCode(isSame ? 0 : 1)
  }
}

extension TerminalStyle {
  fileprivate func lines(of result: DataComparison.Result) -> String {
    let name = plain(quotedIdentifier(result.name))
    guard let verification = result.verification else {
      return "\(name): not compared: \(plain(result.error ?? ""))\n"
    }
    let what = verification.mode == .full ? "rows" : "row counts"
    let tables =
      "\(verification.tables) \(verification.tables == 1 ? "table" : "tables")"
      + (verification.depthInWords.map { " (\($0))" } ?? "")
    let objects = verification.objects.map { ", and \($0) \($0 == 1 ? "object" : "objects") of the schema" } ?? ""
    let all = verification.allMismatches
    guard !all.isEmpty else { return "\(name): the \(what) of \(tables)\(objects) are the same\n" }
    let lines = all.map { "  \(plain($0.object)): \(plain($0.message))\n" }
    return "\(name): \(lines.count) \(lines.count == 1 ? "difference" : "differences") in \(tables)\(objects)\n"
      + lines.joined()
  }
}
