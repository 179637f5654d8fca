import Catalog
import Postgres

extension ClusterInspector {
  /// What is asked only of source databases whose summary says that there is something of the kind.
  func lookCloser(in session: CatalogSession, into database: inout DatabaseSnapshot) async throws {
    let reader = session.reader(for: DatabaseSnapshot.self)
    var size: Fact<OwnDatabaseSize>?
    if readsSizes {
      let parameters = OwnDatabaseSize.parameters(relations: database.summary.ifKnown?.relations)
      reader.only(OwnDatabaseSize.self, parameters) { size = $1 }
    }
    switch database.summary {
    case .unknown(let reason):
      database.setUnknown(reason)
      try await reader.read(into: &database)
    case .known(let summary):
      let me = snapshot.me.ifKnown
      let seesAllRows = me.map { $0.rolsuper || $0.rolbypassrls } ?? false
      let replicates = inspector.options.method.allows(.replication)
      let limit = [rowLimit]
      // A plan tells each of these.
      let plannedLimit = ["\(max(Int(rowLimit) ?? 0, UnidentifiedTable.mostPlanned))"]
      let mostSelected = inspector.settings.readsEverything ? Int(Int32.max) : UnidentifiedTable.mostPlanned
      let selected =
        FilterDependency.parameters(inspector.options.tables, in: database.name) + ["\(mostSelected)"]
      var plain: Fact<[PlainUnidentifiedTable]>?

      func look<Row: CatalogRow>(
        _ path: WritableKeyPath<DatabaseSnapshot, Fact<[Row]>>, _ parameters: [String]? = nil, if isNeeded: Bool
      ) {
        reader.all(path, parameters ?? limit, if: isNeeded, into: &database)
      }
      look(\.rowSecuredTables, if: summary.rowSecuredTables > 0 && !seesAllRows)
      look(\.tablespaceUses, if: summary.relationsElsewhere > 0)
      let blockSize = snapshot.server.ifKnown?.blockSize ?? 8192
      // A table may be twice as large, with its TOAST data.
      look(
        \.largeTables,
        if: summary.largestPages.multipliedReportingOverflow(by: blockSize).partialValue > LargeTable.limit / 2)
      look(\.materializedViews, if: summary.materializedViews > 0)
      look(\.materializedViewSources, if: summary.materializedViews > 0)
      look(\.invalidIndexes, if: summary.invalidIndexes > 0)
      look(\.publications, [], if: summary.mayHavePublications)
      look(\.defaultPrivilegeRoles, [], if: summary.mayHaveDefaultPrivileges)
      look(
        \.wideTables,
        if: summary.largestPages.multipliedReportingOverflow(by: blockSize).partialValue > WideTable.limit)
      look(\.moneyColumns, if: mayDisagreeOnMoney)
      look(\.codedTables, if: summary.mayHaveCode || summary.hasFiringTriggers || summary.tablesWithRules > 0)
      look(\.loadReadings, plannedLimit, if: summary.mayHaveCode)
      look(\.accessMethodUses, if: summary.relationsOfOtherMethods > 0)
      look(\.dictionaryFiles, [], if: summary.hasDictionaries)
      if inspector.settings.readsEverything { reader.all(\.xmlUses, limit) }
      look(\.labelProviders, [], if: summary.mayHaveSecurityLabels)
      look(\.foreignServers, [], if: summary.mayHaveForeignServers)
      look(\.eventTriggers, [], if: summary.mayHaveEventTriggers)
      if replicates {
        if summary.tablesMaybeUnidentified > 0 {
          reader.all(PlainUnidentifiedTable.self, selected) { plain = $1 }
        } else {
          database.unidentifiedTables = .known([])
        }
        look(\.fullIdentityTables, selected, if: summary.fullIdentityTables > 0)
        look(\.unloggedTables, selected, if: summary.unloggedTables > 0)
        look(\.unpublishedReferences, if: summary.tablesMaybeUnidentified > 0 || summary.unloggedTables > 0)
        look(\.firingTriggers, if: summary.hasFiringTriggers)
        look(\.firingRules, if: summary.tablesWithRules > 0)
        look(\.generatedKeyTables, plannedLimit, if: summary.hasGeneratedColumns)
        look(\.enumHashedTables, plannedLimit, if: summary.hasHashPartitions)
        look(\.forcedRowSecurityTables, if: summary.rowSecuredTables > 0)
        look(\.unvalidatedConstraints, if: summary.constraintsNotValid > 0)
        look(\.unvalidatedDomains, if: summary.constraintsNotValid > 0)
      }
      if summary.mayHaveLargeObjects {
        reader.only(\.largeObjects)
      } else {
        database.largeObjects = .known(LargeObjects(count: 0))
      }
      let mayHaveVersions = snapshot.server.ifKnown?.version.knowsVersionedColumns != false
      let mayRefuseVersions = targetVersion?.knowsVersionedColumns != true
      if mayHaveVersions && mayRefuseVersions {
        reader.only(\.versionedColumns)
      } else {
        database.versionedColumns = .known(VersionedColumns(areThere: false))
      }
      lookAtDefinitions(summary, database.functions, reader, &database)
      try await reader.read(into: &database)
      switch plain {
      case nil: break
      case .unknown(let reason): database.unidentifiedTables = .unknown(reason)
      case .known(let tables) where tables.allSatisfy(\.isPlain):
        database.unidentifiedTables = .known(tables.map(UnidentifiedTable.init))
      case .known:
        let reader = session.reader(for: DatabaseSnapshot.self)
        reader.all(\.unidentifiedTables, selected)
        try await reader.read(into: &database)
      }
      if replicates { try await readSequences(summary.sequences, in: session, into: &database) }
    }
    if let size { await sizes.add(size, of: database.name) }
  }

  /// In transactions of their own, which end at once: other than what reads catalogs, this locks what users have.
  private func readSequences(
    _ count: Int, in session: CatalogSession, into database: inout DatabaseSnapshot
  ) async throws {
    database.sequenceUses = .known([])
    guard snapshot.server.ifKnown?.version.major ?? 10 >= 10 else { return }
    var uses: [SequenceUse] = []
    for first in stride(from: 0, to: min(count, SequenceUse.mostRead), by: SequenceUse.rowsAtOnce) {
      let reader = session.reader(for: DatabaseSnapshot.self)
      reader.all(\.sequenceUses, ["\(first)"])
      try await reader.read(into: &database)
      guard case .known(let more) = database.sequenceUses else { return }
      uses += more
    }
    database.sequenceUses = .known(uses)
  }

  /// What extensions hold, for those that are there.
  func look(
    into extensions: [InstalledExtension], with reader: FactReader<DatabaseSnapshot>,
    in database: inout DatabaseSnapshot
  ) {
    func isThere(_ name: String) -> Bool { extensions.contains { $0.extname == name } }
    reader.all(\.extensionTables, if: extensions.contains(where: \.hasConfiguration), into: &database)
    if !isThere("pg_cron") { database.cronJobs = .known(CronJobs(jobs: 0, active: 0)) }
    if isThere("postgis") {
      reader.only(\.rasterUse)
    } else {
      database.rasterUse = .known(RasterUse(areThere: false))
    }
    if isThere("timescaledb") {
      reader.only(\.hypertables)
    } else {
      database.hypertables = .known(Hypertables(hypertables: 0))
    }
  }
}

extension DatabaseSnapshot {
  fileprivate mutating func setUnknown(_ reason: Undetermined) {
    rowSecuredTables = .unknown(reason)
    defaultPrivilegeRoles = .unknown(reason)
    labelProviders = .unknown(reason)
    wideTables = .unknown(reason)
    moneyColumns = .unknown(reason)
    codedTables = .unknown(reason)
    loadReadings = .unknown(reason)
    systemTableColumns = .unknown(reason)
    accessMethodUses = .unknown(reason)
    dictionaryFiles = .unknown(reason)
    xmlUses = .unknown(reason)
    tablespaceUses = .unknown(reason)
    materializedViews = .unknown(reason)
    materializedViewSources = .unknown(reason)
    invalidIndexes = .unknown(reason)
    publications = .unknown(reason)
    foreignServers = .unknown(reason)
    eventTriggers = .unknown(reason)
    largeTables = .unknown(reason)
    unidentifiedTables = .unknown(reason)
    fullIdentityTables = .unknown(reason)
    unloggedTables = .unknown(reason)
    unpublishedReferences = .unknown(reason)
    sequenceUses = .unknown(reason)
    firingTriggers = .unknown(reason)
    firingRules = .unknown(reason)
    generatedKeyTables = .unknown(reason)
    enumHashedTables = .unknown(reason)
    forcedRowSecurityTables = .unknown(reason)
    unvalidatedConstraints = .unknown(reason)
    unvalidatedDomains = .unknown(reason)
    largeObjects = .unknown(reason)
    versionedColumns = .unknown(reason)
    systemViewColumns = .unknown(reason)
    builtinReferences = .unknown(reason)
    nullableChildren = .unknown(reason)
    linkedFunctions = .unknown(reason)
    unqualifiedFunctions = .unknown(reason)
    misplacedObjects = .unknown(reason)
  }
}
