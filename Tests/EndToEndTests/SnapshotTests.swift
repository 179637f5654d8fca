import Assessment
import Catalog
import Foundation
import Rules
import TestSupport
import Testing

@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct SnapshotTests {
  /// Both clusters' snapshots in a folder.
  private func saved() async throws -> (folder: TemporaryFolder, clusters: ClusterPair, options: [String]) {
    let clusters = try await ClusterPair.shared.value
    let folder = try TemporaryFolder()
    for (side, cluster) in [("source", clusters.source), ("target", clusters.target)] {
      let output = try await run(
        arguments: ["snapshot", "--\(side)", cluster.connectionString(), "--output", "\(folder.path)/\(side).json"])
      #expect(output.status == .exited(0), "\(output.stderr)")
      #expect(output.stdout == "" && output.stderr == "")
    }
    let options = ["source", "target"].flatMap { ["--\($0)-snapshot", "\(folder.path)/\($0).json"] }
    return (folder, clusters, options)
  }

  private struct Answer: Hashable {
    var rule: String
    var database: String?
    var outcome: Outcome.Kind
    var severity: Severity
    var findings: [String]
  }

  private func answers(_ run: CheckRun) -> Set<Answer> {
    // Other tests may make databases meanwhile.
    Set(
      run.report.outcomes.filter { $0.database == nil || $0.database == "app" }.map {
        Answer(
          rule: $0.rule, database: $0.database, outcome: $0.outcome, severity: $0.severity,
          findings: $0.findings.map(\.object))
      })
  }

  static let selections: [[String]] = [
    [], ["--with-table", "public.orders"], ["--method", "dump", "--max-total-size", "1kB"], ["--no-create-databases"],
  ]

  @Test(arguments: selections)
  func `a check of snapshots, of one or both, concludes as one of the servers`(selection: [String]) async throws {
    let (folder, clusters, options) = try await saved()
    let arguments = selection + ["--include-database", "app"]
    let live = try await check(clusters.connections + arguments)
    #expect(live.undetermined.isEmpty)
    // Which tables a check will be of is not known when a snapshot is taken, nor what then depends on the others.
    let cannotTell = selection.first == "--with-table"
    for origins in [
      options, Array(options.prefix(2)) + clusters.connections.suffix(2),
      Array(clusters.connections.prefix(2)) + options.suffix(2),
    ] {
      let run = try await check(origins + arguments)
      let known = answers(live).filter { !cannotTell || $0.rule != "filter-dependencies" }
      #expect(answers(run).filter { !cannotTell || $0.rule != "filter-dependencies" } == known, "\(origins)")
      if cannotTell { continue }
      #expect(run.report.verdict == live.report.verdict)
      #expect(run.report.plan.databases == live.report.plan.databases)
    }
    let run = try await check(options + arguments)
    let connection = try #require(run.outcome("connection-source"))
    #expect(connection.message.hasPrefix("Not connected: a snapshot of 20"), "\(connection.message)")
    #expect(run.report.source.connection == live.report.source.connection)
    #expect(folder.contents == ["source.json", "target.json"])
  }

  @Test func `snapshots need no server`() async throws {
    let (folder, _, options) = try await saved()
    // Nothing of the connection string is needed any more.
    for side in ["source", "target"] {
      let text = try folder.text("\(side).json")
      try folder.write(text.replacing(/"port" : "[0-9]+"/, with: "\"port\" : \"1\""), to: "\(side).json")
    }
    let run = try await check(options, environment: ["PGPREFLIGHT_SOURCE": "host=127.0.0.1 port=1"])
    #expect(run.report.run.exitStatus == 0, "\(run.output.stdout)")
    try folder.write(
      "source-snapshot: source.json\ntarget-snapshot: \(folder.path)/target.json\n", to: "pgpreflight.yaml")
    let fromFile = try await check([], workingDirectory: folder.path)
    #expect(fromFile.report.run.exitStatus == 0)
  }

  /// In every format, byte for byte: the order of findings, evidence and properties must not change from process to
  /// process.
  @Test func `two checks of the same snapshots differ in nothing but the run`() async throws {
    let (folder, _, options) = try await saved()
    let formats = ["html", "junit", "json", "sarif", "markdown", "github"]
    for name in ["first", "second"] {
      let requests = formats.flatMap { ["--report", "\($0)=\(folder.path)/\(name).\($0)"] }
      let output = try await run(
        arguments: ["check"] + options + requests, environment: ["GITHUB_STEP_SUMMARY": nil])
      #expect([.exited(0), .exited(1), .exited(2)].contains(output.status), "\(output.stderr)")
    }
    /// Without the id of the run, its moments and durations, and where it was written to.
    func withoutRun(_ name: String, _ format: String) throws -> String {
      let id = try JSONDecoder().decode(Report.self, from: Data(folder.text("\(name).json").utf8)).run.id
      return try folder.text("\(name).\(format)").replacing(id, with: "ID").replacing(id.prefix(8), with: "ID")
        .replacing("/\(name).", with: "/NAME.")
        .replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z?/, with: "MOMENT")
        .replacing(/[0-9]{1,2} [A-Z][a-z]+ [0-9]{4}, [0-9]{2}:[0-9]{2} UTC/, with: "MOMENT")
        .replacing(/"durationSeconds" : [-+.0-9e]+/, with: "DURATION")
        .replacing(/time="[.0-9]+"/, with: "DURATION").replacing(/\([.0-9]+ s\)/, with: "DURATION")
    }
    for format in formats {
      let (first, second) = try (withoutRun("first", format), withoutRun("second", format))
      let lines = zip(first.split(separator: "\n"), second.split(separator: "\n")).first { $0 != $1 }
      #expect(!first.isEmpty)
      #expect(lines == nil && first.utf8.count == second.utf8.count, "\(format): \(lines.map { "\($0)" } ?? "")")
    }
  }

  @Test func `the snapshots of one server, taken twice, are of one server`() async throws {
    let (folder, clusters, options) = try await saved()
    let output = try await run(
      arguments: ["snapshot", "-t", clusters.source.connectionString(), "-o", "\(folder.path)/again.json"])
    #expect(output.status == .exited(0))
    let run = try await check(Array(options.prefix(2)) + ["--target-snapshot", "\(folder.path)/again.json"])
    #expect(run.outcome("not-same-server")?.outcome == .failed)
  }

  @Test func `the file is for its owner alone, whatever was there`() async throws {
    let clusters = try await ClusterPair.shared.value
    let folder = try TemporaryFolder()
    try folder.write("old", to: "source.json")
    let path = folder.path + "/source.json"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let arguments = ["snapshot", "--source", clusters.source.connectionString()]
    let output = try await run(arguments: arguments + ["--output", path])
    #expect(output.status == .exited(0))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(folder.contents == ["source.json"])
    // Or standard output.
    let printed = try await run(arguments: arguments + ["--output", "-"])
    let saved = try JSONDecoder().decode(SavedSnapshot.self, from: Data(printed.stdout.utf8))
    #expect(saved.side == .source)
    #expect(saved.snapshot.inspected.map(\.name).contains("app"))
  }

  @Test func `a snapshot holds no secret`() async throws {
    let clusters = try await ClusterPair.shared.value
    let password = #"p@ss:w/o?r#d '"back\slash" 100% snapshot"#
    try await clusters.source.sql(
      "set standard_conforming_strings = on; create role snapped login superuser password '\(password.replacing("'", with: "''"))' in role asked"
    )
    try await clusters.source.sql("alter system set primary_conninfo = 'host=h password=s3cret-conninfo'")
    try await clusters.source.sql("alter role snapped set app.secret = 's3cret-setting'")
    try await clusters.source.sql("alter system set archive_command = 'push --key s3cret-command'")
    try await clusters.source.sql("select pg_reload_conf()")
    let folder = try TemporaryFolder()
    let environment = ["PGPREFLIGHT_SOURCE": clusters.source.connectionString(user: "snapped"), "PGPASSWORD": password]
    let output = try await run(
      arguments: ["snapshot", "-v", "--log-format", "json", "-o", folder.path + "/source.json"],
      environment: environment)
    for setting in ["primary_conninfo", "archive_command"] {
      try await clusters.source.sql("alter system reset \(setting)")
    }
    try await clusters.source.sql("select pg_reload_conf()")
    #expect(output.status == .exited(0), "\(output.stderr)")
    let text = try folder.text("source.json")
    #expect(text.contains("snapped"))
    for secret in [password, "p@ss", "back\\\\slash", "100%", "s3cret", "SCRAM-SHA-256"] {
      #expect(!text.contains(secret), "\(secret)")
      #expect(!output.stderr.contains(secret), "\(secret)")
    }
  }

  @Test func `what an older version did not read is not known`() async throws {
    let (folder, _, options) = try await saved()
    let path = folder.path + "/source.json"
    let data = try Data(contentsOf: URL(filePath: path))
    var file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    var snapshot = try #require(file["snapshot"] as? [String: Any])
    // A fact of the cluster, and a column of another.
    snapshot["slots"] = nil
    var me = try #require(snapshot["me"] as? [String: [String: Any]])
    #expect(me["known"]?["rolreplication"] != nil)
    me["known"]?["rolreplication"] = nil
    snapshot["me"] = me
    var inspected = try #require(snapshot["inspected"] as? [[String: Any]])
    for index in inspected.indices { inspected[index]["extensions"] = nil }
    snapshot["inspected"] = inspected
    file["snapshot"] = snapshot
    try JSONSerialization.data(withJSONObject: file).write(to: URL(filePath: path))

    let run = try await check(options + ["--include-database", "app"])
    #expect(run.report.verdict == .undecided)
    for rule in ["replication-slots-free", "replication-privileges", "extensions-available"] {
      let outcome = try #require(run.outcomes(rule).first)
      #expect(outcome.outcome == .undetermined, "\(rule)")
      #expect(outcome.message.contains("written by a version that did not read this"), "\(outcome.message)")
    }
  }

  @Test func `a file that is no snapshot for this is one line and status 64`() async throws {
    let (folder, clusters, options) = try await saved()
    let text = try folder.text("source.json")
    try folder.write("{", to: "broken.json")
    try folder.write("{\"schemaVersion\": \"1\"}", to: "other.json")
    try folder.write(text.replacing("\"format\" : 1", with: "\"format\" : 999"), to: "newer.json")
    try folder.write(text.replacing("\"datname\" : \"app\"", with: "\"datname\" : 7"), to: "damaged.json")
    try folder.write(String(text.prefix(text.count / 2)), to: "half.json")
    let target = Array(options.suffix(2))
    let mistakes: [(arguments: [String], says: String)] = [
      (["--source-snapshot", folder.path + "/none.json"], "can't be read"),
      (["--source-snapshot", folder.path], "can't be read"),
      (["--source-snapshot", folder.path + "/broken.json"], "not a snapshot"),
      (["--source-snapshot", folder.path + "/other.json"], "not a snapshot"),
      (["--source-snapshot", folder.path + "/half.json"], "not a snapshot, or a damaged one"),
      (["--source-snapshot", folder.path + "/damaged.json"], "damaged"),
      (["--source-snapshot", folder.path + "/newer.json"], "it has format 999"),
      (["--source-snapshot", folder.path + "/target.json"], "taken with --target"),
      (Array(options.prefix(2) + clusters.connections.prefix(2)), "exclude each other"),
    ]
    for (arguments, says) in mistakes {
      let output = try await run(arguments: ["check"] + arguments + target)
      #expect(output.status == .exited(64), "\(arguments)")
      #expect(output.stderr.count { $0 == "\n" } == 1 && output.stderr.contains(says), "\(output.stderr)")
    }
  }

  @Test func `what can't be taken or written is told, and nothing is left behind`() async throws {
    let clusters = try await ClusterPair.shared.value
    let folder = try TemporaryFolder()
    let path = folder.path + "/source.json"
    let unreachable = try await run(
      arguments: ["snapshot", "-s", "postgres://u:s3cret@127.0.0.1:1/db", "-o", path])
    #expect(unreachable.status == .exited(1))
    #expect(unreachable.stderr.contains("no snapshot was written"), "\(unreachable.stderr)")
    #expect(!unreachable.stderr.contains("s3cret"))
    let unwritable = try await run(
      arguments: ["snapshot", "-s", clusters.source.connectionString(), "-o", folder.path])
    #expect(unwritable.status == .exited(73))
    #expect(folder.contents == [])
    for (arguments, says) in [
      (["-o", path], "--source or --target"), (clusters.connections + ["-o", path], "--source or --target"),
      (["-s", "host=h"], "--output"),
    ] {
      let output = try await run(arguments: ["snapshot"] + arguments)
      #expect(output.status == .exited(64), "\(arguments)")
      #expect(output.stderr.contains(says), "\(output.stderr)")
    }
  }
}
