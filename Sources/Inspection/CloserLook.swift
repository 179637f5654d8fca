import Catalog
import Postgres

extension ClusterInspector {
  /// What is asked only of source databases whose summary says that there is something of the kind.
  func lookCloser(in session: CatalogSession, into database: inout DatabaseSnapshot) async throws {
    switch database.summary {
    case .unknown(let reason): database.setUnknown(reason)
    case .known(let summary):
      let me = snapshot.me.ifKnown
      let seesAllRows = me.map { $0.rolsuper || $0.rolbypassrls } ?? false
      let version = session.version
      let replicates = inspector.options.method.allows(.replication)
      // With a table filter all are needed, to tell which of them are selected; a saved snapshot may meet one later.
      let needsAll = inspector.options.tables != .all || inspector.settings.readsEverything
      let limit = [needsAll ? "\(Int32.max)" : "1000"]
      let reader = session.reader(for: DatabaseSnapshot.self)
      var plain: Fact<[PlainUnidentifiedTable]>?

      func look<Row: CatalogRow>(
        _ path: WritableKeyPath<DatabaseSnapshot, Fact<[Row]>>, _ parameters: [String]? = nil, if isNeeded: Bool
      ) {
        if isNeeded { reader.all(path, parameters ?? limit) } else { database[keyPath: path] = .known([]) }
      }
      look(\.rowSecuredTables, if: summary.rowSecuredTables > 0 && !seesAllRows)
      look(\.tablespaceUses, if: summary.relationsElsewhere > 0)
      look(\.materializedViews, if: summary.materializedViews > 0)
      look(\.invalidIndexes, if: summary.invalidIndexes > 0)
      look(\.publications, [], if: summary.mayHavePublications)
      look(\.foreignServers, [], if: summary.mayHaveForeignServers)
      look(\.eventTriggers, [], if: summary.mayHaveEventTriggers)
      if replicates {
        if summary.tablesMaybeUnidentified > 0 {
          reader.all(PlainUnidentifiedTable.self, limit) { plain = $1 }
        } else {
          database.unidentifiedTables = .known([])
        }
        look(\.fullIdentityTables, if: summary.fullIdentityTables > 0)
        look(\.unloggedTables, if: summary.unloggedTables > 0)
        look(\.firingTriggers, if: summary.tablesWithTriggers > 0)
        look(\.firingRules, if: summary.tablesWithRules > 0)
        look(\.generatedKeyTables, if: summary.mayHaveDefaults && version.major >= 12)
        look(\.enumHashedTables, if: summary.partitionedTables > 0 && version.major >= 11)
        look(\.forcedRowSecurityTables, if: summary.rowSecuredTables > 0)
        look(
          \.unvalidatedConstraints,
          if: summary.tablesWithChecks > 0 || summary.tablesWithTriggers > 0 || summary.constraintsNotValid > 0)
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
      try await reader.read(into: &database)
      switch plain {
      case nil: break
      case .unknown(let reason): database.unidentifiedTables = .unknown(reason)
      case .known(let tables) where tables.allSatisfy(\.isPlain):
        database.unidentifiedTables = .known(tables.map(UnidentifiedTable.init))
      case .known:
        let reader = session.reader(for: DatabaseSnapshot.self)
        reader.all(\.unidentifiedTables, limit)
        try await reader.read(into: &database)
      }
    }
  }

  /// Finds which names of the source databases are given away in the target databases.
  func compareNames(in source: inout ClusterSnapshot, with target: ClusterSnapshot) async throws {
    var occupied: [[UInt8]: [UserObject]] = [:]
    for database in target.inspected {
      guard let objects = database.objects.ifKnown, !objects.isEmpty else { continue }
      occupied[database.name.nameBytes] = objects
    }
    // As many at a time as databases were inspected.
    try await withThrowingTaskGroup(of: (Int, Fact<[TakenName]>).self) { group in
      var running = 0
      for index in source.inspected.indices {
        let database = source.inspected[index]
        guard let objects = occupied[database.name.nameBytes], case .connected = database.connection else { continue }
        if running == max(inspector.settings.jobs, 1), let (done, names) = try await group.next() {
          source.inspected[done].takenNames = names
          running -= 1
        }
        group.addTask { (index, try await takenNames(in: database.name, by: objects)) }
        running += 1
      }
      for try await (done, names) in group { source.inspected[done].takenNames = names }
    }
  }

  private func takenNames(in name: String, by objects: [UserObject]) async throws -> Fact<[TakenName]> {
    try Task.checkCancellation()
    guard let string else {
      return .unknown(
        Undetermined(
          "a saved snapshot of the source can't be asked which of its names are given away in the target",
          remedy: "Check with a connection to the source, or empty the target database."))
    }
    switch try await inspector.connect(string.selecting(database: name)) {
    case .failure(let failure, _):
      inspector.logger.debug("connection failed", metadata: ["database": "\(name)", "failure": "\(failure)"])
      return .unknown(
        Undetermined(
          "the source database could not be connected to a second time, to compare its names with the target's",
          remedy: "Run the check again."))
    case .success(let connection, _):
      let session = CatalogSession(
        connection, side: side, settings: inspector.settings, startsWithSettings: startsWithSettings,
        logger: inspector.logger)
      var names: Fact<[TakenName]> = .known([])
      let reader = session.reader(for: Fact<[TakenName]>.self)
      reader.all(\.self, TakenName.parameters(objects))
      try await reader.read(into: &names)
      await session.close()
      return names
    }
  }
}

extension DatabaseSnapshot {
  fileprivate mutating func setUnknown(_ reason: Undetermined) {
    rowSecuredTables = .unknown(reason)
    tablespaceUses = .unknown(reason)
    materializedViews = .unknown(reason)
    invalidIndexes = .unknown(reason)
    publications = .unknown(reason)
    foreignServers = .unknown(reason)
    eventTriggers = .unknown(reason)
    unidentifiedTables = .unknown(reason)
    fullIdentityTables = .unknown(reason)
    unloggedTables = .unknown(reason)
    firingTriggers = .unknown(reason)
    firingRules = .unknown(reason)
    generatedKeyTables = .unknown(reason)
    enumHashedTables = .unknown(reason)
    forcedRowSecurityTables = .unknown(reason)
    unvalidatedConstraints = .unknown(reason)
    largeObjects = .unknown(reason)
    versionedColumns = .unknown(reason)
  }
}
