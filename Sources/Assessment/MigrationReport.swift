/// What a migration has done: the part of the report that only `migrate` writes.
public struct MigrationReport: Codable, Sendable, Equatable {
  public enum Status: String, Codable, Sendable {
    /// Everything that was planned.
    case done
    /// Everything of the first wave; other databases wait until these have been cut over.
    case waiting
    /// At least one database was not migrated.
    case failed
    /// Interrupted, or ended by an error before every database was begun.
    case cancelled
  }

  /// RFC 3339, UTC.
  public var startedAt: String
  public var finishedAt: String
  public var status: Status
  public var databases: [MigratedDatabase]
  public var roles: [MigratedRole]

  public init(
    startedAt: String, finishedAt: String, status: Status, databases: [MigratedDatabase], roles: [MigratedRole]
  ) {
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.status = status
    self.databases = databases
    self.roles = roles
  }
}

/// What became of one database.
public struct MigratedDatabase: Codable, Sendable, Equatable {
  public enum Status: String, Codable, Sendable {
    case done
    /// It is being replicated.
    case inStep = "in-step"
    case failed
    /// It is of a later wave.
    case waiting
    /// It was left out.
    case skipped
    case cancelled
  }

  public struct Phase: Codable, Sendable, Equatable {
    public var name: String
    /// RFC 3339, UTC.
    public var startedAt: String
    public var durationSeconds: Double

    public init(name: String, startedAt: String, durationSeconds: Double) {
      self.name = name
      self.startedAt = startedAt
      self.durationSeconds = durationSeconds
    }
  }

  public var name: String
  /// nil for one that was left out.
  public var method: String?
  public var status: Status
  public var message: String
  public var phases: [Phase]
  /// How many tables' rows arrived.
  public var tables: Int
  public var rows: Int
  /// As they went over the wire.
  public var bytes: Int
  public var verification: Verification?
  /// For how long nobody could write, in seconds: while a replicated database was cut over, or from the snapshot of a
  /// dump to its end. nil before the cutover, and where it was not done.
  public var blockedSeconds: Double?
  /// For how long an application can't write while the database is cut over, in seconds: from the last moment at which the
  /// source accepts a write to the one from which the target does. nil before the cutover; reports of earlier versions lack
  /// it.
  public var downtimeSeconds: Double?
  /// What that consists of, in its order.
  public var downtimePhases: [DowntimePhase]?

  public init(
    name: String, method: String?, status: Status, message: String, phases: [Phase] = [], tables: Int = 0,
    rows: Int = 0, bytes: Int = 0, verification: Verification? = nil
  ) {
    self.name = name
    self.method = method
    self.status = status
    self.message = message
    self.phases = phases
    self.tables = tables
    self.rows = rows
    self.bytes = bytes
    self.verification = verification
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(method, forKey: .method)
    try container.encode(status, forKey: .status)
    try container.encode(message, forKey: .message)
    try container.encode(phases, forKey: .phases)
    try container.encode(tables, forKey: .tables)
    try container.encode(rows, forKey: .rows)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(verification, forKey: .verification)
    try container.encode(blockedSeconds, forKey: .blockedSeconds)
    try container.encodeIfPresent(downtimeSeconds, forKey: .downtimeSeconds)
    try container.encodeIfPresent(downtimePhases, forKey: .downtimePhases)
  }
}

/// A part of the time in which nobody can write during a cutover.
public struct DowntimePhase: Codable, Sendable, Equatable {
  public var name: String
  public var seconds: Double

  public init(name: String, seconds: Double) {
    self.name = name
    self.seconds = seconds
  }
}

/// What was compared after the copy.
public struct Verification: Codable, Sendable, Equatable {
  public enum Mode: String, Codable, Sendable, CaseIterable {
    case none, counts, sample, full
  }

  /// How one table was compared, where that is not the same for all.
  public enum Depth: Sendable {
    /// How many rows there are.
    case counts
    /// Also the contents of some of them.
    case sample
    /// The contents of all rows.
    case full
  }

  public struct Mismatch: Codable, Sendable, Equatable {
    /// Quoted as in SQL.
    public var object: String
    public var message: String

    public init(object: String, message: String) {
      self.object = object
      self.message = message
    }
  }

  public var mode: Mode
  /// How many tables were compared.
  public var tables: Int
  public var mismatches: [Mismatch]
  /// How many objects of the schema were compared one by one: definitions, owners, privileges, comments, policies. nil
  /// where none were.
  public var objects: Int?
  /// Where they differ; such a difference does not make the migration fail.
  public var objectDifferences: [Mismatch]?
  /// Of a verification by samples: of how many tables a sample of the rows was compared.
  public var sampledTables: Int?
  /// Of a verification by samples: of how many tables the rows were only counted. Those that are in neither number were
  /// compared as a whole.
  public var countedTables: Int?
  /// Of a cutover: how many tables were compared before writes were blocked, and were not written to afterwards.
  public var tablesComparedBefore: Int?

  public init(mode: Mode, tables: Int, mismatches: [Mismatch]) {
    self.mode = mode
    self.tables = tables
    self.mismatches = mismatches
  }

  /// Of rows and of the schema.
  public var allMismatches: [Mismatch] { mismatches + (objectDifferences ?? []) }

  /// Adds tables that were compared before writes were blocked, and are the same.
  public mutating func add(before depths: [Depth]) {
    tables += depths.count
    tablesComparedBefore = (tablesComparedBefore ?? 0) + depths.count
    guard mode == .sample else { return }
    sampledTables = (sampledTables ?? 0) + depths.count { $0 == .sample }
    countedTables = (countedTables ?? 0) + depths.count { $0 == .counts }
  }
}

/// What became of one role of the source.
public struct MigratedRole: Codable, Sendable, Equatable {
  public enum Status: String, Codable, Sendable {
    case created, exists, failed, excluded
  }

  public var name: String
  public var status: Status
  public var message: String
  /// Whether the role was given a random password, as that of the source can't be read.
  public var passwordPlaceholder: Bool

  public init(name: String, status: Status, message: String = "", passwordPlaceholder: Bool = false) {
    self.name = name
    self.status = status
    self.message = message
    self.passwordPlaceholder = passwordPlaceholder
  }
}
