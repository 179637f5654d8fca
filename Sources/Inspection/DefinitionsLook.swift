import Catalog
import Postgres

extension ClusterInspector {
  /// What may not come to the target as it is.
  func lookAtDefinitions(
    _ summary: RelationSummary, _ functions: Fact<FunctionSummary>, _ reader: FactReader<DatabaseSnapshot>,
    _ database: inout DatabaseSnapshot
  ) {
    let removed = removedBuiltins
    if summary.views + summary.materializedViews > 0, removed.contains(where: { $0.kind == .column }) {
      reader.all(\.systemViewColumns, SystemViewColumn.parameters(removed))
    } else {
      database.systemViewColumns = .known([])
    }
    if removed.contains(where: { $0.kind != .column }) {
      reader.all(\.builtinReferences, BuiltinReference.parameters(removed))
    } else {
      database.builtinReferences = .known([])
    }
    if summary.inheritanceParents > 0, crosses(18) {
      reader.all(\.nullableChildren, [rowLimit])
    } else {
      database.nullableChildren = .known([])
    }
    switch functions {
    case .unknown(let reason):
      database.linkedFunctions = .unknown(reason)
      database.unqualifiedFunctions = .unknown(reason)
      database.misplacedObjects = .unknown(reason)
    case .known(let functions):
      if functions.linked > 0 { reader.all(\.linkedFunctions) } else { database.linkedFunctions = .known([]) }
      if functions.withoutSettings > 0, functions.areRunByRelations {
        reader.all(\.unqualifiedFunctions, [rowLimit])
      } else {
        database.unqualifiedFunctions = .known([])
      }
      if summary.inSystemSchemas + functions.inSystemSchemas > 0 {
        reader.all(\.misplacedObjects)
      } else {
        database.misplacedObjects = .known([])
      }
    }
  }

  /// Finds which libraries and symbols that functions of the source name there are on the target.
  func findLinks(in target: inout ClusterSnapshot, of source: ClusterSnapshot) async throws {
    let functions = source.inspected.flatMap { $0.linkedFunctions.ifKnown ?? [] }
    guard target.me.ifKnown?.rolsuper == true, !functions.isEmpty else { return }
    guard let string else {
      let reason = Undetermined(
        "a saved snapshot of the target can't be asked for the libraries and symbols that the source's functions name",
        remedy: "Check with a connection to the target.")
      target.libraryFiles = .unknown(reason)
      target.builtinSymbols = .unknown(reason)
      return
    }
    switch try await inspector.connectToCluster(string) {
    case .failure(let failure, _):
      inspector.logger.debug("connection failed", metadata: ["side": "\(side)", "failure": "\(failure)"])
      let reason = Undetermined(
        "the target could not be connected to a second time, to look for the libraries of functions",
        remedy: "Run the check again.")
      target.libraryFiles = .unknown(reason)
      target.builtinSymbols = .unknown(reason)
    case .success(let connection, _):
      let session = CatalogSession(
        connection, side: side, settings: inspector.settings, startsWithSettings: startsWithSettings,
        logger: inspector.logger)
      let reader = session.reader(for: ClusterSnapshot.self)
      reader.all(\.libraryFiles, LibraryFile.parameters(functions))
      reader.all(\.builtinSymbols, BuiltinSymbol.parameters(functions))
      try await reader.read(into: &target)
      await session.close()
    }
  }
}
