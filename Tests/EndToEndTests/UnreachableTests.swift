import Assessment
import Foundation
import TestSupport
import Testing

private let inHaste = ["--connect-timeout", "2", "--statement-timeout", "2"]

/// Servers that can't be reached.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct UnreachableTests {
  @Test(arguments: FakeServer.Manner.allCases, ["source", "target"])
  func `what is no good server is a finding on either side`(manner: FakeServer.Manner, side: String) async throws {
    let pair = try await ClusterPair.shared.value
    let fake = try FakeServer(manner)
    let source = side == "source" ? fake.connection : pair.source.connectionString()
    let target = side == "target" ? fake.connection : pair.target.connectionString()
    let run = try await check(["-s", source, "-t", target] + inHaste)
    #expect(run.report.run.exitStatus == 1)
    #expect(run.report.verdict == .blocked)
    #expect(run.output.duration < .seconds(60))
    let connection = try #require(run.outcome("connection-\(side)"))
    #expect(connection.outcome == .failed && connection.severity == .blocker)
    #expect(connection.findings.first?.remediation?.text.isEmpty == false)
    #expect((side == "source" ? run.report.source : run.report.target).reachable == false)
    #expect(!run.undetermined.isEmpty)
    expectReasons(run)
    #expect(!run.json.contains("s3cret"))
  }

  @Test(arguments: [
    "host=127.0.0.1 port=1", "host=no-such-host.invalid", "host=/nonexistent", "service=no-such-service",
  ])
  func `nobody there on both sides is two findings`(connection: String) async throws {
    let run = try await check(["-s", connection, "-t", connection] + inHaste)
    #expect(run.report.run.exitStatus == 1)
    #expect(run.outcome("connection-source")?.outcome == .failed)
    #expect(run.outcome("connection-target")?.outcome == .failed)
    #expect(run.report.plan.databases.isEmpty)
    expectReasons(run)
  }
}

/// Servers that stop in the middle, or of which a part is out of reach.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct FailingServerTests {
  /// What becomes of a server here, no other test has to bear.
  private static let mortal = Task {
    let cluster = try await TestCluster.start(
      settings: ["wal_level": "logical", "autovacuum": "off", "max_replication_slots": "20", "max_wal_senders": "20"])
    for number in 1...8 { try await cluster.sql("create database d\(number)") }
    return cluster
  }

  private func check(_ source: TestCluster, _ more: [String] = []) async throws -> CheckRun {
    let target = try await ClusterPair.shared.value.target
    return try await EndToEndTests.check(
      ["-s", source.connectionString(), "-t", target.connectionString()] + inHaste + more)
  }

  // MARK: - In part

  @Test func `a database without its directory is a finding, the others are inspected`() async throws {
    let cluster = try await Self.mortal.value
    let oid = try await cluster.sql("select oid from pg_database where datname = 'd1'")
    let directory = "\(cluster.dataDirectory)/base/\(oid)"
    try FileManager.default.moveItem(atPath: directory, toPath: directory + ".gone")
    let run = try await check(cluster)
    try FileManager.default.moveItem(atPath: directory + ".gone", toPath: directory)
    #expect(run.report.run.exitStatus == 1)
    #expect(run.outcome("connection-source-databases", database: "d1")?.outcome == .failed)
    #expect(run.outcome("extensions-available", database: "d1")?.outcome == .undetermined)
    #expect(run.outcome("connection-source-databases", database: "d2")?.outcome == .passed)
    #expect(run.outcome("extensions-available", database: "d2")?.outcome == .passed)
    expectReasons(run)
  }

  @Test func `a locked catalog is waited for, not for long`() async throws {
    let cluster = try await Self.mortal.value
    let run = try await cluster.locking("pg_extension", in: "d2") {
      try await check(cluster, ["--method", "dump"])
    }
    #expect(run.report.run.exitStatus == 2)
    #expect(run.report.verdict == .undecided)
    let extensions = try #require(run.outcome("extensions-available", database: "d2"))
    #expect(extensions.outcome == .undetermined)
    #expect(extensions.message.contains("lock timeout (SQLSTATE 55P03)"))
    #expect(extensions.findings.first?.remediation?.text.contains("exclusive lock") == true)
    #expect(run.outcome("extensions-available", database: "d3")?.outcome == .passed)
    expectReasons(run)
  }

  @Test func `a database that lets nobody in any more costs the time-out, not the others`() async throws {
    let cluster = try await Self.mortal.value
    let run = try await cluster.locking("pg_class", in: "d2") { try await check(cluster) }
    #expect(run.report.run.exitStatus == 1)
    let connection = try #require(run.outcome("connection-source-databases", database: "d2"))
    #expect(connection.outcome == .failed)
    // Where the server gets as far as heeding the session's settings, it says what it waits for.
    let message = connection.findings.first?.message ?? ""
    #expect(message.contains("lock timeout") || message.contains("no answer within 2 s"), "\(message)")
    #expect(run.outcome("connection-source-databases", database: "d3")?.outcome == .passed)
    expectReasons(run)
  }

  @Test func `a query that takes too long ends alone`() async throws {
    let cluster = try await Self.mortal.value
    // A view belongs to one database, so only a check by way of d8 meets the slow one.
    try await cluster.sql(
      """
      set allow_system_table_mods = on;
      do $$ begin
        execute format('create or replace view pg_catalog.pg_replication_slots as %s where pg_sleep(30) is not null',
          rtrim(pg_get_viewdef('pg_catalog.pg_replication_slots'::regclass), ';'));
      end $$;
      """, database: "d8")
    try await cluster.sql("select pg_create_logical_replication_slot('slow', 'pgoutput')", database: "d8")
    func timeOuts() throws -> Int {
      try cluster.logText().ranges(of: "canceling statement due to statement timeout").count
    }
    let earlier = try timeOuts()
    let target = try await ClusterPair.shared.value.target
    let run = try await EndToEndTests.check(
      ["-s", cluster.connectionString(database: "d8"), "-t", target.connectionString()] + inHaste)
    try await cluster.sql("select pg_drop_replication_slot('slow')")
    let slots = try #require(run.outcome("replication-slots-free"))
    #expect(slots.outcome == .undetermined)
    #expect(slots.message.contains("statement timeout (SQLSTATE 57014)"), "\(slots.message)")
    #expect(try timeOuts() - earlier == 1, "it is not sent again")
    #expect(slots.findings.first?.remediation?.text.contains("--statement-timeout") == true)
    #expect(run.outcome("wal-level-logical")?.outcome == .passed)
    expectReasons(run)
  }

  // MARK: - In the middle

  enum Fate: CaseIterable, Sendable {
    case immediate, fast, frozen
  }

  @Test(arguments: Fate.allCases)
  func `a server that goes away during the inspection leaves a whole report`(fate: Fate) async throws {
    let cluster = try await Self.mortal.value
    let run = try await cluster.locking("pg_extension", in: "postgres") {
      let target = try await ClusterPair.shared.value.target
      defer { if fate == .frozen { try? cluster.signalPostmaster(SIGCONT) } }
      // The first session waits for the lock while it happens; with one job, all databases are still to come.
      return try await EndToEndTests.check(
        [
          "-s", cluster.connectionString(), "-t", target.connectionString(), "--connect-timeout", "2",
          "--statement-timeout", "4", "--jobs", "1",
        ]
      ) { _ in
        try await eventually("the check waits for the lock") {
          try await cluster.inspectingSessions(waitingForLock: true) == 1
        }
        switch fate {
        case .immediate: try await cluster.stop(mode: .immediate)
        case .fast: try await cluster.stop(mode: .fast)
        case .frozen: try cluster.signalPostmaster(SIGSTOP)
        }
      }
    }
    if fate != .frozen { try await cluster.start() }
    #expect([1, 2].contains(run.report.run.exitStatus))
    #expect(run.report.verdict != .ready && run.report.verdict != .readyWithWarnings)
    #expect(run.output.duration < .seconds(60))
    #expect(run.report.plan.databases.count == 9)
    #expect(run.outcomes("extensions-available").allSatisfy { $0.outcome == .undetermined })
    let connections = run.outcomes("connection-source-databases")
    #expect(connections.contains { $0.outcome == .failed })
    // Three time-outs say enough; the other databases are not waited for.
    if fate == .frozen { #expect(connections.count { $0.outcome == .undetermined } == 5) }
    expectReasons(run)
  }

  @Test func `a killed server leaves a whole report`() async throws {
    let cluster = try await TestCluster.start()
    let run = try await cluster.locking("pg_extension", in: "postgres") {
      let target = try await ClusterPair.shared.value.target
      return try await EndToEndTests.check(
        ["-s", cluster.connectionString(), "-t", target.connectionString()] + inHaste
      ) { _ in
        try await eventually("the check waits") { try await cluster.inspectingSessions(waitingForLock: true) == 1 }
        try cluster.signalPostmaster(SIGKILL)
      }
    }
    #expect([1, 2].contains(run.report.run.exitStatus))
    #expect(run.outcome("extensions-available", database: "postgres")?.outcome == .undetermined)
    expectReasons(run)
  }
}
