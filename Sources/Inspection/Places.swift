import Catalog
import Postgres

extension ClusterInspector {
  /// Reads what functions set and which collations there are, where the signs tell of some.
  ///
  /// - Parameter functionSettings: nil where they were not asked for, as the target takes whatever the source has.
  func readPlaces(
    functionSettings: Fact<FunctionSettingSigns>?, collations: Fact<CollationSigns>, in session: CatalogSession,
    into database: inout DatabaseSnapshot
  ) async throws {
    let reader = session.reader(for: DatabaseSnapshot.self)
    switch functionSettings {
    case .unknown(let reason)?: database.functionSettings = .unknown(reason)
    case .known(let signs)? where signs.areThere: reader.all(\.functionSettings)
    case .known?, nil: database.functionSettings = .known([])
    }
    switch collations {
    case .unknown(let reason): database.collations = .unknown(reason)
    case .known(let signs) where signs.areThere: reader.all(\.collations)
    case .known: database.collations = .known([])
    }
    try await reader.read(into: &database)
  }

  /// Asks the target for what the source's databases turned out to name, where that was not asked before.
  func learnCollations(of source: ClusterSnapshot, into target: inout ClusterSnapshot) async throws {
    let used = source.inspected.flatMap { $0.collations.ifKnown ?? [] }
    let names = Set(used.filter { !$0.isUsers }.map(\.collname)).sorted()
    let known = target.locales.ifKnown ?? []
    let locales = Set(
      used.filter { $0.isUsers && $0.provider == "c" }.flatMap { [$0.collate, $0.ctype].compactMap(\.self) }
    )
    .subtracting(["C", "POSIX", ""]).subtracting(known.map(\.name)).sorted()
    guard !names.isEmpty || !locales.isEmpty else {
      if string != nil { target.systemCollations = .known([]) }
      return
    }
    guard let string else { return }
    guard let session = try await furtherSession(string) else {
      target.systemCollations = .unknown(
        Undetermined(
          "the target could not be connected to a second time, to ask for the collations of the source",
          remedy: "Run the check again."))
      return
    }
    let reader = session.reader(for: ClusterSnapshot.self)
    reader.all(\.systemCollations, [SystemCollation.parameter(names)])
    try await reader.read(into: &target)
    if case .known(let more) = try await session.support(forLocales: locales) {
      target.locales = .known(known + more)
    }
    await session.close()
  }
}
