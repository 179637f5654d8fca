import Assessment
import Foundation
import Rules
import Testing

/// What became of the cases, for the table at the end.
actor ScenarioTable {
  static let shared = ScenarioTable()

  enum Result: Sendable {
    case held
    case broken([ScenarioProblem.Kind])
    case skipped(String)
  }

  private struct Row {
    var cases = 0
    var outcomes: [Outcome.Kind: Int] = [:]
    var proven = 0
    var broken = 0
    var skipped = 0
  }

  private var rows: [String: Row] = [:]
  private var reasons: [String] = []
  private var provenBlockers = 0
  private var problems: [ScenarioProblem.Kind] = []
  private var durations: [(name: String, duration: Duration)] = []

  func add(_ scenario: Scenario, _ result: Result, duration: Duration = .zero) {
    durations.append((scenario.name, duration))
    var row = rows[scenario.rule] ?? Row()
    row.cases += 1
    switch result {
    case .held:
      if scenario.proof != nil || scenario.confirm != nil { row.proven += 1 }
      if scenario.proof != nil, !scenario.blockers.isEmpty { provenBlockers += 1 }
    case .broken(let kinds):
      row.broken += 1
      problems += kinds
    case .skipped(let reason):
      row.skipped += 1
      reasons.append("\(scenario.name): \(reason)")
    }
    rows[scenario.rule] = row
    guard case .held = result else { return }
    for expectation in scenario.expect + (scenario.expectHealed ?? []) {
      rows[expectation.rule, default: Row()].outcomes[expectation.outcome, default: 0] += 1
    }
  }

  /// One line for each rule: its cases, which outcomes were seen as expected, and how many were proven.
  var text: String {
    func line(_ name: String, _ cells: [String]) -> String {
      func padded(_ text: String, _ width: Int, left: Bool) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return left ? text + padding : padding + text
      }
      return padded(name, 32, left: true) + cells.map { padded($0, 14, left: false) }.joined()
    }
    let header = line("rule", ["cases", "passed", "failed", "undetermined", "skipped", "proven", "broken", "not run"])
    let ids = Rule.all.map(\.id) + rows.keys.filter { id in !Rule.all.contains { $0.id == id } }.sorted()
    let body = ids.compactMap { id -> String? in
      guard let row = rows[id] else { return nil }
      let outcomes = [Outcome.Kind.passed, .failed, .undetermined, .skipped].map { row.outcomes[$0] ?? 0 }
      return line(id, ([row.cases] + outcomes + [row.proven, row.broken, row.skipped]).map { "\($0)" })
    }
    let slowest = durations.sorted { $0.duration > $1.duration }.prefix(5).map { item in
      "\(item.name) (\(item.duration.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1)))))"
    }
    let notes = reasons.sorted().map { "not run: \($0)" } + ["slowest: " + slowest.joined(separator: ", ")]
    let total = """
      \(durations.count - reasons.count) scenarios, \(provenBlockers) proven blockers, \
      \(problems.count { $0 == .falseReady }) false ready, \(problems.count { $0 == .falseBlocked }) false blocked, \
      \(reasons.count) not run
      """
    return ([header] + body + notes + [total]).joined(separator: "\n")
  }
}

/// Prints the table when the suite is done.
struct ScenarioTableTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await function()
    if test.isSuite { print(await ScenarioTable.shared.text) }
  }
}

extension Trait where Self == ScenarioTableTrait {
  static var printsScenarioTable: Self { ScenarioTableTrait() }
}
