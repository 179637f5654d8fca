/// How a database crosses.
public enum Method: String, Codable, Sendable, CaseIterable, Comparable {
  case replication, dump

  public static func < (left: Self, right: Self) -> Bool { left == .replication && right == .dump }
}

/// Which method the user allows.
public enum MethodChoice: String, Codable, Sendable, CaseIterable {
  case auto, replication, dump

  public func allows(_ method: Method) -> Bool { self == .auto || rawValue == method.rawValue }
}

/// What the user asked for, as far as selection and rules depend on it.
public struct CheckOptions: Codable, Sendable, Equatable {
  public var method = MethodChoice.auto
  /// Left out, by exact name.
  public var excludedDatabases: [String] = []
  /// Where not empty: only these, administrative ones included.
  public var includedDatabases: [String] = []
  public var excludedRoles: [String] = []
  public var excludedExtensions: [String] = []
  public var tables = TableFilter.all
  public var replicatesExtensionTables = true
  public var createsDatabases = true
  /// Bytes free on the target's data volume, as the user tells it.
  public var targetFreeSpace: Int?
  /// Upper bound in bytes on what is moved.
  public var maxTotalSize: Int?
  /// Bytes a second that a copy takes, as the user tells it.
  public var throughput: Int?
  /// What can't be replicated is copied while writes are blocked, as far as that fits.
  public var copyAtCutover = CopyAtCutover.auto
  /// How long that copy may take, in seconds.
  public var maxBlockedSeconds = CheckOptions.defaultMaxBlockedSeconds
  /// Whether tables of the source may be given a replica identity for the time of the migration.
  public var setsReplicaIdentity = false
  public var skipsVersionCheck = false
  /// How much a migration would do at the same time.
  public var jobs = 4
  /// Rules whose missing answer the user accepts, and who that is.
  public var acceptedUndetermined: [String] = []
  public var acceptedBy = ""
  /// Databases of which the target has what an interrupted run made, which is to be gone on with.
  public var resumedDatabases: [String] = []
  /// That run, in eight hexadecimal digits.
  public var resumedRun: String?
  /// Whether schemas are restored for the sake of trying.
  public var rehearses = false
  /// How many rows of each table are loaded for the sake of trying.
  public var rehearsedRows = 0
  /// Sides for which a saved snapshot stands in: it may be of another day, and its server is not there to be asked.
  public var savedSides: Set<Side> = []

  public static let defaultMaxBlockedSeconds = 30

  public init() {}
}

/// Whether what can't be replicated is copied while writes are blocked.
public enum CopyAtCutover: String, Codable, Sendable, CaseIterable {
  case auto, never
}

/// Which tables are part of the move.
public enum TableFilter: Codable, Sendable, Equatable {
  case all
  case only([TablePattern])
  case without([TablePattern])

  public func selects(_ table: Table, in database: String) -> Bool {
    selects(schema: table.nspname, table: table.relname, in: database)
  }

  public func selects(schema: String, table: String, in database: String) -> Bool {
    switch self {
    case .all: true
    case .only(let patterns): patterns.contains { $0.matches(schema: schema, table: table, in: database) }
    case .without(let patterns): !patterns.contains { $0.matches(schema: schema, table: table, in: database) }
    }
  }
}

/// `table`, `schema.table` or `database.schema.table`; what is left out matches everything.
public struct TablePattern: Codable, Sendable, Equatable {
  public var database: String?
  public var schema: String?
  public var table: String

  public init(database: String? = nil, schema: String? = nil, table: String) {
    self.database = database
    self.schema = schema
    self.table = table
  }

  public func matches(_ other: Table, in database: String) -> Bool {
    matches(schema: other.nspname, table: other.relname, in: database)
  }

  func matches(schema: String, table: String, in database: String) -> Bool {
    table.isSameName(as: self.table)
      && (self.schema.map { $0.isSameName(as: schema) } ?? true)
      && (self.database.map { $0.isSameName(as: database) } ?? true)
  }
}
