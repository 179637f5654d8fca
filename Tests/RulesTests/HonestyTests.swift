import Testing

@testable import Catalog
@testable import Rules

/// What is not known never passes for fine.
@Suite struct HonestyTests {
  @Test func `on two healthy clusters nothing fails`() throws {
    for version in [100_023, 130_016, 150_018, 170_010, 180_006, 190_000] {
      let situation = Situation(source: version, target: version)
      // No client programs with the newest security fixes are as old as 10.
      for rule in Rule.all where version >= 130_000 || rule.group != .tools {
        let conclusion = try situation.decide(rule.id)
        #expect(!conclusion.isFailed, "\(rule.id) of \(version): \(conclusion)")
      }
    }
  }

  @Test(arguments: [Side.source, .target]) func `of an unreachable server no rule says that it is fine`(side: Side) {
    var situation = Situation()
    let failure = ConnectionFailureFact(
      kind: .refused, sqlstate: nil, message: "refused", host: "h", port: "1", address: nil, seconds: 0)
    let unreachable = ClusterSnapshot(connectionString: "postgres://h", connection: .failed(failure), unknown: unread)
    if side == .source { situation.source = unreachable } else { situation.target = unreachable }
    situation.options.includedDatabases = ["app"]
    situation.options.maxTotalSize = 1
    // What concerns the other server alone may well pass.
    let others = side == .source ? Self.rulesOfTarget : Self.rulesOfSource
    for rule in Rule.all where !others.contains(rule.id) {
      do {
        let conclusion = try situation.decide(rule.id)
        #expect(!conclusion.isPassed, "\(rule.id): \(conclusion)")
      } catch {
        #expect(error is Undetermined, "\(rule.id): \(error)")
      }
    }
  }

  private static let rulesOfSource: Set<String> = [
    "connection-source", "connection-source-databases", "source-not-in-recovery", "source-size-limit",
    "replication-privileges", "publication-privileges", "replication-slots-free", "wal-level-logical",
    "wal-senders-free", "source-read-privileges", "existing-slots", "long-transactions", "output-plugin-allowed",
    "prepared-transactions", "slot-keep-size", "source-version-supported", "source-row-security",
    "large-object-privileges", "large-objects", "estimated-duration", "materialized-view-owners", "materialized-views",
    "partitioned-tables",
    "replica-identity",
    "replica-identity-full", "replication-ddl-guards", "event-triggers", "sequences", "unlogged-tables",
    "always-triggers",
    "ddl-during-replication",
    "existing-publications", "foreign-servers", "generated-columns", "invalid-indexes", "partition-routing",
    "unvalidated-constraints", "cutover-privileges", "unpublished-references",
    "extension-config-tables", "extension-preload",
    "hypertables", "pg-cron", "postgis", "timescaledb", "large-tables", "many-objects", "size-summary",
    "wal-retention-during-copy", "libpq-version",
    "functions-search-path", "user-objects-in-system-schemas",
    "removed-types", "tables-with-oids", "security-labels",
    "access-methods", "text-search-files", "row-width", "event-triggers", "replication-ddl-guards", "load-order",
    "apply-order",
  ]
  private static let rulesOfTarget: Set<String> = [
    "connection-target", "target-not-in-recovery", "target-subscription-privileges", "connection-target-databases",
    "database-exists-or-creatable", "target-create-privileges", "target-version-supported", "target-tables-empty",
    "target-ownership", "superuser-only-objects", "libpq-version",
    "default-privileges", "target-bulk-settings", "xml-support",
  ]

  /// Each takes away one thing that could have been read.
  private static let holes: [(name: String, make: @Sendable (inout ClusterSnapshot) -> Void)] = [
    ("sessionStart", { $0.sessionStart = .missing }), ("server", { $0.server = .missing }),
    ("me", { $0.me = .missing }), ("memberships", { $0.memberships = .missing }),
    ("roleSettings", { $0.roleSettings = .missing }),
    ("settings", { $0.settings = .missing }),
    ("databases", { $0.databases = .missing }), ("databaseSizes", { $0.databaseSizes = .missing }),
    ("slots", { $0.slots = .missing }),
    ("preparedTransactions", { $0.preparedTransactions = .missing }),
    ("writingTransactions", { $0.writingTransactions = .missing }), ("activity", { $0.activity = .missing }),
    ("subscriptions", { $0.subscriptions = .missing }), ("origins", { $0.origins = .missing }),
    ("exclusiveLocks", { $0.exclusiveLocks = .missing }),
    ("availableExtensions", { $0.availableExtensions = .missing }), ("freeSpace", { $0.freeSpace = .missing }),
    ("languageTemplates", { $0.languageTemplates = .missing }), ("inspected", { $0.inspected = [] }),
    ("extensions", { $0.inspected[0].extensions = .missing }), ("languages", { $0.inspected[0].languages = .missing }),
    ("extensionUses", { $0.inspected[0].extensionUses = .missing }),
    ("extensionMentions", { $0.inspected[0].extensionMentions = .missing }),
    ("extensionMemberUses", { $0.inspected[0].extensionMemberUses = .missing }),
    ("languageUses", { $0.inspected[0].languageUses = .missing }),
    ("notOwnedTables", { $0.inspected[0].notOwnedTables = .missing }),
    ("summary", { $0.inspected[0].summary = .missing }), ("objects", { $0.inspected[0].objects = .missing }),
    ("takenNames", { $0.inspected[0].takenNames = .missing }),
    ("unidentifiedTables", { $0.inspected[0].unidentifiedTables = .missing }),
    ("fullIdentityTables", { $0.inspected[0].fullIdentityTables = .missing }),
    ("unloggedTables", { $0.inspected[0].unloggedTables = .missing }),
    ("sequenceUses", { $0.inspected[0].sequenceUses = .missing }),
    ("rowSecuredTables", { $0.inspected[0].rowSecuredTables = .missing }),
    ("unqualifiedFunctions", { $0.inspected[0].unqualifiedFunctions = .missing }),
    ("largeTables", { $0.inspected[0].largeTables = .missing }),
    ("extensionTables", { $0.inspected[0].extensionTables = .missing }),
    ("cronJobs", { $0.inspected[0].cronJobs = .missing }),
    ("hypertables", { $0.inspected[0].hypertables = .missing }),
    ("walStatistics", { $0.walStatistics = .missing }),
    ("defaultPrivilegeRoles", { $0.inspected[0].defaultPrivilegeRoles = .missing }),
    ("newerFeatures", { $0.inspected[0].newerFeatures = .missing }),
    ("accessMethodUses", { $0.inspected[0].accessMethodUses = .missing }),
    ("dictionaryFiles", { $0.inspected[0].dictionaryFiles = .missing }),
    ("wideTables", { $0.inspected[0].wideTables = .missing }),
    ("codedTables", { $0.inspected[0].codedTables = .missing }),
    ("loadReadings", { $0.inspected[0].loadReadings = .missing }),
    ("moneyColumns", { $0.inspected[0].moneyColumns = .missing }),
    ("labelProviders", { $0.inspected[0].labelProviders = .missing }),
    ("parameterPrivileges", { $0.parameterPrivileges = .missing }),
    ("assumableRoles", { $0.assumableRoles = .missing }),
    ("largeObjects", { $0.inspected[0].largeObjects = .missing }),
    ("invalidIndexes", { $0.inspected[0].invalidIndexes = .missing }),
    ("publications", { $0.inspected[0].publications = .missing }),
    ("foreignServers", { $0.inspected[0].foreignServers = .missing }),
    ("eventTriggers", { $0.inspected[0].eventTriggers = .missing }),
    ("firingTriggers", { $0.inspected[0].firingTriggers = .missing }),
    ("firingRules", { $0.inspected[0].firingRules = .missing }),
    ("generatedKeyTables", { $0.inspected[0].generatedKeyTables = .missing }),
    ("enumHashedTables", { $0.inspected[0].enumHashedTables = .missing }),
    ("forcedRowSecurityTables", { $0.inspected[0].forcedRowSecurityTables = .missing }),
    ("unpublishedReferences", { $0.inspected[0].unpublishedReferences = .missing }),
    ("unvalidatedConstraints", { $0.inspected[0].unvalidatedConstraints = .missing }),
    ("unvalidatedDomains", { $0.inspected[0].unvalidatedDomains = .missing }),
  ]

  /// Clusters of which nearly every rule has something to say.
  private static var broken: Situation {
    var situation = Situation(source: 170_010, target: 150_018)
    situation.options.includedDatabases = ["app"]
    situation.options.maxTotalSize = 1
    situation.source.sessionStart = .known(SessionStart(heedsSettings: false))
    situation.source.server.change { $0.inRecovery = true }
    situation.source.exclusiveLocks = .known([ExclusiveLock(pid: 7, datname: "app", relations: 1, nTotal: 1)])
    situation.source.set("wal_level", "replica")
    situation.source.set("max_replication_slots", "0")
    situation.source.set("max_wal_senders", "0")
    situation.source.me = .known(.named("me"))
    situation.source.databases.change { $0[0].canCreate = false }
    situation.source.inspected[0].extensions = .known(
      ["dblink", "plperl"].map { InstalledExtension(extname: $0, extversion: "2.0") })
    situation.source.inspected[0].extensionUses = .known([
      ExtensionUse(extname: "plperl", schemaUsable: true, dependents: 2, requiredBy: [])
    ])
    situation.source.inspected[0].languages.change { $0.append(Language(lanname: "plperl")) }
    situation.source.inspected[0].languageUses = .known([
      LanguageUse(lanname: "plperl", extension: "plperl", functions: 2, hasOwnHandler: false)
    ])
    situation.source.inspected[0].unidentifiedTables = .known([.named("t")])
    situation.source.inspected[0].fullIdentityTables = .known([.named("f")])
    situation.source.inspected[0].unloggedTables = .known([
      UnloggedTable(nTotal: 1, nspname: "public", relname: "u", sizeBytes: 0)
    ])
    situation.source.inspected[0].summary.change { $0.sequences = 1 }
    situation.source.inspected[0].sequenceUses = .known([
      SequenceUse(
        nspname: "public", relname: "s", isNarrowColumn: false, isDescending: false, lastValue: 99, finalValue: 100)
    ])
    situation.source.inspected[0].rowSecuredTables = .known([
      RowSecuredTable(nTotal: 1, nspname: "public", relname: "r", owner: "o", isForced: false)
    ])
    situation.source.inspected[0].largeObjects = .known(LargeObjects(count: 1, unreadable: 1))
    breakWhatIsReplicated(&situation)
    situation.target.server.change { $0.inRecovery = true }
    situation.target.set("max_replication_slots", "0")
    situation.target.set("max_logical_replication_workers", "0")
    situation.target.me = .known(.named("me"))
    situation.target.databases = .known([])
    situation.target.freeSpace = .known(FreeSpace(freeBytes: 1, totalBytes: 2, origin: "a test"))
    return situation
  }

  private static func breakWhatIsReplicated(_ situation: inout Situation) {
    situation.source.subscriptions = .known([
      Subscription(datname: "app", subname: "s", subenabled: true, subslotname: nil)
    ])
    situation.source.inspected[0].defaultPrivilegeRoles = .known([DefaultPrivilegeRole(rolname: "o", entries: 1)])
    situation.source.inspected[0].labelProviders = .known([LabelProvider(provider: "anon", labels: 1)])
    situation.source.inspected[0].newerFeatures = .known([
      NewerFeature(kind: .virtualColumn, nTotal: 1, object: "public.t.c", nspname: "public", relname: "t"),
      NewerFeature(kind: .rangeType, nTotal: 1, object: "public.r"),
    ])
    situation.source.inspected[0].accessMethodUses = .known([
      AccessMethodUse(
        nTotal: 1, nspname: "public", relname: "t", isMaterialized: false, amname: "m", extension: "nowhere")
    ])
    situation.source.inspected[0].dictionaryFiles = .known([DictionaryFile(dictionary: "public.d", file: "d.stop")])
    situation.source.inspected[0].wideTables = .known([
      WideTable(nTotal: 1, nspname: "public", relname: "t", rows: 1, toastBytes: 500_000_000)
    ])
    situation.source.inspected[0].moneyColumns = .known([
      MoneyColumn(nTotal: 1, nspname: "public", relname: "t", attname: "m")
    ])
    situation.source.set("lc_monetary", "de_DE.UTF-8")
    situation.source.inspected[0].invalidIndexes = .known([
      InvalidIndex(nTotal: 1, nspname: "public", relname: "t", indexname: "i", isUnique: true)
    ])
    situation.source.inspected[0].publications = .known([
      Publication(pubname: "pgpreflight_p", owner: "o", puballtables: false)
    ])
    situation.source.inspected[0].foreignServers = .known([
      ForeignServer(
        srvname: "s", fdwname: "w", foreignTables: 0, userMappings: 1, optionlessMappings: 1, isLocal: false)
    ])
    situation.source.inspected[0].eventTriggers = .known([
      EventTrigger(
        evtname: "e", evtevent: "login", evtenabled: "O", tags: [], owner: "o", body: .raises, fires: true)
    ])
    situation.source.inspected[0].firingTriggers = .known([
      FiringTrigger(nTotal: 1, nspname: "public", relname: "t", name: "a", mode: "A")
    ])
    situation.source.inspected[0].firingRules = .known([
      FiringRule(nTotal: 1, nspname: "public", relname: "t", name: "r", mode: "R")
    ])
    situation.source.inspected[0].enumHashedTables = .known([
      EnumHashedTable(nTotal: 1, nspname: "public", relname: "t", columns: ["c"])
    ])
    situation.source.inspected[0].forcedRowSecurityTables = .known([
      ForcedRowSecurityTable(nTotal: 1, nspname: "public", relname: "t", owner: "o")
    ])
    situation.source.inspected[0].unpublishedReferences = .known([
      UnpublishedReference(
        nTotal: 1, nspname: "public", relname: "t", conname: "c", referencedSchema: "public", referencedTable: "r")
    ])
    situation.source.inspected[0].unvalidatedConstraints = .known([
      UnvalidatedConstraint(nTotal: 1, nspname: "public", relname: "t", conname: "c", contype: "c")
    ])
    situation.source.inspected[0].generatedKeyTables = .known([
      GeneratedKeyTable(
        nTotal: 1, nspname: "public", relname: "t", columns: ["k"], isFull: false, hasPlainPrimaryKey: false,
        candidateIndex: nil, changes: 1)
    ])
  }

  @Test(arguments: holes.map(\.name), [Side.source, .target])
  func `what can't be read turns no failure into a pass`(hole: String, side: Side) throws {
    var situation = Self.broken
    let failing = Rule.all.filter { (try? situation.decide($0.id).isFailed) == true }.map(\.id)
    #expect(failing.count >= 20, "\(failing)")
    let make = try #require(Self.holes.first { $0.name == hole }).make
    if side == .source { make(&situation.source) } else { make(&situation.target) }
    for id in failing {
      do {
        let conclusion = try situation.decide(id)
        #expect(!conclusion.isPassed, "\(id): \(conclusion)")
      } catch {
        #expect(error is Undetermined, "\(id): \(error)")
      }
    }
  }

  @Test(arguments: ConnectionFailureFact.Kind.allCases)
  func `every cause of a failed connection has a remedy`(kind: ConnectionFailureFact.Kind) throws {
    let failure = ConnectionFailureFact(
      kind: kind, sqlstate: nil, message: "the server's words", host: "h", port: "1", address: "192.0.2.1", seconds: 1)
    for side in Side.allCases {
      var situation = Situation()
      if side == .source {
        situation.source.connection = .failed(failure)
      } else {
        situation.target.connection = .failed(failure)
      }
      let conclusion = try situation.decide("connection-\(side.rawValue)")
      let finding = try #require(conclusion.findings.first)
      #expect(finding.message.hasSuffix("the server's words"))
      #expect(finding.remediation?.text.isEmpty == false)
      #expect(!conclusion.message.contains("other"))
    }
  }
}
