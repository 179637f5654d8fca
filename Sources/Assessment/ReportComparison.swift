import Rules

/// What changed between two checks of the same move: finding by finding, by rule, database and object.
public struct ReportComparison: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// It was not found before.
    case new
    /// It is found again, in other words, with other evidence or another outcome.
    case changed
    /// It is found no more.
    case fixed
    case unchanged
  }

  /// Of one finding, on one of the two days.
  public struct State: Codable, Sendable, Equatable {
    public var outcome: Outcome.Kind
    public var severity: Severity
    public var message: String
    public var evidence: [String: String]
  }

  public struct Change: Codable, Sendable, Equatable {
    public var kind: Kind
    public var rule: String
    public var title: String
    /// nil for the pair of clusters.
    public var database: String?
    /// Of an outcome without findings, its subject.
    public var object: String
    /// nil where it is new.
    public var old: State?
    /// nil where it is fixed: what the rule says now is `reason`.
    public var new: State?
    /// Of what is fixed: what the rule says now; nil where it says nothing any more.
    public var reason: String?

    /// Of what counts today, or else counted before.
    public var severity: Severity { (new ?? old)?.severity ?? .notice }

    var isUndecided: Bool { new?.outcome == .undetermined && new?.severity == .blocker }
  }

  public struct Side: Codable, Sendable, Equatable {
    public var run: String
    public var startedAt: String
    public var verdict: Verdict
    public var summary: Summary

    init(_ report: Report) {
      run = report.run.id
      startedAt = report.run.startedAt
      verdict = report.verdict
      summary = report.summary
    }
  }

  public var schemaVersion = "1"
  public var old: Side
  public var new: Side
  /// Why the two may have little to do with each other, in words.
  public var remarks: [String]
  /// New, changed, fixed, unchanged; the worst first.
  public var changes: [Change]

  public func changes(_ kind: Kind) -> [Change] { changes.filter { $0.kind == kind } }

  public init(old: Report, new: Report) {
    self.old = Side(old)
    self.new = Side(new)
    remarks = Self.remarks(old, new)
    let (before, after) = (Self.entries(of: old), Self.entries(of: new))
    let says = Dictionary(
      new.outcomes.map { (Key(rule: $0.rule, database: $0.database, object: "", number: 0), $0.message) },
      uniquingKeysWith: { first, _ in first })
    var changes: [Change] = []
    let earlierStates = Dictionary(before.map { ($0.key, $0.state) }, uniquingKeysWith: { first, _ in first })
    for entry in after {
      let earlier = earlierStates[entry.key]
      let kind: Kind = earlier == nil ? .new : earlier == entry.state ? .unchanged : .changed
      changes.append(entry.change(kind, old: earlier, new: entry.state))
    }
    let found = Set(after.map(\.key))
    for entry in before where !found.contains(entry.key) {
      var change = entry.change(.fixed, old: entry.state, new: nil)
      change.reason = says[Key(rule: entry.key.rule, database: entry.key.database, object: "", number: 0)]
      changes.append(change)
    }
    let ranks: [Kind: Int] = [.new: 0, .changed: 1, .fixed: 2, .unchanged: 3]
    self.changes = changes.enumerated().sorted { left, right in
      let (one, other) = (left.element, right.element)
      let first = (ranks[one.kind] ?? 0, one.severity.rank, left.offset)
      return first < (ranks[other.kind] ?? 0, other.severity.rank, right.offset)
    }.map(\.element)
  }

  /// As a check that fails on that: 1 where something has come up that it counts, or counts as more than it did; 2
  /// where something that could block is newly unknown.
  public func exitStatus(_ failOn: FailOn) -> Int {
    let risen = changes.filter { $0.kind == .new || $0.kind == .changed && $0.isWorse }
    func counts(_ severity: Severity) -> Bool {
      failOn == .never ? false : severity == .blocker || failOn == .warning && severity == .warning
    }
    if risen.contains(where: { $0.new?.outcome == .failed && counts($0.severity) }) { return 1 }
    return failOn != .never && risen.contains(where: \.isUndecided) ? 2 : 0
  }

  // MARK: Entries

  private struct Key: Hashable {
    var rule: String
    var database: String?
    var object: String
    /// Two findings of an outcome may have one object.
    var number: Int
  }

  private struct Entry {
    var key: Key
    var title: String
    var subject: String
    var state: State

    func change(_ kind: Kind, old: State?, new: State?) -> Change {
      Change(
        kind: kind, rule: key.rule, title: title, database: key.database,
        object: key.object.isEmpty ? subject : key.object,
        old: old, new: new, reason: nil)
    }
  }

  private static func entries(of report: Report) -> [Entry] {
    report.outcomes.filter { [.failed, .undetermined, .waived].contains($0.outcome) }.flatMap { outcome -> [Entry] in
      var seen: [String: Int] = [:]
      func entry(_ object: String, _ message: String, _ evidence: [String: String]) -> Entry {
        seen[object, default: 0] += 1
        return Entry(
          key: Key(rule: outcome.rule, database: outcome.database, object: object, number: seen[object] ?? 1),
          title: outcome.title, subject: outcome.database.map { "database \($0)" } ?? "cluster",
          state: State(
            outcome: outcome.outcome, severity: outcome.severity, message: message, evidence: evidence))
      }
      guard !outcome.findings.isEmpty else { return [entry("", outcome.message, [:])] }
      return outcome.findings.map { entry($0.object, $0.message, $0.evidence) }
    }
  }

  private static func remarks(_ old: Report, _ new: Report) -> [String] {
    var remarks: [String] = []
    for (name, before, after) in [("source", old.source, new.source), ("target", old.target, new.target)] {
      guard let one = before.systemIdentifier, let other = after.systemIdentifier, one != other else { continue }
      remarks.append("the \(name) is another cluster: its system identifier was \(one) and is \(other)")
    }
    if old.tool.ruleSet.digest != new.tool.ruleSet.digest {
      remarks.append("the rules are not the same: \(old.tool.ruleSet.rules) then, \(new.tool.ruleSet.rules) now")
    }
    return remarks
  }
}

extension ReportComparison.Change {
  /// A change for the worse: of the outcome, or of the severity.
  fileprivate var isWorse: Bool {
    guard let old, let new else { return false }
    return (new.outcome.rank, new.severity.rank) < (old.outcome.rank, old.severity.rank)
  }
}

extension Outcome.Kind {
  fileprivate var rank: Int {
    switch self {
    case .failed: 0
    case .undetermined: 1
    case .waived: 2
    case .skipped, .passed: 3
    }
  }
}

extension Severity {
  fileprivate var rank: Int {
    switch self {
    case .blocker: 0
    case .warning: 1
    case .notice: 2
    }
  }
}
