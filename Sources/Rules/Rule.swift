import Catalog

/// A check: what it is called, what it blocks, how it decides, and what to read about it.
///
/// A value, so that listing, explaining, evaluating and testing the rules is iterating over an array.
public struct Rule: Identifiable, Sendable {
  /// What the rules are sorted and shown by. The order of the cases is that of the reports.
  public enum Group: String, Codable, Sendable, CaseIterable {
    case connection, server, capacity, privileges, roles, databases, extensions, schema, replication, tools, plan
  }

  public enum Scope: String, Codable, Sendable {
    /// One outcome for the pair of clusters.
    case cluster
    /// One outcome for each selected source database.
    case database
  }

  /// The two kinds of question that a rule can answer: pure functions over what was inspected.
  public enum Decision: Sendable {
    case cluster(@Sendable (ClusterPair) throws -> Conclusion)
    case database(@Sendable (DatabasePair) throws -> Conclusion)
  }

  public let id: String
  public let title: String
  public let group: Group
  /// Of a failure, unless the conclusion itself says otherwise.
  public let severity: Severity
  /// The verdicts that the rule counts for.
  public let methods: Set<Method>
  public let explanation: Explanation
  /// Where it is documented.
  public let documentation: String
  public let decision: Decision

  public var scope: Scope {
    switch decision {
    case .cluster: .cluster
    case .database: .database
    }
  }

  init(
    _ id: String, _ title: String, group: Group, severity: Severity = .blocker,
    methods: Set<Method> = [.replication, .dump], documentation: String, explanation: Explanation,
    decide decision: Decision
  ) {
    self.id = id
    self.title = title
    self.group = group
    self.severity = severity
    self.methods = methods
    self.documentation = documentation
    self.explanation = explanation
    self.decision = decision
  }
}

/// The page of a rule.
public struct Explanation: Sendable, Equatable {
  /// What goes wrong without it.
  public let why: String
  /// How the rule decides, and from what.
  public let decides: String
  public let fix: String
}

/// How much a failure weighs.
public enum Severity: String, Codable, Sendable, CaseIterable {
  case blocker, warning, notice
}

/// What a rule concluded. The fourth answer, that it could not be found out, is a thrown `Undetermined`.
public enum Conclusion: Sendable, Equatable {
  case passed(String, notices: [Finding] = [])
  /// `severity` is the rule's own where it is nil.
  case failed(String, [Finding], severity: Severity? = nil)
  case skipped(String)
}

/// One fact that a rule found: about which object, what, on what evidence, and what to do.
public struct Finding: Codable, Sendable, Equatable {
  /// What it is about, as people say it: `extension postgis`, `database "my db"`.
  public var object: String
  public var message: String
  public var evidence: [String: String]
  public var remediation: Remediation?

  public init(_ object: String, _ message: String, evidence: [String: String] = [:], remediation: Remediation?) {
    self.object = object
    self.message = message
    self.evidence = evidence
    self.remediation = remediation
  }
}

/// What to do about a finding.
public struct Remediation: Codable, Sendable, Equatable {
  /// Where the text to paste belongs.
  public enum Place: String, Codable, Sendable {
    case source, target, both, shell, setting
  }

  /// In words.
  public var text: String
  /// To be pasted: SQL, a command, or a provider's setting.
  public var sql: String?
  public var `where`: Place?

  public init(_ text: String, paste sql: String? = nil, at place: Place? = nil) {
    self.text = text
    self.sql = sql
    self.where = place
  }
}
