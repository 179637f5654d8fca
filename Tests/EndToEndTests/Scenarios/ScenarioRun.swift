import Assessment
import Foundation
import Rules
import TestSupport

/// The run of a case: the check, what heals the state, the check again, and the proof before and after.
struct ScenarioRun: Sendable {
  let clusters: ScenarioClusters

  private var scenario: Scenario { clusters.scenario }

  /// What went against the expectations; nothing when all is as it should be.
  func problems() async throws -> [ScenarioProblem] {
    var problems: [ScenarioProblem] = []
    let report = try await check(&problems)
    problems += comparison(of: report).problems(scenario.expect)
    problems += try await rehearsed(after: report)
    if let verdict = scenario.verdict, report.verdict != verdict {
      problems.append(ScenarioProblem("the verdict is \(report.verdict.rawValue), not \(verdict.rawValue)"))
    }
    if let method = scenario.method {
      let plan = report.plan.databases.first { $0.name == clusters.database }
      let planned = plan.map { $0.method?.rawValue ?? "none" } ?? "not in the plan"
      if planned != method {
        problems.append(ScenarioProblem("the method is \(planned), not \(method): \(plan?.reason ?? "")"))
      }
    }
    if let status = scenario.exitStatus, report.run.exitStatus != status {
      problems.append(ScenarioProblem("the exit status is \(report.run.exitStatus), not \(status)"))
    }
    if let proof = scenario.proof {
      let output = try await run(proof)
      let text = output.stdout + output.stderr
      if output.status == .exited(0) {
        problems.append(
          ScenarioProblem("the proof succeeds in the state that the rule refuses:\n\(text)", .falseBlocked))
      } else if let part = proof.failsWith.map(clusters.filled), !text.contains(part) {
        problems.append(ScenarioProblem("the proof fails otherwise than with \"\(part)\":\n\(text)"))
      }
    }
    if let command = scenario.confirm {
      let output = try await shell(command)
      if output.status != .exited(0) {
        problems.append(ScenarioProblem("not confirmed:\n\(output.stdout)\(output.stderr)", .falseReady))
      }
    }
    if let heal = scenario.heal { problems += try await healed(heal, after: report) }
    return problems
  }

  private func healed(_ heal: Scenario.Heal, after report: Report) async throws -> [ScenarioProblem] {
    var problems: [ScenarioProblem] = []
    try await apply(heal, after: report)
    let report = try await check(&problems, heal.arguments ?? [])
    problems += comparison(of: report).problems(scenario.expectHealed ?? [])
    problems += try await rehearsed(after: report, heal.arguments ?? [])
    if let proof = scenario.proof {
      let output = try await run(proof, heal.arguments ?? [])
      if output.status != .exited(0) {
        problems.append(
          ScenarioProblem("the proof fails in the healed state:\n\(output.stdout)\(output.stderr)", .falseReady))
      }
    }
    return problems.map { ScenarioProblem("healed: \($0.text)", $0.kind) }
  }

  /// Whether what is said to be ready by dump can be restored, where `PGPREFLIGHT_TEST_REHEARSE` is 1.
  private func rehearsed(after report: Report, _ more: [String] = []) async throws -> [ScenarioProblem] {
    guard ProcessInfo.processInfo.environment["PGPREFLIGHT_TEST_REHEARSE"] == "1",
      report.plan.databases.contains(where: { $0.dump?.isReady == true })
    else { return [] }
    var problems: [ScenarioProblem] = []
    let rehearsal = try await check(&problems, more + ["--rehearse"])
    for outcome in rehearsal.outcomes where outcome.rule == "schema-rehearsal" && outcome.outcome == .failed {
      let name = outcome.database ?? ""
      guard report.plan.databases.first(where: { $0.name == name })?.dump?.isReady == true else { continue }
      let errors = outcome.findings.map { "\($0.object): \($0.message)" }.joined(separator: "\n  ")
      problems.append(ScenarioProblem("the rehearsal of \(name) fails:\n  \(errors)", .falseReady))
    }
    return problems
  }

  private func comparison(of report: Report) -> ReportComparison {
    ReportComparison(report: report, clusters: clusters)
  }

  // MARK: - Check

  func check(_ problems: inout [ScenarioProblem], _ more: [String] = []) async throws -> Report {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pgpreflight-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "report.json").path

    let arguments = try await ["check", "--report", "json=\(file)"] + arguments(more)
    let output = try await checked(arguments)
    guard let data = FileManager.default.contents(atPath: file) else {
      throw ScenarioError("no report: \(output.status)\n\(output.stdout)\(output.stderr)")
    }
    let report = try JSONDecoder().decode(Report.self, from: data)
    if output.exitStatus != Int32(report.run.exitStatus) {
      problems.append(
        ScenarioProblem("the exit status is \(output.exitStatus), in the report \(report.run.exitStatus)"))
    }
    let everything = output.stdout + output.stderr + String(decoding: data, as: UTF8.self)
    for server in [scenario.source, scenario.target] {
      for secret in [server?.password, server?.keywords?["password"]].compactMap(\.self)
      where everything.contains(secret) {
        problems.append(ScenarioProblem("a password is shown"))
      }
    }
    return report
  }

  /// Those that say what is checked.
  func arguments(_ more: [String]) async throws -> [String] {
    var arguments = connections + Self.inclusions(of: clusters.included)
    if scenario.freeSpace != "untold" { arguments += ["--target-free-space", scenario.freeSpace ?? "1TB"] }
    arguments += scenario.arguments ?? []
    arguments += more
    for index in arguments.indices { arguments[index] = try await clusters.filledWithSizes(arguments[index]) }
    return arguments
  }

  var connections: [String] { ["--source", connection(clusters.source), "--target", connection(clusters.target)] }

  /// The options that name databases.
  static func inclusions(of databases: [String]) -> [String] {
    databases.flatMap { ["--include-database", "\"\($0.replacing("\"", with: "\"\""))\""] }
  }

  /// The check itself, with what is to go on meanwhile.
  private func checked(_ arguments: [String]) async throws -> ProcessOutput {
    guard let background = scenario.background, let source = clusters.source.cluster else {
      return try await TestSupport.run(arguments: arguments)
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { _ = try await shell(background.command) }
      defer { group.cancelAll() }
      for _ in 0..<200 {
        if try await source.sql(background.until, variables: clusters.variables) == "t" {
          return try await TestSupport.run(arguments: arguments)
        }
        try await Task.sleep(for: .milliseconds(50))
      }
      throw ScenarioError("what was to go on in the background did not come about")
    }
  }

  private func connection(_ place: ScenarioClusters.Place) -> String {
    place.connection(
      database: "postgres", role: place.server.role.map { _ in clusters.role }, password: place.server.password)
  }

  // MARK: - Healing and proving

  /// Brings about the healed state.
  func apply(_ heal: Scenario.Heal, after report: Report) async throws {
    if heal.remediation == true { try await applyRemediations(of: report) }
    for (place, sql) in [(clusters.source, heal.source), (clusters.target, heal.target)] {
      guard let sql else { continue }
      try await place.cluster?.sql(sql, database: await databaseName(in: place), variables: clusters.variables)
    }
    switch heal.restart {
    case .source: try await clusters.source.cluster?.restart()
    case .target: try await clusters.target.cluster?.restart()
    case nil: break
    }
  }

  private func applyRemediations(of report: Report) async throws {
    let expected = Set(scenario.expect.filter { $0.outcome == .failed }.map(\.rule))
    for outcome in report.outcomes where outcome.outcome == .failed && expected.contains(outcome.rule) {
      for remediation in outcome.findings.compactMap(\.remediation) {
        guard let sql = remediation.sql else { continue }
        var places: [ScenarioClusters.Place] = []
        switch remediation.where {
        case .source?: places = [clusters.source]
        case .target?: places = [clusters.target]
        case .both?: places = [clusters.source, clusters.target]
        case .shell?: _ = try await shell(sql)
        case .setting?, nil: throw ScenarioError("it says nothing that can be run: \(sql)")
        }
        for place in places {
          // No database is dropped from within.
          let isElsewhere = outcome.database == nil || sql.hasPrefix("DROP DATABASE")
          let database = isElsewhere ? "postgres" : await databaseName(in: place)
          try await place.cluster?.sql(sql, database: database)
        }
      }
    }
  }

  /// The case's database where the cluster has it and lets anybody in, else `postgres`.
  private func databaseName(in place: ScenarioClusters.Place) async -> String {
    let answer = try? await place.cluster?.sql("SELECT 1", database: clusters.database)
    return answer == "1" ? clusters.database : "postgres"
  }

  private func run(_ proof: Scenario.Proof, _ more: [String] = []) async throws -> ProcessOutput {
    try await shell(proof.command, more)
  }

  /// Runs a command by `bash`; `SOURCE` and `TARGET` are connection strings to the case's database as the role of the
  /// check, `SOURCE_ADMIN` and `TARGET_ADMIN` as the superuser, `…_POSTGRES` those of the role to `postgres`.
  /// `PG_BIN` is the folder of `--pg-bin`, `FIXTURES` that of the fixtures.
  private func shell(_ command: String, _ more: [String] = []) async throws -> ProcessOutput {
    var environment: [String: String?] = ["DATABASE": clusters.database, "ROLE": clusters.role]
    let arguments = (scenario.arguments ?? []) + more
    environment["FIXTURES"] = Scenario.fixtures.path
    environment["PGPREFLIGHT"] = pgpreflight
    if let index = arguments.lastIndex(of: "--pg-bin") { environment["PG_BIN"] = clusters.filled(arguments[index + 1]) }
    for (name, place) in [("SOURCE", clusters.source), ("TARGET", clusters.target)] {
      let role = place.server.role.map { _ in clusters.role }
      let password = place.server.password
      environment[name] = place.connection(database: clusters.database, role: role, password: password, asGiven: false)
      environment["\(name)_POSTGRES"] = place.connection(
        database: "postgres", role: role, password: password, asGiven: false)
      if let cluster = place.cluster {
        let folder = "host='\(cluster.socketDirectory)' port='\(cluster.port)' user='postgres'"
        environment["\(name)_ADMIN"] = "\(folder) dbname='\(clusters.database)'"
      }
    }
    let newest = [clusters.source, clusters.target].compactMap(\.cluster).max { $0.version < $1.version }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    environment["PATH"] = newest.map { "\($0.binDirectory):\(path)" } ?? path
    return try await TestSupport.run(
      executable: "/bin/bash", arguments: ["-c", "set -euo pipefail\n" + command], environment: environment)
  }
}
