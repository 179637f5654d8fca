import Assessment
import Foundation
import TestSupport

/// The commands of a migration, by one method, with an application that writes meanwhile where it is a replication.
struct Course: Sendable {
  let run: ScenarioRun
  let source: TestCluster
  let target: TestCluster
  /// Of the check.
  let report: Report
  let method: String
  let patience: Double
  /// Whether all that blocks is accepted.
  let isWaived: Bool
  let more: [String]

  struct End: Sendable {
    /// Why it failed, in the program's words; nil: all commands have exited with 0.
    var failure: String?
    /// Statements of the application that failed because of the migration.
    var faults: [String] = []
    var differences: [Difference] = []
    /// All that the commands said.
    var said = ""
    /// Of each wave.
    var migrations: [MigrationReport] = []
    var written = 0
    /// As they were given to `migrate`.
    var arguments: [String] = []
  }

  private var databases: [String] { report.plan.databases.map(\.name) }

  func take() async throws -> End {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    var end = End()
    let given = try await run.arguments(more)
    var arguments = given.removing(options: Self.onlyOfCheck)
    // What only a rehearsal decides, migrate is told to accept.
    if given.contains("--rehearse") || given.contains("--rehearse-on") {
      arguments += Self.decidedByRehearsal.flatMap { ["--accept-undetermined", $0] }
    }
    let configuration = try waivers(in: folder)
    arguments += configuration
    if isWaived { arguments += undetermined }
    end.arguments = arguments
    let file = "\(folder.path)/migration.json"
    var applications: [TruthApplication] = []
    if method == "replication" {
      for database in databases {
        if let application = try await TruthApplication.start(source, database: database) {
          applications.append(application)
        }
      }
    }
    let comparer = Comparer(source: source, target: target)
    let held = try await comparer.held(by: databases)
    // The applications are superusers, whose sessions only a superuser ends.
    let isFenced =
      isBySuperuser
      && !report.outcomes.contains {
        $0.rule == "cutover-privileges" && ($0.outcome == .failed || !$0.findings.isEmpty)
      }
    var wave = arguments
    while true {
      let migrate = try await Invocation.run(
        ["migrate", "--yes", "--report", "json=\(file)"] + wave, patience: patience)
      end.said += migrate.output
      let migration = FileManager.default.contents(atPath: file).flatMap {
        try? JSONDecoder().decode(Report.self, from: $0)
      }?.migration
      end.migrations += [migration].compactMap(\.self)
      end.failure = failure(of: migrate, in: migration)
      // What holds no table may have been dumped all the same.
      let replicated = migration?.databases.filter { $0.status == .inStep }.map(\.name) ?? []
      let waiting = migration?.databases.filter { $0.status == .waiting }.map(\.name) ?? []
      if end.failure == nil, !replicated.isEmpty {
        if !isFenced { for application in applications { await application.stop() } }
        let cutover = try await Invocation.run(
          ["cutover", "--yes"] + (isFenced ? ["--block-writes"] : []) + run.connections
            + ScenarioRun.inclusions(of: replicated)
            + arguments.keeping(options: ["--pg-bin", "--throughput", "--max-blocked-time"]) + configuration,
          patience: patience)
        end.said += cutover.output
        if cutover.status != .exited(0) {
          end.failure = "cutover: \(cutover.hung ? "it hangs: " : "")\(cutover.lastLines)"
        }
      }
      guard end.failure == nil, !waiting.isEmpty else { break }
      wave = arguments.removing(options: ["--include-database"]) + ScenarioRun.inclusions(of: waiting)
    }
    for application in applications { await application.stop() }
    end.faults = applications.flatMap(\.faults)
    end.written = applications.reduce(0) { $0 + $1.written }
    guard end.failure == nil else { return end }
    for database in databases {
      try await source.sql("alter database \"\(database.replacing("\"", with: "\"\""))\" allow_connections true")
    }
    end.differences = try await comparer.differences(in: databases, but: held)
    return end
  }

  private var isBySuperuser: Bool {
    report.outcomes.first { $0.rule == "source-read-privileges" }?.message.hasSuffix("is a superuser.") == true
  }

  private func failure(of migrate: Invocation, in report: MigrationReport?) -> String? {
    if migrate.status == .exited(0) || migrate.status == .exited(2) && report?.status == .waiting { return nil }
    let databases = report?.databases.filter { $0.status != .done && $0.status != .inStep } ?? []
    let roles = report?.roles.filter { $0.status == .failed } ?? []
    let words = databases.map { "\($0.name): \($0.message)" } + roles.map { "role \($0.name): \($0.message)" }
    let told = words.isEmpty ? migrate.lastLines : words.joined(separator: "; ")
    return "migrate: \(migrate.hung ? "it hangs: " : "")\(told.prefix(1500))"
  }

  /// A configuration that accepts each blocker.
  private func waivers(in folder: TemporaryFolder) throws -> [String] {
    let rules = report.outcomes.filter(\.isBlocker).map(\.rule).unique
    guard isWaived, !rules.isEmpty else { return [] }
    let text = rules.map { "  - rule: \($0)\n    reason: it is tried\n    by: the tests\n    expires: 2999-12-31\n" }
    try folder.write("waivers:\n" + text.joined(), to: "waivers.yaml")
    return ["--config", "\(folder.path)/waivers.yaml"]
  }

  private var undetermined: [String] {
    report.outcomes.filter(\.isUndecided).map(\.rule).unique.flatMap { ["--accept-undetermined", $0] }
  }

  private static let decidedByRehearsal = ["extension-members", "functions-search-path"]
  private static let onlyOfCheck = [
    "--rehearse-on", "--rehearse-rows", "--fail-on", "--report", "--report-dir", "--fixes",
  ]
}

extension [String] {
  /// Without these options and their values, and without `--rehearse`.
  fileprivate func removing(options: [String]) -> [String] {
    var kept: [String] = []
    var words = self[...]
    while let word = words.popFirst() {
      if options.contains(word) { _ = words.popFirst() } else if word != "--rehearse" { kept.append(word) }
    }
    return kept
  }

  fileprivate func keeping(options: [String]) -> [String] {
    indices.filter { options.contains(self[$0]) && $0 + 1 < count }.flatMap { [self[$0], self[$0 + 1]] }
  }
}
