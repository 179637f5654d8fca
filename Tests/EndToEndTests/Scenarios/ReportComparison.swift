import Assessment
import Catalog
import Rules

/// A report beside what a case expects of it.
struct ReportComparison {
  let report: Report
  let clusters: ScenarioClusters

  private struct Subject: Hashable {
    var rule: String
    /// By bytes, as PostgreSQL compares names.
    var database: [UInt8]?

    init(rule: String, database: String? = nil) {
      self.rule = rule
      self.database = database?.nameBytes
    }
  }

  func problems(_ expectations: [Scenario.Expectation]) -> [ScenarioProblem] {
    let outcomes = Dictionary(report.outcomes.map { (Subject(rule: $0.rule, database: $0.database), $0) }) { $1 }
    var problems: [ScenarioProblem] = []
    if outcomes.count != report.outcomes.count {
      problems.append(ScenarioProblem("some rule has two outcomes for one subject"))
    }
    if clusters.scenario.include != [] {
      problems += completeness(outcomes.keys).map { ScenarioProblem($0) }
    }

    var expected: Set<Subject> = []
    for expectation in expectations {
      let subject = self.subject(of: expectation)
      expected.insert(subject)
      guard let outcome = outcomes[subject] else {
        problems.append(ScenarioProblem("\(name(subject)): there is no such outcome"))
        continue
      }
      problems += self.problems(of: outcome, expectation).map {
        ScenarioProblem(
          "\(name(subject)): \($0) (\(outcome.outcome.rawValue): \(outcome.message))\n\(outcome.findings)",
          errs(outcome, against: expectation))
      }
    }
    var unconcerned = Set(clusters.scenario.unconcerned ?? [])
    // Most plain roles of the cases may do neither; that is for the cases of these rules.
    if clusters.source.server.role != nil { unconcerned.insert("publication-privileges") }
    if clusters.target.server.role != nil { unconcerned.insert("target-subscription-privileges") }
    // That depends on the minor releases which happen to be installed; ColumnOptionsTests takes them as they are.
    unconcerned.insert("pg-dump-column-options")
    guard !unconcerned.contains("*") else { return problems }
    // What follows from a failed connection is not for each case to list.
    let connecting: Set = ["connection-source-databases", "connection-target-databases", "database-valid"]
    let closed = Set(
      report.outcomes.filter { connecting.contains($0.rule) && $0.outcome == .failed }.compactMap(\.database?.nameBytes)
    )
    for outcome in report.outcomes where !unconcerned.contains(outcome.rule) {
      if outcome.outcome == .undetermined, let name = outcome.database?.nameBytes, closed.contains(name) { continue }
      let subject = Subject(rule: outcome.rule, database: outcome.database)
      guard !expected.contains(subject), outcome.outcome != .passed, outcome.outcome != .skipped else { continue }
      problems.append(
        ScenarioProblem(
          "\(name(subject)) is \(outcome.outcome.rawValue) too: \(outcome.message)\n\(outcome.findings)",
          outcome.blocks ? .falseBlocked : .other))
    }
    return problems
  }

  private func errs(_ outcome: Outcome, against expectation: Scenario.Expectation) -> ScenarioProblem.Kind {
    let shouldBlock = expectation.outcome == .failed && (expectation.severity ?? .blocker) == .blocker
    switch (shouldBlock, outcome.blocks) {
    case (true, false) where outcome.outcome != .undetermined: return .falseReady
    case (false, true): return .falseBlocked
    default: return .other
    }
  }

  private func subject(of expectation: Scenario.Expectation) -> Subject {
    let isOfDatabase = Rule.all.first { $0.id == expectation.rule }?.scope == .database
    let database = expectation.database.map(clusters.filled) ?? (isOfDatabase ? clusters.database : nil)
    return Subject(rule: expectation.rule, database: database)
  }

  /// Every rule speaks of every subject, and of nothing else.
  private func completeness(_ subjects: some Collection<Subject>) -> [String] {
    let all = Rule.all.flatMap { rule in
      rule.scope == .cluster
        ? [Subject(rule: rule.id)] : clusters.included.map { Subject(rule: rule.id, database: $0) }
    }
    return Set(all).symmetricDifference(subjects).map { "\(name($0)): missing, or there for no reason" }
  }

  private func name(_ subject: Subject) -> String {
    subject.rule + (subject.database.map { " [\(String(decoding: $0, as: UTF8.self))]" } ?? "")
  }

  private func problems(of outcome: Outcome, _ expectation: Scenario.Expectation) -> [String] {
    var problems: [String] = []
    if outcome.outcome != expectation.outcome { problems.append("not \(expectation.outcome.rawValue)") }
    if let severity = expectation.severity, outcome.severity != severity {
      problems.append("its severity is \(outcome.severity.rawValue), not \(severity.rawValue)")
    }
    for part in expectation.message?.all ?? [] where !outcome.message.contains(clusters.filled(part)) {
      problems.append("the message lacks \"\(clusters.filled(part))\"")
    }
    if outcome.outcome == .failed, outcome.findings.isEmpty { problems.append("it has no finding") }
    for finding in expectation.findings ?? [] where !outcome.findings.contains(where: { matches($0, finding) }) {
      problems.append("no finding is like \(finding)")
    }
    return problems
  }

  private func matches(_ finding: Finding, _ expected: Scenario.FindingExpectation) -> Bool {
    func has(_ text: String?, _ part: String?) -> Bool {
      part.map { text?.contains(clusters.filled($0)) ?? false } ?? true
    }
    return has(finding.object, expected.object) && has(finding.message, expected.message)
      && has(finding.remediation?.text, expected.text) && has(finding.remediation?.sql, expected.sql)
      && (expected.place.map { $0 == finding.remediation?.where } ?? true)
      && (expected.evidence ?? [:]).allSatisfy { has(finding.evidence[$0.key], $0.value) }
  }
}

/// What went against a case's expectations.
struct ScenarioProblem: Sendable, CustomStringConvertible {
  enum Kind: Sendable {
    /// The check lets pass what fails.
    case falseReady
    /// The check refuses what works.
    case falseBlocked
    case other
  }

  var kind: Kind
  var text: String
  var description: String { text }

  init(_ text: String, _ kind: Kind = .other) {
    self.text = text
    self.kind = kind
  }
}

extension Outcome {
  fileprivate var blocks: Bool { outcome == .failed && severity == .blocker }
}
