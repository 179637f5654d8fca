/// Source or target: on which side of the move a cluster stands.
public enum Side: String, Codable, Sendable, CaseIterable {
  case source, target
}

/// What one look at a cluster has shown. Only values, nothing secret, no row of user data.
///
/// A cluster that could not be reached has a snapshot too: its `connection` tells why, and all its facts are unknown.
public struct ClusterSnapshot: Codable, Sendable, Equatable {
  /// The version of this format.
  public static let currentFormat = 1

  public var format = ClusterSnapshot.currentFormat
  /// The connection string with user, host, port and database only.
  public var connectionString: String
  public var connection: ConnectionAttempt
  public var sessionStart: Fact<SessionStart>
  public var server: Fact<Server>
  public var control: Fact<ControlData>
  public var me: Fact<CurrentRole>
  public var roles: Fact<[Role]>
  public var memberships: Fact<[Membership]>
  public var roleSettings: Fact<[RoleSetting]>
  public var parameterPrivileges: Fact<[ParameterPrivilege]>
  public var settings: Fact<[Setting]>
  public var databases: Fact<[Database]>
  public var databaseSizes: Fact<[DatabaseSize]>
  /// Of the databases that are looked into.
  public var databaseProperties: Fact<[DatabaseProperties]>
  public var storedSettings: Fact<[StoredSetting]>
  public var slots: Fact<[ReplicationSlot]>
  public var activity: Fact<Activity>
  public var subscriptions: Fact<[Subscription]>
  public var preparedTransactions: Fact<[PreparedTransaction]>
  public var writingTransactions: Fact<[WritingTransaction]>
  /// Of the source.
  public var walStatistics: Fact<WALStatistics>
  public var exclusiveLocks: Fact<[ExclusiveLock]>
  public var origins: Fact<ReplicationOrigins>
  public var availableExtensions: Fact<[AvailableExtension]>
  public var languageTemplates: Fact<[LanguageTemplate]>
  /// Of the target: the locales that databases of the source have.
  public var locales: Fact<[LocaleSupport]>
  /// Of the target.
  public var collationProviders: Fact<CollationProviders>
  /// Of the target.
  public var xmlSupport: Fact<XMLSupport>
  /// Of the target: those of the system's collations that source databases name.
  public var systemCollations: Fact<[SystemCollation]>
  /// Of the source: the roles that its selected databases need.
  public var roleReferences: Fact<[RoleReference]>
  /// Of the target.
  public var predefinedRoles: Fact<[PredefinedRole]>
  /// Of the target: the roles that the connected one may give objects to, where it is no superuser.
  public var assumableRoles: Fact<[AssumableRole]>
  /// Of the target.
  public var settingNames: Fact<[SettingName]>
  public var tablespaces: Fact<[Tablespace]>
  /// Of the source, where the connected role is a superuser.
  public var rolePasswords: Fact<[RolePassword]>
  /// Of the target: what functions in C and internal of the source name.
  public var libraryFiles: Fact<[LibraryFile]>
  public var builtinSymbols: Fact<[BuiltinSymbol]>
  public var provider: Fact<ProviderRecognition>
  /// Free space for data, as far as it could be learnt without being told.
  public var freeSpace: Fact<FreeSpace>
  /// The databases that were looked into, by name. Sorted, one for each that was to be inspected.
  public var inspected: [DatabaseSnapshot]

  /// A snapshot in which nothing is known yet, for `reason`.
  public init(connectionString: String, connection: ConnectionAttempt, unknown reason: Undetermined) {
    self.connectionString = connectionString
    self.connection = connection
    sessionStart = .unknown(reason)
    server = .unknown(reason)
    control = .unknown(reason)
    me = .unknown(reason)
    roles = .unknown(reason)
    memberships = .unknown(reason)
    roleSettings = .unknown(reason)
    parameterPrivileges = .unknown(reason)
    settings = .unknown(reason)
    databases = .unknown(reason)
    databaseSizes = .unknown(reason)
    databaseProperties = .unknown(reason)
    storedSettings = .unknown(reason)
    slots = .unknown(reason)
    activity = .unknown(reason)
    subscriptions = .unknown(reason)
    preparedTransactions = .unknown(reason)
    writingTransactions = .unknown(reason)
    walStatistics = .unknown(reason)
    exclusiveLocks = .unknown(reason)
    origins = .unknown(reason)
    availableExtensions = .unknown(reason)
    languageTemplates = .unknown(reason)
    locales = .unknown(reason)
    collationProviders = .unknown(reason)
    xmlSupport = .unknown(reason)
    systemCollations = .unknown(reason)
    roleReferences = .unknown(reason)
    predefinedRoles = .unknown(reason)
    assumableRoles = .unknown(reason)
    settingNames = .unknown(reason)
    tablespaces = .unknown(reason)
    rolePasswords = .unknown(reason)
    libraryFiles = .unknown(reason)
    builtinSymbols = .unknown(reason)
    provider = .unknown(reason)
    freeSpace = .unknown(reason)
    inspected = []
  }
}

/// How a session began.
public struct SessionStart: Codable, Sendable, Equatable {
  /// Whether the server has heeded the settings that it was asked to start with: a connection pooler may leave them out.
  public var heedsSettings: Bool

  public init(heedsSettings: Bool) { self.heedsSettings = heedsSettings }
}

/// How connecting ended.
public enum ConnectionAttempt: Codable, Sendable, Equatable {
  case connected(ConnectionFacts)
  case failed(ConnectionFailureFact)
  /// No attempt was made, and why.
  case notAttempted(String)
}

/// What an open session tells of itself.
public struct ConnectionFacts: Codable, Sendable, Equatable {
  public var user: String
  public var database: String
  /// The host as it was named, or the socket's directory.
  public var host: String
  public var port: String
  public var isTLS: Bool
  public var isSocket: Bool
  /// From the first packet to the first answer of the server, in seconds.
  public var seconds: Double
  /// To the server and back, with a statement that does next to nothing, in seconds. nil in snapshots of earlier versions.
  public var roundTripSeconds: Double?
  /// Whether the server asked for a password (libpq's `PQconnectionUsedPassword`); nil where an older snapshot does not
  /// tell.
  public var usedPassword: Bool?

  public init(
    user: String, database: String, host: String, port: String, isTLS: Bool, isSocket: Bool, seconds: Double,
    usedPassword: Bool? = nil
  ) {
    self.user = user
    self.database = database
    self.host = host
    self.port = port
    self.isTLS = isTLS
    self.isSocket = isSocket
    self.seconds = seconds
    self.usedPassword = usedPassword
  }
}

/// Why a session could not be opened.
public struct ConnectionFailureFact: Codable, Sendable, Equatable {
  /// The kinds of trouble that have fixes of their own.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case nameResolution, refused, timeout, tls, hostBasedAuthentication, authentication, tooManyConnections, startingUp
    case noSuchDatabase, noSuchRole, notPermitted, socketMissing, networkUnreachable, notPostgres
    case unsupportedStartupOption, lost, other
  }

  public var kind: Kind
  /// Five characters, where the server answered with an error of its own.
  public var sqlstate: String?
  /// The server's or libpq's words, without passwords.
  public var message: String
  public var host: String?
  public var port: String?
  public var address: String?
  /// Until it failed, in seconds.
  public var seconds: Double

  public init(
    kind: Kind, sqlstate: String?, message: String, host: String?, port: String?, address: String?, seconds: Double
  ) {
    self.kind = kind
    self.sqlstate = sqlstate
    self.message = message
    self.host = host
    self.port = port
    self.address = address
    self.seconds = seconds
  }
}
