import ArgumentParser
import Assessment
import Catalog
import Foundation
import Migration
import Reports
import Rules
import Synchronization

struct CutOver: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cutover",
    abstract: "Switches over to the target, and ends the replication.",
    discussion: discussion(
      """
      When nobody writes any more, the last writes are waited for, what is not replicated and the sequences are carried \
      over, both sides are compared, and one transaction on the target switches over. Before it, whatever fails, or takes \
      longer than --max-blocked-time allows, is undone and the source is opened again; after it nothing is. Where this \
      program was killed or a server did not answer, run it again: it asks both servers and goes on or undoes it.

      Logical replication carries no DDL. What has changed in the schema of either side since the replication was set up \
      is shown by status, and has to be made on the other side too, or accepted by --accept-drift.
      """,
      exitStatus: [
        ("0", "every database was switched over"), ("1", "one was not, or not all of its replication is removed"),
        CommonStatus.usage, CommonStatus.software,
        CommonStatus.interrupted,
      ],
      examples: [
        ("what would be done", "pgpreflight cutover -s service=old -t service=new --dry-run"),
        (
          "close the source to all others, and end their sessions",
          "pgpreflight cutover -s service=old -t service=new --block-writes"
        ),
      ]))

  @OptionGroup var options: ReplicationOptions
  @OptionGroup(title: "Selection") var selection: ReplicatedSelection

  @Flag(
    name: .customLong("block-writes"),
    help:
      "Close the source databases to all connections and end the sessions of others; else you are asked to stop them.")
  var blockWrites = false

  @Flag(name: .customLong("dry-run"), help: "Say each step, and do none.")
  var dryRun = false

  @Option(
    name: .customLong("sequence-margin"),
    help: ArgumentHelp("How many values further than on the source each sequence is set.", valueName: "n"))
  var sequenceMargin = 0

  @Option(
    name: .customLong("refresh"),
    help: ArgumentHelp(
      "When the target's materialized views are refreshed: before or after writes are let through, or never.",
      valueName: "when"))
  var refresh = Cutover.Refresh.after

  @Option(
    name: .customLong("verify"),
    help: ArgumentHelp(
      "How replicated tables are compared, before writes are blocked as far as they are not written to since. counts: "
        + "rows; sample: also the contents of small tables and of some rows of the others; full: checksums of all rows.",
      valueName: "mode"))
  var verify = Verification.Mode.sample

  @Option(
    name: .customLong("max-blocked-time"),
    help: ArgumentHelp(
      "For how long writes may be blocked in all, in seconds; then everything is undone (default: 30).",
      valueName: "seconds"))
  var maxBlockedTime: Int?

  @Option(
    name: .customLong("accept-drift"),
    help: ArgumentHelp(
      "An object whose schema change need not be on both sides, as status shows its name; all: every object; repeatable.",
      valueName: "object"))
  var acceptDrift: [String] = []

  @Option(
    name: .customLong("update-report"),
    help: ArgumentHelp(
      "The JSON report of the migration, to which the outcome is added; render makes the other formats of it.",
      valueName: "file"),
    completion: .file(extensions: ["json"]))
  var updateReport: String?

  @Flag(name: .customLong("yes"), help: "Do not ask: without --block-writes it says that nobody writes any more.")
  var yes = false

  func validate() throws {
    if sequenceMargin < 0 { throw ValidationError("--sequence-margin must not be negative") }
  }

  func run() async throws {
    guard yes || dryRun || isatty(STDIN_FILENO) == 1 else {
      throw Failure.usage("without a terminal to ask on, --yes is needed")
    }
    let signals = Signals()
    let report = try updateReport.map { try savedReport($0, option: "--update-report ") }
    guard report == nil || report?.migration != nil else {
      throw Failure.usage("--update-report \(updateReport ?? ""): it is the report of a check, not of a migration")
    }
    let replications = try options.replications()
    let line = options.output.progressLine(environment: ProcessInfo.processInfo.environment)
    do {
      let cutovers = try await signals.untilInterrupted { try await planned(replications, line) }
      if dryRun { return }
      // The manifests tell it that are removed with the last one.
      let waiting = try await signals.untilInterrupted { try await replications.waiting() }
      let results = try await cutOver(cutovers, signals)
      line.clear()
      for result in results { tell(result) }
      if !waiting.isEmpty {
        options.tell("waiting: \(waiting.map(quotedIdentifier).joined(separator: ", ")); \(Waves.next(waiting))")
      }
      if options.format == .json { try options.printJSON(results) }
      if let report, let updateReport { try update(report, with: results, at: updateReport) }
      if results.contains(where: { $0.status == .cancelled }) { throw Interrupted(signal: SIGINT) }
      throw ExitCode(results.allSatisfy { $0.status == .done } ? 0 : 1)
    } catch let interruption as Interrupted {
      throw ExitCode(128 + interruption.signal)
    } catch let error as MigrationError {
      throw Failure(status: .blocked, description: "nothing was switched over: \(error)")
    }
  }

  private func planned(_ replications: Replications, _ line: ProgressLine) async throws -> [Cutover] {
    let running = try selection.selected(of: try await replications.all())
    guard !running.isEmpty else {
      throw Failure(status: .blocked, description: "no replication of this program is there")
    }
    var settings = Cutover.Settings()
    settings.blocksWrites = blockWrites
    settings.sequenceMargin = sequenceMargin
    settings.refresh = refresh
    settings.verification = verify
    settings.maxBlockedSeconds = try options.maxBlockedSeconds(maxBlockedTime)
    settings.acceptedDrift = AcceptedDrift(acceptDrift)
    settings.tools = await (try options.tools()).run().found
    var cutovers: [Cutover] = []
    let together = running.compactMap(\.database)
    for running in running {
      let name = quotedIdentifier(running.database ?? "")
      let cutover = Cutover(running, replications, together: together, settings: settings) {
        show($0, of: name, on: line)
      }
      guard let cutover else { continue }
      if dryRun { for step in try await cutover.plan() { options.tell("\(name): \(step)") } }
      cutovers.append(cutover)
    }
    return cutovers
  }

  /// First everything of all of them that can be looked at and waited for while writes go on. Then all at a time: as long
  /// as the last one takes, nobody writes.
  private func cutOver(_ cutovers: [Cutover], _ signals: Signals) async throws -> [Cutover.Result] {
    do {
      try await signals.untilInterrupted {
        for cutover in cutovers {
          guard await cutover.prepare() else { break }
        }
        try Task.checkCancellation()
      }
      let ended = await outcomes(of: cutovers)
      guard !ended.contains(where: { $0.end != nil && $0.status != .done }) else {
        return await abandoned(cutovers, because: "not begun, as another database could not be switched over")
      }
      var blocked: [String] = []
      for cutover in cutovers where await cutover.isAboutToBlock { blocked.append(quotedIdentifier(cutover.database)) }
      let names = blocked.joined(separator: ", ")
      try options.confirm(
        blockWrites
          ? "All sessions in \(names) of the source will be ended, and it accepts no connections any more."
          : "Stop all that connects to \(names) of the source now, then go on.", yes: yes || blocked.isEmpty)
    } catch {
      _ = await abandoned(cutovers, because: "interrupted")
      throw error
    }
    do {
      try await signals.untilInterrupted {
        await withTaskGroup(of: Void.self) { group in
          for cutover in cutovers { group.addTask { _ = await cutover.run() } }
        }
        try Task.checkCancellation()
      }
    } catch is Interrupted {
      // What each has come to is told.
    }
    return await outcomes(of: cutovers)
  }

  private func outcomes(of cutovers: [Cutover]) async -> [Cutover.Result] {
    var results: [Cutover.Result] = []
    for cutover in cutovers { results.append(await cutover.outcome) }
    return results.sorted { $0.name < $1.name }
  }

  private func abandoned(_ cutovers: [Cutover], because reason: String) async -> [Cutover.Result] {
    for cutover in cutovers { await cutover.abandon(because: reason) }
    return await outcomes(of: cutovers)
  }

  private func show(_ event: Cutover.Event, of name: String, on line: ProgressLine) {
    switch event {
    case .step(let words):
      line.clear()
      options.tell("\(name): \(words)")
    case .copied(let bytes, let total, let left):
      let copied = "\(name): \(formattedBytes(bytes)) of about \(formattedBytes(total)) copied"
      line.show([copied] + [left.map { "about \(roughDuration($0)) left" }].compactMap(\.self))
    }
  }

  private func update(_ report: Report, with results: [Cutover.Result], at path: String) throws {
    var report = report
    for result in results {
      guard let index = report.migration?.databases.firstIndex(where: { $0.name == result.name }) else { continue }
      report.migration?.databases[index].add(result)
    }
    try ReportDestination(reporter: .json, path: path).write(Reporter.json.render(report))
  }

  private func tell(_ result: Cutover.Result) {
    let name = quotedIdentifier(result.name)
    let blocked = result.blockedInWords.map { "; \($0)" } ?? ""
    switch result.status {
    case .done:
      options.tell("\(name): switched over\(blocked)")
      if let opening = result.opening {
        options.tell("\(name): the source stays closed; to open it, run this in another database of it:")
        options.tell(sql: opening)
      }
      if !result.message.isEmpty { options.tell("\(name): \(result.message)") }
      if !result.notRefreshed.isEmpty {
        let names = result.notRefreshed.prefix(3).joined(separator: ", ")
        let more = result.notRefreshed.count > 3 ? " and \(result.notRefreshed.count - 3) more" : ""
        options.tell("\(name): not refreshed, and as old as the first copy: \(names)\(more)")
      }
    case .failed, .cancelled:
      let words = [.remains, .unknown].contains(result.end) ? "" : "not switched over: "
      writeToStandardError("pgpreflight: \(name): \(words)\(result.message)\(blocked)\n")
      if let opening = result.opening { writeToStandardError("  the source stays closed until: \(opening)\n") }
    }
  }
}

extension Cutover.Result {
  /// `writes were blocked for 2.31 s (estimated: 1 s to 4 s): blocking writes 0.02 s, …`; nil where they were not.
  fileprivate var blockedInWords: String? {
    guard let blockedSeconds else { return nil }
    let estimated = estimatedBlockedSeconds.map { " (estimated: \(roughDuration($0.low, to: $0.high)))" } ?? ""
    let phases = (downtimePhases ?? []).map { "\($0.name) \(Self.seconds($0.seconds))" }.joined(separator: ", ")
    return "writes were blocked for \(Self.seconds(blockedSeconds))\(estimated)\(phases.isEmpty ? "" : ": \(phases)")"
  }
}

extension Cutover.Result {
  private static func seconds(_ seconds: Double) -> String {
    "\(seconds.formatted(.number.precision(.fractionLength(2)))) s"
  }
}

extension MigratedDatabase {
  fileprivate mutating func add(_ result: Cutover.Result) {
    guard result.status == .done else { return }
    status = .done
    blockedSeconds = result.blockedSeconds
    (downtimeSeconds, downtimePhases) = (result.downtimeSeconds, result.downtimePhases)
    verification = result.verification ?? verification
    message = ["switched over; \(result.blockedInWords ?? "")", message, result.message].filter { !$0.isEmpty }
      .joined(separator: "; ")
  }
}

extension Cutover.Refresh: ExpressibleByArgument {}
