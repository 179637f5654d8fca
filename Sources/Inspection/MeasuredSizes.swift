import Catalog

/// How large the databases of a cluster are, as their sessions find out.
actor MeasuredSizes {
  private var sizes: [DatabaseSize] = []
  private var failure: Undetermined?

  func add(_ size: Fact<OwnDatabaseSize>, of name: String) {
    switch size {
    case .known(let size): sizes.append(DatabaseSize(datname: name, sizeBytes: size.sizeBytes))
    case .unknown(let reason): failure = failure ?? reason
    }
  }

  /// Those that are known, by name, or why one is not.
  var all: Fact<[DatabaseSize]> {
    if let failure { return .unknown(failure) }
    return .known(sizes.sorted { $0.datname.utf8.lexicographicallyPrecedes($1.datname.utf8) })
  }
}

extension ClusterInspector {
  /// With a table filter, the tables are measured instead.
  var readsSizes: Bool {
    side == .source && (inspector.options.tables == .all || inspector.settings.readsEverything)
  }

  /// What is known of the sizes, when all databases were looked into. Those with no session of their own are asked for
  /// in one more.
  func addSizes(of databases: [Database], to snapshot: inout ClusterSnapshot) async throws {
    guard readsSizes, let string else { return }
    snapshot.databaseSizes = await sizes.all
    guard case .known(let measured) = snapshot.databaseSizes else { return }
    let names = Set(measured.map(\.datname.nameBytes))
    let others = databases.filter { !names.contains($0.datname.nameBytes) }
    guard !others.isEmpty else { return }
    guard let session = try await furtherSession(string) else {
      snapshot.databaseSizes = .unknown(
        Undetermined(
          "the source could not be connected to a second time, to ask for the sizes of databases",
          remedy: "Run the check again."))
      return
    }
    let reader = session.reader(for: ClusterSnapshot.self)
    reader.all(\.databaseSizes, [DatabaseSize.parameter(others.map(\.oid))])
    try await reader.read(into: &snapshot)
    if case .known(let more) = snapshot.databaseSizes { snapshot.databaseSizes = .known(measured + more) }
    await session.close()
  }
}
