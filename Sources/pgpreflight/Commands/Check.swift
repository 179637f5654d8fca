import ArgumentParser
import Assessment
import Catalog
import Foundation
import Inspection
import Reports
import Rules

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Inspects source and target, evaluates every rule, prints a summary and writes reports.",
    discussion: """
      Changes nothing on either server. Exit status: 0 ready, 1 blocked, 2 undecided, 64 wrong usage, 73 a report \
      could not be written, 130 or 143 interrupted.
      """)

  @OptionGroup(title: "Clusters") var connection: ConnectionOptions
  @OptionGroup(title: "Saved snapshots") var snapshots: SnapshotOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup(title: "Reports") var reports: ReportOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() async throws {
    let signals = Signals()
    let environment = ProcessInfo.processInfo.environment
    let settings = try CheckSettings(self, environment: environment)
    for destination in settings.destinations { try destination.prepare() }

    let progress = output.progressLine(environment: environment)
    defer { progress.clear() }

    let clock = ContinuousClock()
    let start = clock.now
    let startedAt = Date()
    let inspector = Inspector(
      options: settings.options, settings: settings.inspection, logger: output.logger(), progress: { progress.show($0) }
    )
    let (source, target): (ClusterSnapshot, ClusterSnapshot)
    let tools: ToolSearch
    do {
      ((source, target), tools) = try await signals.untilInterrupted {
        async let tools = settings.tools.run()
        let clusters = try await inspector.inspect(source: settings.source, target: settings.target)
        return (clusters, await tools)
      }
    } catch let interruption as Interrupted {
      progress.clear()
      writeToStandardError("pgpreflight: interrupted; no report was written\n")
      throw ExitCode(128 + interruption.signal)
    }
    progress.clear()

    let pair = ClusterPair(source: source, target: target, options: settings.options, tools: .known(tools))
    let assessment = Assessment(
      of: pair, waivers: settings.waivers, on: String(startedAt.ISO8601Format().prefix(10)))
    var digest = settings.digest
    digest.idleWaivers = assessment.idleWaivers
    let status = assessment.exitStatus(failOn: settings.digest.failOn)
    let run = Run(
      id: UUID().uuidString.lowercased(), startedAt: startedAt.ISO8601Format(), finishedAt: Date().ISO8601Format(),
      durationSeconds: (clock.now - start).seconds, host: ProcessInfo.processInfo.hostName,
      arguments: redacted(Array(CommandLine.arguments.dropFirst())), exitStatus: status)
    let report = Report(
      tool: Tool(name: "pgpreflight", version: toolVersion, ruleSet: .current), run: run, settings: digest,
      source: ClusterReport(of: source, on: .source, options: settings.options),
      target: ClusterReport(of: target, on: .target, options: settings.options), capacity: assessment.capacity,
      verdict: assessment.verdict, summary: Summary(of: assessment.outcomes), outcomes: assessment.outcomes,
      plan: assessment.plan)

    try await write(report, to: settings.destinations, signals: signals, environment: environment)
    throw ExitCode(Int32(status))
  }

  /// Writes every report that can be written, and the summary, whatever becomes of the others.
  private func write(
    _ report: Report, to destinations: [ReportDestination], signals: Signals, environment: [String: String]
  ) async throws {
    // Side by side, as all of them are pure functions of the report.
    let rendered = await withTaskGroup(of: (Int, Result<String, any Error>).self) { group in
      for (index, destination) in destinations.enumerated() {
        group.addTask { (index, Result { try destination.reporter.render(report) }) }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    var failures: [Failure] = []
    var written: [ReportDestination] = []
    signals.removing(destinations.compactMap(\.temporaryPath)) {
      for (index, destination) in destinations.enumerated() {
        do {
          guard let text = try rendered[index]?.get() else { continue }
          try destination.write(text)
          written.append(destination)
        } catch let failure as Failure {
          failures.append(failure)
        } catch {
          failures.append(
            Failure(status: .software, description: "the \(destination.reporter.format) report: \(error)"))
        }
      }
      printSummary(of: report, destinations: written, environment: environment)
    }
    guard let last = failures.popLast() else { return }
    for failure in failures { writeToStandardError("pgpreflight: \(failure)\n") }
    throw last
  }

  /// To standard output, or beside it where a report goes there.
  private func printSummary(of report: Report, destinations: [ReportDestination], environment: [String: String]) {
    guard !output.quiet else { return }
    let isTaken = destinations.contains { $0.path == nil }
    let terminal = TerminalCapabilities(of: isTaken ? 2 : 1, color: output.color, environment: environment)
    let style = TerminalStyle(
      color: terminal.color, unicode: terminal.unicode, width: terminal.width, verbose: output.verbose)
    let summary = terminalSummary(report, style: style, written: destinations.compactMap(\.path))
    isTaken ? writeToStandardError(summary) : writeToStandardOutput(summary)
  }
}
