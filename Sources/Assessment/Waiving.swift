import Catalog
import Rules

/// A waiver as it is configured: which failures are accepted, by whom, why and until when.
public struct ConfiguredWaiver: Sendable, Equatable {
  public var rule: String
  /// nil for the rule's outcomes of every subject.
  public var database: String?
  /// A finding's object, as the reports name it; nil for all findings.
  public var object: String?
  public var waiver: Waiver

  public init(rule: String, database: String? = nil, object: String? = nil, waiver: Waiver) {
    self.rule = rule
    self.database = database
    self.object = object
    self.waiver = waiver
  }

  /// Whether it accepts all that a rule may find in a database.
  ///
  /// - Parameter day: today, `2026-10-31`.
  public func accepts(rule: String, in database: String, on day: String) -> Bool {
    self.rule == rule && object == nil && (self.database?.isSameName(as: database) ?? true)
      && !waiver.until.utf8.lexicographicallyPrecedes(day.utf8)
  }

  fileprivate func matches(_ outcome: Outcome) -> Bool {
    outcome.rule == rule
      && (database.map { name in outcome.database.map { $0.isSameName(as: name) } ?? false } ?? true)
  }
}

/// A configured waiver that accepts nothing in this run.
public struct IdleWaiver: Codable, Sendable, Equatable {
  public enum State: String, Codable, Sendable {
    /// Its last day is over.
    case expired
    /// Nothing that it names failed.
    case unused
  }

  public var state: State
  public var rule: String
  public var database: String?
  public var object: String?
  public var by: String
  public var reason: String
  public var until: String

  public init(_ configured: ConfiguredWaiver, _ state: State) {
    self.state = state
    rule = configured.rule
    database = configured.database
    object = configured.object
    by = configured.waiver.by
    reason = configured.waiver.reason
    until = configured.waiver.until
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(state, forKey: .state)
    try container.encode(rule, forKey: .rule)
    try container.encode(database, forKey: .database)
    try container.encode(object, forKey: .object)
    try container.encode(by, forKey: .by)
    try container.encode(reason, forKey: .reason)
    try container.encode(until, forKey: .until)
  }
}

/// Rules tell at most this many findings each. Where there are as many, some may not be told, and a waiver that names
/// one object says nothing of those.
private let maximumFindings = 100

/// Accepts the failures that waivers name, and nothing else: what is not known stays not known.
///
/// - Parameter day: today, `2026-10-31`. A waiver holds until the end of its last day.
public func waive(
  _ outcomes: [Outcome], by waivers: [ConfiguredWaiver], on day: String
) -> (outcomes: [Outcome], idle: [IdleWaiver]) {
  // Days of this form sort as text.
  let isExpired = waivers.map { $0.waiver.until.utf8.lexicographicallyPrecedes(day.utf8) }
  var isUsed = waivers.map { _ in false }

  let waived = outcomes.map { outcome -> Outcome in
    guard outcome.outcome == .failed else { return outcome }
    let matching = waivers.indices.filter { !isExpired[$0] && waivers[$0].matches(outcome) }
    let whole = matching.filter { waivers[$0].object == nil }
    let accepted = matching.filter { index in
      guard let object = waivers[index].object else { return true }
      return outcome.findings.contains { $0.object == object }
    }
    for index in accepted { isUsed[index] = true }
    guard !accepted.isEmpty else { return outcome }

    var outcome = outcome
    if let first = whole.first {
      outcome.outcome = .waived
      outcome.waiver = waivers[first].waiver
      return outcome
    }
    let objects = Set(accepted.compactMap { waivers[$0].object })
    let left = outcome.findings.count { !objects.contains($0.object) }
    if left == 0, outcome.findings.count < maximumFindings {
      outcome.outcome = .waived
      outcome.waiver = Waiver(joining: accepted.map { waivers[$0] })
    } else {
      let count = outcome.findings.count - left
      outcome.message += " Waivers accept \(count) of \(outcome.findings.count.counted("finding")), not all."
    }
    return outcome
  }
  let idle = waivers.indices.compactMap { index -> IdleWaiver? in
    if isExpired[index] { return IdleWaiver(waivers[index], .expired) }
    return isUsed[index] ? nil : IdleWaiver(waivers[index], .unused)
  }
  return (waived, idle)
}

extension Waiver {
  /// Of several that together accept an outcome: everybody, every reason, the first day on which one ends.
  fileprivate init(joining waivers: [ConfiguredWaiver]) {
    func distinct(_ texts: [String]) -> [String] {
      texts.enumerated().filter { !texts[..<$0.offset].contains($0.element) }.map(\.element)
    }
    self.init(
      by: distinct(waivers.map(\.waiver.by)).joined(separator: ", "),
      reason: distinct(waivers.map(\.waiver.reason)).joined(separator: "; "),
      until: waivers.map(\.waiver.until).min() ?? "")
  }
}

extension Int {
  fileprivate func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
