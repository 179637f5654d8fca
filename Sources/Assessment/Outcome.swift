import Catalog
import Rules

/// What one rule says of one subject: an element of the report's `outcomes`.
public struct Outcome: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case passed, failed, skipped, undetermined, waived
  }

  public var rule: String
  public var group: Rule.Group
  public var title: String
  public var scope: Rule.Scope
  /// nil for the pair of clusters.
  public var database: String?
  /// Sorted.
  public var methods: [Method]
  public var outcome: Kind
  /// Of the failure, or that a failure would have had.
  public var severity: Severity
  public var message: String
  public var findings: [Finding]
  public var durationSeconds: Double
  public var waiver: Waiver?
  /// Who goes on although it is not known (`--accept-undetermined`); nil where nobody does.
  public var acceptedBy: String?
  public var documentation: String

  public init(
    rule: String, group: Rule.Group, title: String, scope: Rule.Scope, database: String?, methods: [Method],
    outcome: Kind, severity: Severity, message: String, findings: [Finding] = [], durationSeconds: Double = 0,
    waiver: Waiver? = nil, documentation: String
  ) {
    self.rule = rule
    self.group = group
    self.title = title
    self.scope = scope
    self.database = database
    self.methods = methods
    self.outcome = outcome
    self.severity = severity
    self.message = message
    self.findings = findings
    self.durationSeconds = durationSeconds
    self.waiver = waiver
    self.documentation = documentation
  }

  public var isBlocker: Bool { outcome == .failed && severity == .blocker }
  public var isWarning: Bool { outcome == .failed && severity == .warning }
  /// It could not be found out, and it could have blocked.
  public var isUndecided: Bool { outcome == .undetermined && severity == .blocker }

  // A field that has no value is written as null, so that every report has every field.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(rule, forKey: .rule)
    try container.encode(group, forKey: .group)
    try container.encode(title, forKey: .title)
    try container.encode(scope, forKey: .scope)
    try container.encode(database, forKey: .database)
    try container.encode(methods, forKey: .methods)
    try container.encode(outcome, forKey: .outcome)
    try container.encode(severity, forKey: .severity)
    try container.encode(message, forKey: .message)
    try container.encode(findings, forKey: .findings)
    try container.encode(durationSeconds, forKey: .durationSeconds)
    try container.encode(waiver, forKey: .waiver)
    try container.encode(acceptedBy, forKey: .acceptedBy)
    try container.encode(documentation, forKey: .documentation)
  }
}

/// Who accepts a failure, why, and until when.
public struct Waiver: Codable, Sendable, Equatable {
  public var by: String
  public var reason: String
  /// A day, `2026-10-31`.
  public var until: String

  public init(by: String, reason: String, until: String) {
    self.by = by
    self.reason = reason
    self.until = until
  }
}
