import Testing

@testable import Catalog
@testable import Rules

// Snapshots as an inspection would give them, to be changed by a test in one place.

let unread = Undetermined("it was not read", remedy: "Read it.")

extension Fact {
  static var missing: Fact { .unknown(unread) }

  /// Changes the value, which has to be known.
  mutating func change(_ body: (inout Value) -> Void) {
    guard case .known(var value) = self else { return }
    body(&value)
    self = .known(value)
  }
}

extension Database {
  static func named(_ name: String) -> Database {
    Database(
      oid: 16384, datname: name, owner: "postgres", encoding: "UTF8", datcollate: "C.UTF-8", datctype: "C.UTF-8",
      localeProvider: "c", locale: nil, datistemplate: false, datallowconn: true, datconnlimit: -1, canConnect: true,
      canCreate: true, isMine: true)
  }
}

extension DatabaseProperties {
  static func named(_ name: String) -> DatabaseProperties {
    DatabaseProperties(datname: name, tablespace: "pg_default", xidAge: 1000, mxidAge: 0, hasPrivileges: false)
  }
}

extension CurrentRole {
  static func named(_ name: String, superuser: Bool = false, inherits: [String] = []) -> CurrentRole {
    CurrentRole(
      rolname: name, rolsuper: superuser, rolcreaterole: superuser, rolcreatedb: superuser, rolreplication: superuser,
      rolbypassrls: superuser, inherits: inherits, memberOf: inherits)
  }
}

extension AvailableExtension {
  static func named(
    _ name: String, version: String = "1.0", isDefault: Bool = true, superuser: Bool = true, trusted: Bool = false,
    requires: [String]? = nil
  ) -> AvailableExtension {
    AvailableExtension(
      name: name, version: version, isDefault: isDefault, superuser: superuser, trusted: trusted, requires: requires)
  }
}

extension UnidentifiedTable {
  static func named(
    _ name: String, of total: Int = 1, changes: Int = 0, size: Int? = 8192, replident: String = "d",
    primaryKey: Bool = false, index: String? = nil, incomparable: [String] = [], hasBTree: Bool = false,
    hasHash: Bool = false, hasGeneratedColumns: Bool = false
  ) -> UnidentifiedTable {
    UnidentifiedTable(
      nTotal: total, nspname: "public", relname: name, replident: replident, hasPrimaryKey: primaryKey,
      hasDeferrableKey: false, candidateIndex: index, incomparable: incomparable, changes: changes, sizeBytes: size,
      hasBTree: hasBTree, hasHash: hasHash, hasGeneratedColumns: hasGeneratedColumns)
  }
}

extension FullIdentityTable {
  static func named(
    _ name: String, incomparable: [String] = ["c json"], hasHash: Bool = false, hasBTree: Bool = false, pages: Int = 1,
    changes: Int = 0
  ) -> FullIdentityTable {
    FullIdentityTable(
      nTotal: 1, nspname: "public", relname: name, hasPrimaryKey: false, hasBTree: hasBTree, hasHash: hasHash,
      incomparable: incomparable, relpages: pages, changes: changes)
  }
}

extension DatabaseSnapshot {
  static func named(_ name: String) -> DatabaseSnapshot {
    var snapshot = DatabaseSnapshot(name: name, connection: .connected(.local), unknown: unread)
    snapshot.summary = .known(RelationSummary(tables: 3))
    snapshot.extensions = .known([InstalledExtension(extname: "plpgsql", extversion: "1.0")])
    snapshot.languages = .known(Language.everywhere.sorted().map { Language(lanname: $0) })
    snapshot.extensionUses = .known([])
    snapshot.extensionMentions = .known([])
    snapshot.extensionMemberUses = .known([])
    snapshot.languageUses = .known([])
    snapshot.extensionTables = .known([])
    snapshot.cronJobs = .known(CronJobs(jobs: 0, active: 0))
    snapshot.rasterUse = .known(RasterUse(areThere: false))
    snapshot.hypertables = .known(Hypertables(hypertables: 0))
    snapshot.notOwnedTables = .known([])
    snapshot.superuserObjects = .known([])
    snapshot.contents = .known(DatabaseContents(isEmpty: false))
    snapshot.schemaUses = .known([])
    snapshot.schemaAccess = .known([])
    snapshot.extensionTableAccess = .known([])
    snapshot.bootstrapReferences = .known([])
    snapshot.tables = .known([])
    snapshot.objects = .known([])
    snapshot.takenNames = .known([])
    snapshot.rowSecuredTables = .known([])
    snapshot.largeObjects = .known(LargeObjects(count: 0))
    snapshot.largeTables = .known([])
    snapshot.materializedViews = .known([])
    snapshot.materializedViewSources = .known([])
    snapshot.unidentifiedTables = .known([])
    snapshot.fullIdentityTables = .known([])
    snapshot.unloggedTables = .known([])
    snapshot.sequenceUses = .known([])
    snapshot.versionedColumns = .known(VersionedColumns(areThere: false))
    snapshot.invalidIndexes = .known([])
    snapshot.publications = .known([])
    snapshot.foreignServers = .known([])
    snapshot.eventTriggers = .known([])
    snapshot.firingTriggers = .known([])
    snapshot.firingRules = .known([])
    snapshot.generatedKeyTables = .known([])
    snapshot.enumHashedTables = .known([])
    snapshot.forcedRowSecurityTables = .known([])
    snapshot.unvalidatedConstraints = .known([])
    snapshot.unvalidatedDomains = .known([])
    snapshot.unpublishedReferences = .known([])
    snapshot.defaultPrivilegeRoles = .known([])
    snapshot.labelProviders = .known([])
    snapshot.tablespaceUses = .known([])
    snapshot.functionSettings = .known([])
    snapshot.collations = .known([])
    snapshot.functions = .known(FunctionSummary())
    snapshot.linkedFunctions = .known([])
    snapshot.unqualifiedFunctions = .known([])
    snapshot.misplacedObjects = .known([])
    snapshot.opaqueFunctions = .known([])
    snapshot.removedTypeColumns = .known([])
    snapshot.tablesWithOIDs = .known([])
    snapshot.polymorphicUses = .known([])
    snapshot.postfixOperators = .known([])
    snapshot.encodingConversions = .known([])
    snapshot.newerFeatures = .known([])
    snapshot.wideTables = .known([])
    snapshot.moneyColumns = .known([])
    snapshot.codedTables = .known([])
    snapshot.loadReadings = .known([])
    snapshot.systemTableColumns = .known([])
    snapshot.accessMethodUses = .known([])
    snapshot.dictionaryFiles = .known([])
    snapshot.nullableChildren = .known([])
    snapshot.systemViewColumns = .known([])
    snapshot.builtinReferences = .known([])
    return snapshot
  }
}

extension ConnectionFacts {
  static let local = ConnectionFacts(
    user: "postgres", database: "postgres", host: "127.0.0.1", port: "5432", isTLS: false, isSocket: false,
    seconds: 0.01, usedPassword: true)
}

extension ClusterSnapshot {
  /// A server on which nothing is wrong, with some databases.
  static func healthy(_ side: Side, version: Int = 150_018, databases: [String] = ["app"]) -> ClusterSnapshot {
    var cluster = ClusterSnapshot(
      connectionString: "postgres://postgres@\(side.rawValue).example:5432", connection: .connected(.local),
      unknown: unread)
    let isSource = side == .source
    cluster.sessionStart = .known(SessionStart(heedsSettings: true))
    cluster.server = .known(
      Server(
        versionNum: version, versionText: "PostgreSQL", inRecovery: false,
        postmasterStartTime: isSource ? "2026-01-01T00:00:00.000001Z" : "2026-01-01T00:00:00.000002Z",
        takenAt: "2026-02-01T00:00:00Z", serverAddr: isSource ? "10.0.0.1" : "10.0.0.2", serverPort: 5432,
        blockSize: 8192, serverEncoding: "UTF8", walFileTimeline: "00000001"))
    cluster.control = .known(
      ControlData(
        systemIdentifier: isSource ? "7000000000000000001" : "7000000000000000002", timelineId: 1, dataChecksums: true))
    cluster.me = .known(.named("postgres", superuser: true))
    cluster.roles = .known([Role(rolname: "postgres", rolcanlogin: true, rolsuper: true)])
    cluster.memberships = .known([])
    cluster.roleSettings = .known([])
    cluster.parameterPrivileges = .known([])
    cluster.settings = .known([])
    for (name, value) in [
      ("wal_level", "logical"), ("max_replication_slots", "10"), ("max_wal_senders", "10"),
      ("max_active_replication_origins", "10"), ("max_logical_replication_workers", "4"), ("max_worker_processes", "8"),
      ("max_sync_workers_per_subscription", "2"), ("default_transaction_read_only", "off"),
      ("max_connections", "100"), ("superuser_reserved_connections", "3"),
      ("data_directory", "/data/\(side.rawValue)"), ("max_slot_wal_keep_size", "-1"), ("wal_keep_size", "0"),
      ("idle_replication_slot_timeout", "0"), ("wal_sender_timeout", "60000"), ("wal_receiver_timeout", "60000"),
      ("autovacuum_freeze_max_age", "200000000"), ("password_encryption", "scram-sha-256"),
      ("shared_preload_libraries", ""), ("max_locks_per_transaction", "64"), ("max_prepared_transactions", "0"),
      ("data_checksums", "on"), ("lc_monetary", "C.UTF-8"), ("logical_decoding_work_mem", "65536"),
      ("maintenance_work_mem", "1048576"),
      ("max_wal_size", "8192"), ("checkpoint_timeout", "900"), ("autovacuum", "on"), ("fsync", "on"),
      ("full_page_writes", "on"), ("synchronous_standby_names", ""), ("synchronous_commit", "on"),
    ] { cluster.set(name, value) }
    cluster.databases = .known((databases + ["template1"]).map { .named($0) })
    cluster.databaseSizes = .known(databases.map { DatabaseSize(datname: $0, sizeBytes: 1_000_000) })
    cluster.databaseProperties = .known(databases.map { .named($0) })
    cluster.storedSettings = .known([])
    cluster.settingNames = .known(
      ["work_mem", "search_path", "statement_timeout", "log_statement"].map {
        SettingName(name: $0, isOfSessions: true, mayBeSet: $0 != "log_statement")
      })
    cluster.tablespaces = .known([])
    cluster.rolePasswords = .known([])
    cluster.systemCollations = .known([])
    cluster.slots = .known([])
    cluster.activity = .known(Activity(clientBackends: 1, ownBackends: 1, walsenders: 0))
    cluster.subscriptions = .known([])
    cluster.preparedTransactions = .known([])
    cluster.writingTransactions = .known([])
    cluster.walStatistics = .known(WALStatistics(walBytes: 1_000_000_000, seconds: 86_400))
    cluster.exclusiveLocks = .known([])
    cluster.origins = .known(ReplicationOrigins(origins: 0))
    cluster.availableExtensions = .known([
      .named("plpgsql", trusted: true), .named("pg_trgm", trusted: true), .named("dblink"),
    ])
    cluster.languageTemplates = .known([])
    cluster.provider = .known(ProviderRecognition(from: .none))
    cluster.libraryFiles = .known([])
    cluster.builtinSymbols = .known([])
    cluster.locales = .known([LocaleSupport(name: "C.UTF-8", isKnown: true)])
    cluster.collationProviders = .known(CollationProviders(hasIcu: true))
    cluster.xmlSupport = .known(XMLSupport(isBuiltIn: true))
    cluster.roleReferences = .known([])
    cluster.predefinedRoles = .known([])
    cluster.assumableRoles = .known([])
    cluster.freeSpace = .known(FreeSpace(freeBytes: 1_000_000_000, totalBytes: nil, origin: "a test"))
    cluster.inspected = databases.map { .named($0) }
    return cluster
  }

  /// A setting's value; nil takes the row away, as a server does that lacks or hides it.
  mutating func set(
    _ name: String, _ value: String?, pendingRestart: Bool = false, source: String = "configuration file"
  ) {
    settings.change { settings in
      settings.removeAll { $0.name == name }
      guard let value else { return }
      settings.append(
        Setting(name: name, setting: value, resetVal: value, unit: nil, pendingRestart: pendingRestart, source: source))
    }
  }
}

extension ProviderMarks {
  static let none = ProviderMarks(roles: [], databases: [], settingPrefixes: [], functions: [], schemas: [])

  /// What tells that provider apart.
  static func of(_ provider: Provider) -> ProviderMarks {
    var marks = none
    switch provider {
    case .aurora: marks.functions = ["aurora_version"]
    case .rds: (marks.roles, marks.databases) = (["rds_superuser"], ["rdsadmin"])
    case .alloydb: (marks.roles, marks.databases) = (["alloydbsuperuser"], ["alloydbadmin"])
    case .cloudsql: (marks.roles, marks.databases) = (["cloudsqlsuperuser"], ["cloudsqladmin"])
    case .azure: (marks.roles, marks.settingPrefixes) = (["azure_pg_admin"], ["azure"])
    case .aiven: marks.roles = ["avnadmin"]
    case .neon: marks.roles = ["neon_superuser"]
    case .supabase: marks.roles = ["supabase_admin"]
    case .crunchy: marks.roles = ["crunchy_superuser"]
    case .digitalocean: marks.roles = ["doadmin"]
    case .timescale: marks.roles = ["tsdbadmin"]
    case .heroku: marks.schemas = ["heroku_ext"]
    case .selfManaged: break
    }
    return marks
  }
}

extension ToolSearch {
  /// One installation of each major version.
  static let healthy = ToolSearch(
    found: (13...19).map { major in
      ClientTools(
        folder: "/usr/lib/postgresql/\(major)/bin", pgDump: ToolVersion(major: major, minor: 25),
        pgRestore: ToolVersion(major: major, minor: 25))
    }, searched: ["/usr/bin"], libpq: 150_018)
}

/// Two healthy clusters of which a test breaks something.
struct Situation {
  var source: ClusterSnapshot
  var target: ClusterSnapshot
  var options = CheckOptions()

  init(source: Int = 150_018, target: Int = 150_018, databases: [String] = ["app"]) {
    self.source = .healthy(.source, version: source, databases: databases)
    self.target = .healthy(.target, version: target, databases: databases)
  }

  var tools = Fact<ToolSearch>.known(.healthy)

  var pair: ClusterPair { ClusterPair(source: source, target: target, options: options, tools: tools) }

  /// What the rule concludes of the clusters, or of the first database.
  func decide(_ id: String) throws -> Conclusion {
    let rule = try #require(Rule.all.first { $0.id == id })
    switch rule.decision {
    case .cluster(let decide): return try decide(pair)
    case .database(let decide): return try decide(try #require(pair.databasePairs.first))
    }
  }

  func crossing() throws -> Crossing { try #require(pair.databasePairs.first).crossing() }
}

extension Conclusion {
  var isPassed: Bool { if case .passed = self { true } else { false } }
  var isSkipped: Bool { if case .skipped = self { true } else { false } }
  var isFailed: Bool { if case .failed = self { true } else { false } }

  var message: String {
    switch self {
    case .passed(let message, _), .failed(let message, _, _), .skipped(let message): message
    }
  }

  var findings: [Finding] { if case .failed(_, let findings, _) = self { findings } else { [] } }
  /// Of the conclusion itself; nil is the rule's own.
  var severity: Severity? { if case .failed(_, _, let severity) = self { severity } else { nil } }
}
