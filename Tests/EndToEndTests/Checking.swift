import Assessment
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// Two servers at rest, for everything that needs no more than that.
struct ClusterPair: Sendable {
  let source: TestCluster
  let target: TestCluster

  /// Both trust the superuser, and ask everybody whose name begins with `asked` for a password.
  static let shared = Task {
    let settings = ["wal_level": "logical", "autovacuum": "off", "log_connections": "on"]
    // A regular expression for names is new in 16, so it is a role to be a member of.
    let hba = ["host all +asked 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 trust"]
    async let source = TestCluster.start(settings: settings, hba: hba)
    async let target = TestCluster.start(settings: settings, hba: hba)
    let pair = try await ClusterPair(source: source, target: target)
    for cluster in [pair.source, pair.target] { try await cluster.sql("create role asked") }
    try await pair.source.sql("create database app")
    try await pair.source.sql("create table orders (id int primary key)", database: "app")
    return pair
  }

  var connections: [String] { ["--source", source.connectionString(), "--target", target.connectionString()] }
}

/// A check that has ended.
struct CheckRun: Sendable {
  var output: ProcessOutput
  var report: Report
  /// The report as it was written.
  var json: String

  func outcomes(_ rule: String) -> [Outcome] { report.outcomes.filter { $0.rule == rule } }

  func outcome(_ rule: String, database: String? = nil) -> Outcome? {
    report.outcomes.first { $0.rule == rule && $0.database == database }
  }

  /// Of the rules that could not be evaluated.
  var undetermined: [Outcome] { report.outcomes.filter { $0.outcome == .undetermined } }
}

/// Runs a check and reads its JSON report; the exit status has to be the report's.
func check(
  _ arguments: [String], environment: [String: String?] = [:], workingDirectory: String? = nil,
  timeout: Duration = .seconds(180), sourceLocation: SourceLocation = #_sourceLocation,
  whileRunning: @escaping @Sendable (pid_t) async throws -> Void = { _ in }
) async throws -> CheckRun {
  let folder = try TemporaryFolder()
  let file = folder.path + "/report.json"
  let output = try await run(
    arguments: ["check", "--target-free-space", "1TB", "--report", "json=\(file)"] + arguments,
    environment: environment, workingDirectory: workingDirectory, timeout: timeout, whileRunning: whileRunning)
  guard let data = FileManager.default.contents(atPath: file) else {
    throw TestSupportError("no report: \(output.status)\n\(output.stdout)\(output.stderr)")
  }
  let report = try JSONDecoder().decode(Report.self, from: data)
  #expect(output.status == .exited(Int32(report.run.exitStatus)), sourceLocation: sourceLocation)
  #expect(folder.contents == ["report.json"], sourceLocation: sourceLocation)
  return CheckRun(output: output, report: report, json: String(decoding: data, as: UTF8.self))
}

/// A new folder that is removed with this object.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "pgpreflight-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var contents: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
  }

  func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
}

/// Waits until `condition` holds, at most half a minute.
func eventually(
  _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + .seconds(120)
  while try await !condition() {
    try #require(ContinuousClock.now < deadline, what, sourceLocation: sourceLocation)
    try await Task.sleep(for: .milliseconds(20))
  }
}

extension TestCluster {
  /// A session of the tests' own process: quicker than psql.
  private func connect(database: String) async throws -> Connection {
    try await Connection.connect(
      ConnectionString(connectionString(database: database)), options: Connection.Options(applicationName: "tests"))
  }

  /// The first value of the answer.
  func value(_ sql: String, database: String = "postgres") async throws -> String {
    let connection = try await connect(database: database)
    let value = try await connection.query(sql).text(0, 0)
    await connection.close()
    return value ?? ""
  }

  /// Sessions of checks on this server, those that still wait for something included.
  func inspectingSessions(waitingForLock: Bool = false) async throws -> Int {
    let sql = "select count(*) from pg_stat_activity where application_name = 'pgpreflight'"
    return Int(try await value(sql + (waitingForLock ? " and wait_event_type = 'Lock'" : ""))) ?? -1
  }

  /// Runs `body` while another session holds an ACCESS EXCLUSIVE lock on a table, in each of the databases.
  func locking<Value: Sendable>(
    _ table: String, in databases: String..., during body: @Sendable () async throws -> Value
  ) async throws -> Value {
    try await staying(in: ["begin", "lock table \(table) in access exclusive mode"], of: databases, during: body)
  }

  /// Runs `body` while a session in each of the databases stays in the transaction that the statements have begun.
  func staying<Value: Sendable>(
    in statements: [String], of databases: [String], during body: @Sendable () async throws -> Value
  ) async throws -> Value {
    var sessions: [Connection] = []
    for database in databases {
      let session = try await connect(database: database)
      for statement in statements { _ = try await session.query(statement) }
      sessions.append(session)
    }
    let result: Result<Value, any Error>
    do {
      result = .success(try await body())
    } catch {
      result = .failure(error)
    }
    for session in sessions { await session.close() }
    return try result.get()
  }

  /// `pg_waldump`'s lines.
  func walRecords(from start: String, to end: String) async throws -> [Substring] {
    guard start != end else { return [] }
    let output = try await run(
      executable: "\(binDirectory)/pg_waldump", arguments: ["-p", "\(dataDirectory)/pg_wal", "-s", start, "-e", end])
    guard output.status == .exited(0) else { throw TestSupportError("pg_waldump: \(output.stderr)") }
    return output.stdout.split(separator: "\n")
  }
}

/// A value that several tasks share.
final class Locked<Value: Sendable>: Sendable {
  private let value: Mutex<Value>

  init(_ value: Value) { self.value = Mutex(value) }

  func set(_ new: Value) { value.withLock { $0 = new } }

  func get() -> Value { value.withLock { $0 } }

  func change(_ body: (inout Value) -> Void) { value.withLock { body(&$0) } }
}
