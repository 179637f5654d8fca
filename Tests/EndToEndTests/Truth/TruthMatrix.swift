import Foundation
import Yams

/// What came of the states, and which of it is known.
struct TruthMatrix: Sendable {
  var results: [TruthResult]
  var seconds: Double

  /// An entry of `fixtures/truth-exceptions.yaml`.
  struct Exception: Decodable, Sendable {
    /// Of `state, pair, method`; `*` stands for anything.
    var state: String
    var problem: TruthResult.Problem
    /// A sentence.
    var reason: String

    func matches(_ result: TruthResult) -> Bool {
      let name = "\(result.state), \(result.pair), \(result.method)"
      let pattern = state.split(separator: "*", omittingEmptySubsequences: false).map {
        NSRegularExpression.escapedPattern(for: String($0))
      }
      return name.range(of: "^" + pattern.joined(separator: ".*") + "$", options: .regularExpression) != nil
    }
  }

  static func exceptions() throws -> [Exception] {
    let file = Scenario.fixtures.appending(path: "truth-exceptions.yaml").path
    guard let text = try? String(contentsOfFile: file, encoding: .utf8), try Yams.load(yaml: text) != nil else {
      return []
    }
    return try YAMLDecoder().decode([Exception].self, from: text)
  }

  /// Faults that no exception names.
  func unexpected(_ exceptions: [Exception]) -> [(TruthResult, TruthResult.Fault)] {
    results.flatMap { result in
      result.faults.filter { fault in !exceptions.contains { $0.problem == fault.problem && $0.matches(result) } }
        .map { (result, $0) }
    }
  }

  /// Exceptions whose states were all tried, and none of which has the problem any more.
  func idle(_ exceptions: [Exception]) -> [Exception] {
    exceptions.filter { exception in
      let concerned = results.filter { $0.verdict != .notTried && exception.matches($0) }
      return !concerned.isEmpty && !concerned.contains { $0.faults.contains { $0.problem == exception.problem } }
    }
  }

  /// Rows are pairs of versions and methods.
  var table: String {
    func cell(_ count: Int) -> String { String(repeating: " ", count: max(0, 8 - "\(count)".count)) + "\(count)" }
    let problems = TruthResult.Problem.allCases
    func row(_ name: String, _ results: [TruthResult]) -> String {
      let tried = results.filter { $0.verdict != .notTried }
      var counts = [tried.count]
      counts += [TruthResult.Verdict.ready, .blocked, .undecided].map { verdict in tried.count { $0.verdict == verdict }
      }
      counts += problems.map { problem in tried.count { $0.faults.contains { $0.problem == problem } } }
      counts.append(results.count - tried.count)
      return name.padding(toLength: 22, withPad: " ", startingAt: 0) + counts.map { cell($0) + "  " }.joined()
    }
    let header =
      "pair, method           states     ready   blocked  undecid.   f.ready   f.block    f.warn    untold  not tried"
    let groups = Dictionary(grouping: results) { "\($0.pair) \($0.method)" }.sorted { $0.key < $1.key }
    let reasons = Dictionary(grouping: results.filter { $0.verdict == .notTried }) {
      String(($0.reason ?? "").prefix(60))
    }
    var lines = [header] + groups.map { row($0.key, $0.value) } + [row("all", results)]
    lines += reasons.sorted { $0.value.count > $1.value.count }.map { "not tried: \($0.value.count): \($0.key)" }
    lines.append(String(format: "%d states and methods in %.0f s", results.count, seconds))
    return lines.joined(separator: "\n")
  }

  func report(_ exceptions: [Exception]) -> String {
    var lines: [String] = []
    for (index, (result, fault)) in unexpected(exceptions).enumerated() {
      lines.append(
        "\(index + 1). \(fault.problem.rawValue): \(result.state), \(result.pair), \(result.method)\n   \(fault.words)")
    }
    lines += idle(exceptions).map { "an exception that is none any more: \($0.problem.rawValue) of \($0.state)" }
    return (lines + [table]).joined(separator: "\n")
  }
}
