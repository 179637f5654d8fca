import Foundation
import TestSupport
import Testing

@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct InterruptTests {
  /// Six databases, in each of which a check can be made to wait.
  private static let source = Task {
    let cluster = try await TestCluster.start(settings: ["autovacuum": "off"])
    for number in 1...5 { try await cluster.sql("create database d\(number)") }
    return cluster
  }

  private static let databases = ["postgres", "d1", "d2", "d3", "d4", "d5"]

  private func arguments(_ source: String, _ target: String, in folder: TemporaryFolder) -> [String] {
    [
      "check", "--source", source, "--target", target, "--report-dir", folder.path + "/reports", "--connect-timeout",
      "50",
    ]
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `a signal ends the sessions, and no report is there`(signal: Int32) async throws {
    let cluster = try await Self.source.value
    let target = try await ClusterPair.shared.value.target
    // A database of its own for each signal: the cases run at the same time.
    let database = [SIGINT: "d1", SIGTERM: "d2", SIGHUP: "d3"][signal] ?? ""
    let folder = try TemporaryFolder()
    let signalled = Moment()
    let output = try await cluster.locking("pg_extension", in: database) {
      let arguments = arguments(
        cluster.connectionString(database: database), target.connectionString(), in: folder)
      let output = try await run(arguments: arguments + ["--include-database", database]) { pid in
        try await eventually("the check waits") {
          try await cluster.waiting(in: database) == 1
        }
        signalled.isNow()
        kill(pid, signal)
      }
      // The lock is still held: the server was told, and did not just come to an end.
      try await eventually("the sessions are gone") { try await cluster.waiting(in: database) == 0 }
      return output
    }
    #expect(signalled.age < .seconds(5))
    #expect(output.status == .exited(128 + signal))
    #expect(output.stderr == "pgpreflight: interrupted; no report was written\n")
    #expect(output.stdout == "")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/reports") == [])
  }

  @Test(arguments: [FakeServer.Manner.silent, .silentLater])
  func `a signal ends a check of a server that never answers`(manner: FakeServer.Manner) async throws {
    let fake = try FakeServer(manner)
    let folder = try TemporaryFolder()
    let signalled = Moment()
    let output = try await run(arguments: arguments(fake.connection, fake.connection, in: folder)) { pid in
      try await eventually("it has connected") { fake.clients.get() == 2 }
      try await Task.sleep(for: .milliseconds(100))
      signalled.isNow()
      kill(pid, SIGTERM)
    }
    #expect(output.status == .exited(143))
    // A server that was asked to end a statement has five seconds for it.
    #expect(signalled.age < .seconds(manner == .silent ? 4 : 12))
  }

  @Test func `a second signal ends it at once`() async throws {
    let fake = try FakeServer(.silentLater)
    let folder = try TemporaryFolder()
    let second = Moment()
    let output = try await run(arguments: arguments(fake.connection, fake.connection, in: folder)) { pid in
      try await eventually("it has connected") { fake.clients.get() == 2 }
      try await Task.sleep(for: .milliseconds(100))
      kill(pid, SIGINT)
      try await Task.sleep(for: .milliseconds(300))
      second.isNow()
      kill(pid, SIGINT)
    }
    #expect(output.exitStatus == 130)
    #expect(second.age < .seconds(3))
  }

  @Test func `a check under nohup does not mind a hangup`() async throws {
    let fake = try FakeServer(.silent)
    let output = try await run(
      executable: "/bin/sh",
      arguments: [
        "-c", "trap '' HUP; exec \"$@\"", "-", pgpreflight, "check", "-s", fake.connection, "-t", fake.connection,
        "--connect-timeout", "3",
      ]
    ) { pid in
      try await eventually("it has connected") { fake.clients.get() == 2 }
      try await Task.sleep(for: .milliseconds(100))
      kill(pid, SIGHUP)
    }
    #expect(output.status == .exited(1))
  }

  @Test func `a signal while a report is being written leaves nothing half`() async throws {
    let pair = try await ClusterPair.shared.value
    let folder = try TemporaryFolder()
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let output = try await run(
      arguments: ["check"] + pair.connections
        + ["--report", "junit=\(folder.path)/a.xml", "--report", "json=\(pipe)", "--report", "html=\(folder.path)/b"]
    ) { pid in
      // Nobody reads the pipe, so that it stays there.
      try await eventually("the first report is there") { folder.contents.contains("a.xml") }
      kill(pid, SIGTERM)
    }
    #expect(output.status == .exited(143))
    #expect(folder.contents == ["a.xml", "pipe"])
    #expect(try folder.text("a.xml").hasSuffix("</testsuites>\n"))
  }

  @Test func `there are never more sessions on a server than jobs`() async throws {
    let cluster = try await TestCluster.start(settings: ["autovacuum": "off"])
    for number in 1...5 { try await cluster.sql("create database d\(number)") }
    let target = try await ClusterPair.shared.value.target
    let folder = try TemporaryFolder()
    try await cluster.staying(in: ["begin", "lock table pg_extension in access exclusive mode"], of: Self.databases) {
      let arguments = arguments(cluster.connectionString(), target.connectionString(), in: folder)
      let output = try await run(arguments: arguments + ["--jobs", "3"]) { pid in
        try await eventually("as many as may be wait") { try await cluster.inspectingSessions() == 3 }
        for _ in 0..<10 {
          #expect(try await cluster.inspectingSessions() == 3)
          try await Task.sleep(for: .milliseconds(50))
        }
        kill(pid, SIGINT)
      }
      #expect(output.status == .exited(130))
      try await eventually("the sessions are gone") { try await cluster.inspectingSessions() == 0 }
    }
  }
}

extension TestCluster {
  fileprivate func waiting(in database: String) async throws -> Int {
    let sql = """
      select count(*) from pg_stat_activity
       where application_name = 'pgpreflight' and datname = '\(database)' and wait_event_type = 'Lock'
      """
    return Int(try await value(sql)) ?? -1
  }
}

/// When something happened.
private final class Moment: Sendable {
  private let instant = Locked<ContinuousClock.Instant?>(nil)

  func isNow() { instant.set(.now) }

  var age: Duration { instant.get().map { $0.duration(to: .now) } ?? .seconds(1_000_000) }
}
