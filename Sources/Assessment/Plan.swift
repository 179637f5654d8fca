import Catalog
import Rules

/// What a migration would do.
public struct Plan: Codable, Sendable, Equatable {
  public var databases: [DatabasePlan]
  public var roles: [RolePlan]
  /// How many waves the databases are migrated in.
  public var waves: Int { max(1, databases.compactMap(\.wave).max() ?? 1) }

  /// nil where sizes are not known.
  public var estimatedCopySeconds: CopyTime?

  public init(databases: [DatabasePlan], roles: [RolePlan], estimatedCopySeconds: CopyTime? = nil) {
    self.databases = databases
    self.roles = roles
    self.estimatedCopySeconds = estimatedCopySeconds
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(databases, forKey: .databases)
    try container.encode(roles, forKey: .roles)
    try container.encode(estimatedCopySeconds, forKey: .estimatedCopySeconds)
  }
}

/// How one database crosses.
public struct DatabasePlan: Codable, Sendable, Equatable {
  public var name: String
  /// nil: no method is left.
  public var method: Method?
  public var reason: String
  /// nil where it is not known whether the target has it.
  public var createsDatabase: Bool?
  public var replication: Verdict?
  public var dump: Verdict?
  public var tables: PlannedTables?
  /// nil where it is not known.
  public var sizeBytes: Int?
  /// When it is migrated, from 1: where not all databases can be replicated at once, the next ones are when these have been
  /// cut over. nil where no method is left.
  public var wave: Int?
  /// What is copied while writes are blocked, where the database is replicated.
  public var tablesAtCutover: [TableAtCutover] = []
  public var largeObjectsAtCutover: LargeObjectsAtCutover?
  /// What tables of the source are given for the time of the migration.
  public var replicaIdentityChanges: [ReplicaIdentityChange] = []
  /// Of a replicated database; nil where its size is not known.
  public var estimatedBlockedSeconds: BlockedTime?

  public init(
    name: String, method: Method?, reason: String, createsDatabase: Bool?, replication: Verdict?, dump: Verdict?,
    tables: PlannedTables?, sizeBytes: Int?
  ) {
    self.name = name
    self.method = method
    self.reason = reason
    self.createsDatabase = createsDatabase
    self.replication = replication
    self.dump = dump
    self.tables = tables
    self.sizeBytes = sizeBytes
  }

  /// By a method; nil for one that is not under consideration (`--method`).
  public func verdict(of method: Method) -> Verdict? { method == .replication ? replication : dump }

  private enum CodingKeys: String, CodingKey {
    case name, method, wave, reason, createsDatabase, replication, dump, tables, sizeBytes
    case tablesAtCutover, largeObjectsAtCutover, replicaIdentityChanges, estimatedBlockedSeconds
  }

  /// Reports of earlier versions do not tell what is done at cutover.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      method: try container.decodeIfPresent(Method.self, forKey: .method),
      reason: try container.decode(String.self, forKey: .reason),
      createsDatabase: try container.decodeIfPresent(Bool.self, forKey: .createsDatabase),
      replication: try container.decodeIfPresent(Verdict.self, forKey: .replication),
      dump: try container.decodeIfPresent(Verdict.self, forKey: .dump),
      tables: try container.decodeIfPresent(PlannedTables.self, forKey: .tables),
      sizeBytes: try container.decodeIfPresent(Int.self, forKey: .sizeBytes))
    wave = try container.decodeIfPresent(Int.self, forKey: .wave)
    tablesAtCutover = try container.decodeIfPresent([TableAtCutover].self, forKey: .tablesAtCutover) ?? []
    largeObjectsAtCutover = try container.decodeIfPresent(LargeObjectsAtCutover.self, forKey: .largeObjectsAtCutover)
    replicaIdentityChanges =
      try container.decodeIfPresent([ReplicaIdentityChange].self, forKey: .replicaIdentityChanges) ?? []
    estimatedBlockedSeconds = try container.decodeIfPresent(BlockedTime.self, forKey: .estimatedBlockedSeconds)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(method, forKey: .method)
    try container.encode(wave, forKey: .wave)
    try container.encode(reason, forKey: .reason)
    try container.encode(createsDatabase, forKey: .createsDatabase)
    try container.encode(replication, forKey: .replication)
    try container.encode(dump, forKey: .dump)
    try container.encode(tables, forKey: .tables)
    try container.encode(sizeBytes, forKey: .sizeBytes)
    try container.encode(tablesAtCutover, forKey: .tablesAtCutover)
    try container.encode(largeObjectsAtCutover, forKey: .largeObjectsAtCutover)
    try container.encode(replicaIdentityChanges, forKey: .replicaIdentityChanges)
    try container.encode(estimatedBlockedSeconds, forKey: .estimatedBlockedSeconds)
  }
}

/// A table that is not replicated, and copied while writes are blocked.
public struct TableAtCutover: Codable, Sendable, Equatable {
  /// Qualified, quoted as SQL identifiers; a partitioned table stands for its partitions.
  public var name: String
  /// In words: `it has no replica identity`.
  public var reason: String
  /// Indexes included.
  public var sizeBytes: Int
}

/// The large objects, which are copied while writes are blocked.
public struct LargeObjectsAtCutover: Codable, Sendable, Equatable {
  public var count: Int
  public var sizeBytes: Int
}

/// A replica identity that a table of the source is given, until the cutover.
public struct ReplicaIdentityChange: Codable, Sendable, Equatable {
  public enum Identity: String, Codable, Sendable {
    case standard = "DEFAULT"
    case usingIndex = "USING INDEX"
    case full = "FULL"
  }

  /// Qualified, quoted as SQL identifiers.
  public var name: String
  public var to: Identity
  /// Not quoted; nil where no index is named.
  public var index: String?
}

/// The tables of a plan: their number, or their names where a table filter is given.
public enum PlannedTables: Codable, Sendable, Equatable {
  case all(Int)
  /// Qualified, quoted as SQL identifiers.
  case named([String])

  public var count: Int {
    switch self {
    case .all(let count): count
    case .named(let names): names.count
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self = .all(count)
    } else {
      self = .named(try container.decode([String].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .all(let count): try container.encode(count)
    case .named(let names): try container.encode(names)
    }
  }
}

/// What happens to a role of the source.
public struct RolePlan: Codable, Sendable, Equatable {
  public enum Action: String, Codable, Sendable {
    case create
    case exists
    case leaveOut = "leave out"
    /// The target's roles are not known.
    case undetermined
  }

  public var name: String
  public var action: Action

  public init(name: String, action: Action) {
    self.name = name
    self.action = action
  }
}
