import Assessment
import Rules
import TestSupport
import Testing

@Suite(.printsScenarioTable, .timeLimit(.minutes(30))) struct ScenarioTests {
  /// What can't be found out on any server that answers: for these rules some case is undetermined.
  static let rulesThatMayBeUndetermined = [
    "target-disk-space", "source-size-limit", "connection-source-databases", "connection-target-databases",
    "not-same-server", "extension-preload", "pg-cron",
  ]

  /// What takes a server that is not to be had, as the rules' own tests show, and what is never more than a notice.
  static let rulesThatCannotFailHere = [
    "replication-source-version", "source-version-supported", "target-version-supported", "minor-current",
    "partitioned-tables", "materialized-views", "pg-dump-column-options", "database-properties",
    "provider-supported",
    "estimated-duration", "size-summary", "statistics-after-restore", "text-search-files", "wal-retention-during-copy",
    "libpq-version",
    "removed-types", "tables-with-oids", "data-checksums", "decoding-memory", "parameter-privileges",
  ]

  /// Blockers that no command proves: the check's own attempt to connect is the proof, or the user has set the limit,
  /// or it takes a disk to be filled, a standby to be written to, a server that is not to be had.
  static let blockersProvenOtherwise = [
    "connection-source", "connection-target", "source-size-limit", "target-disk-space", "not-same-server",
    "replication-source-version", "source-version-supported", "target-version-supported", "pg-dump-column-options",
    "target-not-in-recovery",
    // TimescaleDB is taken at its documentation's word.
    "timescaledb", "hypertables",
  ]

  @Test(arguments: Rule.all.filter { $0.severity == .blocker }.map(\.id))
  func `every blocker is proven by what really fails`(rule: String) {
    guard !Self.blockersProvenOtherwise.contains(rule), !Self.rulesThatCannotFailHere.contains(rule) else { return }
    #expect(Scenario.all.contains { $0.proof != nil && $0.blockers.contains(rule) })
  }

  @Test func `every file is understood`() {
    #expect(!Scenario.files.isEmpty)
    for (name, scenario) in Scenario.files {
      #expect(throws: Never.self, "\(name)") { try scenario.get() }
    }
    let known = Set(Rule.all.map(\.id))
    for scenario in Scenario.all {
      #expect(known.contains(scenario.rule) || scenario.rule == "general", "\(scenario.name): there is no such rule")
      let rules = (scenario.expect + (scenario.expectHealed ?? [])).map(\.rule) + (scenario.unconcerned ?? [])
      for rule in rules where rule != "*" { #expect(known.contains(rule), "\(scenario.name): no rule \(rule)") }
      #expect(
        (scenario.heal == nil) == (scenario.expectHealed == nil), "\(scenario.name): healing and what is expected of it"
      )
    }
  }

  @Test(arguments: Rule.all.map(\.id))
  func `every rule has a case that passes and one that fails`(rule: String) {
    let outcomes = Scenario.all.flatMap { $0.expect + ($0.expectHealed ?? []) }.filter { $0.rule == rule }.map(
      \.outcome)
    #expect(outcomes.contains(.passed))
    if !Self.rulesThatCannotFailHere.contains(rule) { #expect(outcomes.contains(.failed)) }
    if Self.rulesThatMayBeUndetermined.contains(rule) { #expect(outcomes.contains(.undetermined)) }
  }

  @Test(.takesTurns, arguments: Scenario.selected) func `the check says what is true`(_ scenario: Scenario) async throws
  {
    let versions = [scenario.source, scenario.target].compactMap { $0?.version }
    if let missing = versions.first(where: { TestCluster.available($0) == nil }) {
      try await skip(scenario, TestCluster.whyUnavailable(missing))
      return
    }
    if [scenario.source, scenario.target].contains(where: { $0?.kind == .pooler }), !TestPooler.isAvailable {
      try await skip(scenario, "pgbouncer is not installed")
      return
    }
    let hosts = [scenario.source, scenario.target].compactMap { $0?.keywords?["host"] }
    if hosts.contains("{host.address}"), addressOfThisHost == nil {
      try await skip(scenario, "this machine has no network address")
      return
    }
    let start = ContinuousClock().now
    let clusters = try await ScenarioClusters(for: scenario)
    let problems = try await ScenarioRun(clusters: clusters).problems()
    await clusters.release()
    for problem in problems { Issue.record("\(problem)") }
    await ScenarioTable.shared.add(
      scenario, problems.isEmpty ? .held : .broken(problems.map(\.kind)), duration: ContinuousClock().now - start)
  }

  private func skip(_ scenario: Scenario, _ reason: String) async throws {
    await ScenarioTable.shared.add(scenario, .skipped(reason))
    #if compiler(>=6.3)
      try Test.cancel("\(reason)")
    #endif
  }
}
