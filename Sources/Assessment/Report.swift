import Catalog
import Rules

/// A check as the reports tell it: the JSON report is this value, and every other format is made from it.
public struct Report: Codable, Sendable, Equatable {
  public static let schemaVersion = "1"

  public var schemaVersion = Report.schemaVersion
  public var tool: Tool
  public var run: Run
  public var settings: SettingsDigest
  public var source: ClusterReport
  public var target: ClusterReport
  public var capacity: [Capacity]
  public var verdict: Verdict
  public var summary: Summary
  /// By group, rule, database.
  public var outcomes: [Outcome]
  public var plan: Plan
  /// What `migrate` has done; nil in the report of a check.
  public var migration: MigrationReport?

  public init(
    tool: Tool, run: Run, settings: SettingsDigest, source: ClusterReport, target: ClusterReport,
    capacity: [Capacity], verdict: Verdict, summary: Summary, outcomes: [Outcome], plan: Plan,
    migration: MigrationReport? = nil
  ) {
    self.tool = tool
    self.run = run
    self.settings = settings
    self.source = source
    self.target = target
    self.capacity = capacity
    self.verdict = verdict
    self.summary = summary
    self.outcomes = outcomes
    self.plan = plan
    self.migration = migration
  }
}

public struct Tool: Codable, Sendable, Equatable {
  public var name: String
  public var version: String
  public var ruleSet: RuleSet

  public init(name: String, version: String, ruleSet: RuleSet) {
    self.name = name
    self.version = version
    self.ruleSet = ruleSet
  }
}

/// Which rules judged.
public struct RuleSet: Codable, Sendable, Equatable {
  public var version: String
  /// `sha256:…`
  public var digest: String
  /// How many.
  public var rules: Int

  public init(version: String, digest: String, rules: Int) {
    self.version = version
    self.digest = digest
    self.rules = rules
  }
}

/// The run itself: the only part of a report that differs between two runs over the same snapshots.
public struct Run: Codable, Sendable, Equatable {
  public var id: String
  /// RFC 3339, UTC.
  public var startedAt: String
  public var finishedAt: String
  public var durationSeconds: Double
  public var host: String
  /// As given, connection strings without passwords.
  public var arguments: [String]
  public var exitStatus: Int

  public init(
    id: String, startedAt: String, finishedAt: String, durationSeconds: Double, host: String, arguments: [String],
    exitStatus: Int
  ) {
    self.id = id
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.durationSeconds = durationSeconds
    self.host = host
    self.arguments = arguments
    self.exitStatus = exitStatus
  }
}

/// What a check exits with 1 for.
public enum FailOn: String, Codable, Sendable, CaseIterable {
  case blocker, warning, never
}

public struct SettingsDigest: Codable, Sendable, Equatable {
  /// The configuration file; nil where there is none.
  public var file: String?
  /// `sha256:…` of its bytes.
  public var digest: String?
  public var failOn: FailOn
  /// How many there are.
  public var waivers: Int
  /// Those without an effect: they should be renewed or removed.
  public var idleWaivers: [IdleWaiver]

  private enum CodingKeys: String, CodingKey { case file, digest, failOn, waivers, idleWaivers }

  public init(file: String?, digest: String?, failOn: FailOn, waivers: Int, idleWaivers: [IdleWaiver] = []) {
    self.file = file
    self.digest = digest
    self.failOn = failOn
    self.waivers = waivers
    self.idleWaivers = idleWaivers
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    file = try container.decodeIfPresent(String.self, forKey: .file)
    digest = try container.decodeIfPresent(String.self, forKey: .digest)
    failOn = try container.decode(FailOn.self, forKey: .failOn)
    waivers = try container.decode(Int.self, forKey: .waivers)
    // Reports of a version without waivers have none.
    idleWaivers = try container.decodeIfPresent([IdleWaiver].self, forKey: .idleWaivers) ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(file, forKey: .file)
    try container.encode(digest, forKey: .digest)
    try container.encode(failOn, forKey: .failOn)
    try container.encode(waivers, forKey: .waivers)
    try container.encode(idleWaivers, forKey: .idleWaivers)
  }
}

/// One of the two clusters.
public struct ClusterReport: Codable, Sendable, Equatable {
  /// Without password and options.
  public var connection: String
  public var reachable: Bool
  public var serverVersion: String?
  public var serverVersionNum: Int?
  public var systemIdentifier: String?
  /// As people call it.
  public var provider: String?
  public var databases: [DatabaseReport]
  public var excludedDatabases: [ExcludedDatabase]
  /// `sha256:…` over what a plan depends on; nil where the cluster was not seen.
  public var fingerprint: String?

  public init(
    connection: String, reachable: Bool, serverVersion: String?, serverVersionNum: Int?, systemIdentifier: String?,
    provider: String?, databases: [DatabaseReport], excludedDatabases: [ExcludedDatabase], fingerprint: String?
  ) {
    self.connection = connection
    self.reachable = reachable
    self.serverVersion = serverVersion
    self.serverVersionNum = serverVersionNum
    self.systemIdentifier = systemIdentifier
    self.provider = provider
    self.databases = databases
    self.excludedDatabases = excludedDatabases
    self.fingerprint = fingerprint
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(connection, forKey: .connection)
    try container.encode(reachable, forKey: .reachable)
    try container.encode(serverVersion, forKey: .serverVersion)
    try container.encode(serverVersionNum, forKey: .serverVersionNum)
    try container.encode(systemIdentifier, forKey: .systemIdentifier)
    try container.encode(provider, forKey: .provider)
    try container.encode(databases, forKey: .databases)
    try container.encode(excludedDatabases, forKey: .excludedDatabases)
    try container.encode(fingerprint, forKey: .fingerprint)
  }
}

/// A database of one of the clusters.
public struct DatabaseReport: Codable, Sendable, Equatable {
  public var name: String
  /// nil where it may not be seen.
  public var sizeBytes: Int?
  public var encoding: String
  public var collate: String
  public var ctype: String

  public init(name: String, sizeBytes: Int?, encoding: String, collate: String, ctype: String) {
    self.name = name
    self.sizeBytes = sizeBytes
    self.encoding = encoding
    self.collate = collate
    self.ctype = ctype
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(sizeBytes, forKey: .sizeBytes)
    try container.encode(encoding, forKey: .encoding)
    try container.encode(collate, forKey: .collate)
    try container.encode(ctype, forKey: .ctype)
  }
}

/// Something that there is a limited amount of: what the drawings of the report show.
public struct Capacity: Codable, Sendable, Equatable {
  /// `disk`, or the setting that limits it.
  public var name: String
  public var side: Side
  /// nil where it is not known: bytes for `disk`, else a count.
  public var total: Int?
  public var used: Int?
  public var needed: Int?

  public init(name: String, side: Side, total: Int?, used: Int?, needed: Int?) {
    self.name = name
    self.side = side
    self.total = total
    self.used = used
    self.needed = needed
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(side, forKey: .side)
    try container.encode(total, forKey: .total)
    try container.encode(used, forKey: .used)
    try container.encode(needed, forKey: .needed)
  }
}

/// Counts by outcome and severity.
public struct Summary: Codable, Sendable, Equatable {
  public var passed: Int
  public var blockers: Int
  public var warnings: Int
  public var undetermined: Int
  public var skipped: Int
  public var waived: Int
  public var total: Int

  public init(of outcomes: [Outcome]) {
    func count(_ isCounted: (Outcome) -> Bool) -> Int { outcomes.lazy.filter(isCounted).count }
    passed = count { $0.outcome == .passed }
    blockers = count { $0.isBlocker }
    warnings = count { $0.isWarning }
    undetermined = count { $0.outcome == .undetermined }
    skipped = count { $0.outcome == .skipped }
    waived = count { $0.outcome == .waived }
    total = outcomes.count
  }
}
