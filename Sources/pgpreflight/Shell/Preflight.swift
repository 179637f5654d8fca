import ArgumentParser
import Assessment
import Catalog
import Foundation
import Inspection
import Migration
import Reports
import Rules

/// A command that looks at both clusters and judges what it sees.
protocol PreflightCommand {
  var connection: ConnectionOptions { get }
  var selection: SelectionOptions { get }
  var reports: ReportOptions { get }
  var output: OutputOptions { get }

  /// Nil where nothing is tried.
  var rehearsal: RehearsalOptions? { get }

  /// The file that stands in for a connection to that side.
  func savedSnapshot(of side: Side) -> String?
}

extension PreflightCommand {
  var rehearsal: RehearsalOptions? { nil }
}

/// What those commands have in common: from the arguments to an assessment, and from there to the reports.
struct Preflight {
  let settings: CheckSettings
  let signals: Signals
  let progress: ProgressLine
  let environment: [String: String]
  private let output: OutputOptions
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let startedAt = Date()
  /// `2026-10-31`, in UTC.
  var today: String { String(startedAt.ISO8601Format().prefix(10)) }
  let runID = UUID().uuidString.lowercased()

  /// Finds out before anything is asked of a server whether the arguments are right and the reports can be written.
  init(_ command: some PreflightCommand) throws {
    signals = Signals()
    environment = ProcessInfo.processInfo.environment
    settings = try CheckSettings(command, environment: environment)
    for destination in settings.destinations { try destination.prepare() }
    output = command.output
    progress = output.progressLine(environment: environment)
    start = clock.now
  }

  /// - Parameter options: in place of those of the settings.
  /// - Throws: `Interrupted`.
  func assess(_ options: CheckOptions? = nil) async throws -> Assessment {
    let options = options ?? settings.options
    defer { progress.clear() }
    let inspector = Inspector(
      options: options, settings: settings.inspection, logger: output.logger(),
      progress: { [progress] in progress.show($0) })
    let (source, target, search) = (settings.source, settings.target, settings.tools)
    let (clusters, tools) = try await signals.untilInterrupted {
      async let tools = search.run()
      let clusters = try await inspector.inspect(source: source, target: target)
      return (clusters, await tools)
    }
    let pair = ClusterPair(
      source: clusters.source, target: clusters.target, options: options, tools: .known(tools))
    guard let place = settings.rehearsal else { return assessment(of: pair) }
    return assessment(of: try await rehearsed(pair, on: place))
  }

  private func assessment(of pair: ClusterPair) -> Assessment {
    Assessment(of: pair, waivers: settings.waivers, on: today)
  }

  /// What was seen, and how it ended to restore the schemas of all databases that no other rule blocks.
  ///
  /// - Throws: `Interrupted`; the scratch databases are gone then.
  private func rehearsed(_ pair: ClusterPair, on place: CheckSettings.RehearsalPlace) async throws -> ClusterPair {
    var source = pair.source
    let blocked = Set(
      assessment(of: pair).plan.databases.filter { plan in
        Method.allCases.allSatisfy { plan.verdict(of: $0).map { $0 == .blocked } ?? true }
      }.map(\.name))
    // What `--with-table` needs may be prepared there, and a scratch database has none of it.
    let prepared =
      pair.options.tables == .all ? [] : Set((pair.target.databases.ifKnown ?? []).map(\.datname))
    let names = source.inspected.map(\.name).filter { !blocked.contains($0) && !prepared.contains($0) }
    var rehearsals: [String: Fact<Rehearsal>] = [:]
    if let tools = try? pair.chosenTools() {
      let rehearser = Rehearser(
        pair, tools: tools, source: place.source, target: place.connection, isTarget: place.isTarget,
        rows: place.rows, run: String(runID.prefix(8)), jobs: settings.inspection.jobs,
        connectTimeout: settings.inspection.connectTimeout)
      rehearsals = try await signals.untilInterrupted { [progress] in
        try await rehearser.run(names) { progress.show("rehearsal: \($0) of \($1) databases") }
      }
    }
    for index in source.inspected.indices {
      let name = source.inspected[index].name
      source.inspected[index].rehearsal =
        blocked.contains(name)
        ? .known(Rehearsal(notTried: "It was not tried, as other rules block every method."))
        : prepared.contains(name)
          ? .known(
            Rehearsal(
              notTried:
                "It was not tried: with a table filter, what the target's database has may be needed, and a scratch "
                + "database has none of it."))
          : rehearsals[name]
            ?? .unknown(Undetermined("there is no pg_dump to try it with", remedy: "See pg-dump-version."))
    }
    var options = pair.options
    options.rehearses = true
    options.rehearsedRows = place.rows
    return ClusterPair(source: source, target: pair.target, options: options, tools: pair.tools)
  }

  func report(of assessment: Assessment, exitStatus: Int, migration: MigrationReport? = nil) -> Report {
    var digest = settings.digest
    digest.idleWaivers = assessment.idleWaivers
    let run = Run(
      id: runID, startedAt: startedAt.ISO8601Format(), finishedAt: Date().ISO8601Format(),
      durationSeconds: (clock.now - start).seconds, host: ProcessInfo.processInfo.hostName,
      arguments: redacted(Array(CommandLine.arguments.dropFirst())), exitStatus: exitStatus)
    let pair = assessment.pair
    let report = Report(
      tool: Tool(name: "pgpreflight", version: toolVersion, ruleSet: .current), run: run, settings: digest,
      source: ClusterReport(of: pair.source, on: .source, options: pair.options),
      target: ClusterReport(of: pair.target, on: .target, options: pair.options), capacity: assessment.capacity,
      verdict: assessment.verdict, summary: Summary(of: assessment.outcomes), outcomes: assessment.outcomes,
      plan: assessment.plan, migration: migration)
    return (try? report.bounded()) ?? report
  }

  /// Writes every report that can be written, and the summary, whatever becomes of the others.
  func write(_ report: Report) async throws {
    let (written, failures) = await ReportWriter(destinations: settings.destinations, signals: signals).write(report)
    printSummary(of: report, destinations: written)
    try failures.throwLast()
  }

  /// To standard output, or beside it where a report goes there.
  ///
  /// - Parameter isAsked: what it says is to be confirmed, so that it is shown in any case.
  func printSummary(of report: Report, destinations: [ReportDestination] = [], isAsked: Bool = false) {
    guard !output.quiet || isAsked else { return }
    let isTaken = settings.destinations.contains { $0.path == nil }
    let terminal = TerminalCapabilities(of: isTaken ? 2 : 1, color: output.color, environment: environment)
    let summary = terminalSummary(
      report, style: terminal.style(verbose: output.verbose), written: destinations.compactMap(\.path))
    isTaken ? writeToStandardError(summary) : writeToStandardOutput(summary)
  }
}
