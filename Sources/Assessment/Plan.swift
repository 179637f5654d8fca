import Catalog

/// What a migration would do.
public struct Plan: Codable, Sendable, Equatable {
  public var databases: [DatabasePlan]
  public var roles: [RolePlan]

  public init(databases: [DatabasePlan], roles: [RolePlan]) {
    self.databases = databases
    self.roles = roles
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

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(method, forKey: .method)
    try container.encode(reason, forKey: .reason)
    try container.encode(createsDatabase, forKey: .createsDatabase)
    try container.encode(replication, forKey: .replication)
    try container.encode(dump, forKey: .dump)
    try container.encode(tables, forKey: .tables)
    try container.encode(sizeBytes, forKey: .sizeBytes)
  }
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
