import Assessment
import Foundation
import Rules
import TestSupport

/// One state by one method: what the check says of it, and what becomes of it.
struct TruthTrial: Sendable {
  let state: TruthState
  let method: String
  let bench: TruthBench
  let patience: Double

  func run() async -> TruthResult {
    let start = now()
    var result = TruthResult(
      state: state.name + (state.isHealed ? " (healed)" : ""), pair: state.pair, method: method, verdict: .notTried)
    if let obstacle = state.obstacle {
      result.reason = obstacle
      return result
    }
    do {
      try await run(&result)
    } catch {
      result.verdict = .notTried
      result.reason = "the state does not come about: \(String("\(error)".prefix(600)).replacing("\n", with: " "))"
    }
    await bench.finish()
    result.seconds = now() - start
    return result
  }

  private func run(_ result: inout TruthResult) async throws {
    guard let scenario = state.scenario else { return }
    let clusters = try await ScenarioClusters(for: scenario, on: bench.fresh)
    guard let source = clusters.source.cluster, let target = clusters.target.cluster else { return }
    let run = ScenarioRun(clusters: clusters)
    var problems: [ScenarioProblem] = []
    var more: [String] = []
    if state.isHealed, let heal = scenario.heal {
      try await run.apply(heal, after: run.check(&problems))
      more = heal.arguments ?? []
    }
    let given = (scenario.arguments ?? []) + more
    if let index = given.firstIndex(of: "--method"), given[index + 1] != "auto", given[index + 1] != method {
      result.reason = "the scenario is of the other method"
      return
    }
    more += ["--method", method]
    let report = try await run.check(&problems, more)
    result.blockers = report.outcomes.filter(\.isBlocker).map(\.rule).unique
    result.verdict = Self.verdict(of: report)
    guard !report.plan.databases.isEmpty else {
      result.reason = "no database is in the plan"
      return
    }
    if result.verdict == .undecided {
      result.reason = report.outcomes.filter(\.isUndecided).map(\.rule).unique.joined(separator: ", ")
      return
    }
    if result.verdict == .blocked, let rule = result.blockers.first(where: Told.isPolicy) {
      result.reason = "\(rule) is a limit, or protects what can't be seen to break"
      return
    }
    let course = Course(
      run: run, source: source, target: target, report: report, method: method, patience: patience,
      isWaived: result.verdict == .blocked, more: more)
    let end = try await course.take()
    result.written = end.written
    judge(end, of: report, &result)
  }

  /// Of the check by one method: 0, 1 and 2 are what it exits with.
  private static func verdict(of report: Report) -> TruthResult.Verdict {
    switch report.run.exitStatus {
    case 0: .ready
    case 2: .undecided
    // Also a warning, where the scenario has `--fail-on warning`.
    default: report.verdict.isReady ? .ready : report.verdict == .undecided ? .undecided : .blocked
    }
  }

  private func judge(_ end: Course.End, of report: Report, _ result: inout TruthResult) {
    let words = Told(check: report, end: end)
    let untold = end.differences.filter { !words.tells($0) }
    result.told = end.differences.filter(words.tells).map(\.description)
    if result.verdict == .blocked {
      if end.failure == nil, end.faults.isEmpty, end.differences.isEmpty {
        result.faults = [
          .init(
            problem: .falseBlocked, words: "with \(result.blockers.joined(separator: ", ")) waived, all of it arrives")
        ]
      }
      return
    }
    if let failure = end.failure { result.faults.append(.init(problem: .falseReady, words: failure)) }
    result.faults += end.faults.map { .init(problem: .falseReady, words: "the application: \($0)") }
    result.faults += untold.map { difference in
      let isData = ["rows", "large object", "index contents", "sequence"].contains(difference.kind)
      return .init(problem: isData ? .falseReady : .untold, words: difference.description)
    }
    guard end.failure == nil else { return }
    result.faults += words.falseWarnings(end.differences).map { .init(problem: .falseWarning, words: $0) }
  }
}

extension Array where Element: Hashable {
  /// Each once, in the order in which they came.
  var unique: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
