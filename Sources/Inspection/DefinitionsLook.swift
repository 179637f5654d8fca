import Catalog
import Postgres

extension ClusterInspector {
  /// What the target may refuse by its version.
  func readOldDefinitions(_ reader: FactReader<DatabaseSnapshot>) {
    if crosses(12) {
      reader.all(\.removedTypeColumns, [rowLimit])
      reader.all(\.tablesWithOIDs, [rowLimit])
    }
    if crosses(13) { reader.all(\.opaqueFunctions) }
    let source = snapshot.server.ifKnown?.version
    if let target = targetVersion, let source, target.majorOrder < source.majorOrder {
      reader.all(\.newerFeatures, ["\(target.major)", rowLimit])
    } else if targetVersion == nil, inspector.settings.readsEverything {
      reader.all(\.newerFeatures, ["0", rowLimit])
    }
    if crosses(14) {
      reader.all(\.polymorphicUses)
      reader.all(\.postfixOperators)
      reader.all(\.encodingConversions)
    }
  }

  /// Whether the source is older than `major`, and the target is not, as far as it is known.
  func crosses(_ major: Int) -> Bool {
    guard let source = snapshot.server.ifKnown?.version, source.major < major else { return false }
    return targetVersion.map { $0.major >= major } ?? inspector.settings.readsEverything
  }

  /// What the source has built in and the target has not.
  var removedBuiltins: [RemovedBuiltin] {
    guard let source = snapshot.server.ifKnown?.version, targetVersion != nil || inspector.settings.readsEverything
    else { return [] }
    return RemovedBuiltin.between(source, targetVersion)
  }

  /// The same of columns of system tables.
  var removedTableColumns: [RemovedBuiltin] {
    guard let source = snapshot.server.ifKnown?.version, targetVersion != nil || inspector.settings.readsEverything
    else { return [] }
    return RemovedBuiltin.tableColumns(between: source, targetVersion)
  }

  /// What may not come to the target as it is.
  func lookAtDefinitions(
    _ summary: RelationSummary, _ functions: Fact<FunctionSummary>, _ reader: FactReader<DatabaseSnapshot>,
    _ database: inout DatabaseSnapshot
  ) {
    let removed = removedBuiltins
    reader.all(
      \.systemViewColumns, SystemViewColumn.parameters(removed),
      if: summary.views +| summary.materializedViews > 0 && removed.contains { $0.kind == .column }, into: &database)
    reader.all(
      \.systemTableColumns, SystemTableColumn.parameters(removedTableColumns),
      if: summary.views +| summary.materializedViews > 0 && !removedTableColumns.isEmpty, into: &database)
    reader.all(
      \.builtinReferences, BuiltinReference.parameters(removed), if: removed.contains { $0.kind != .column },
      into: &database)
    reader.all(\.nullableChildren, [rowLimit], if: summary.inheritanceParents > 0 && crosses(18), into: &database)
    switch functions {
    case .unknown(let reason):
      database.linkedFunctions = .unknown(reason)
      database.unqualifiedFunctions = .unknown(reason)
      database.misplacedObjects = .unknown(reason)
    case .known(let functions):
      reader.all(\.linkedFunctions, if: functions.linked > 0, into: &database)
      reader.all(
        \.unqualifiedFunctions, [rowLimit], if: functions.withoutSettings > 0 && functions.areRunByRelations,
        into: &database)
      reader.all(
        \.misplacedObjects, if: summary.inSystemSchemas +| functions.inSystemSchemas > 0, into: &database)
    }
  }

  /// Finds which libraries and symbols that functions of the source name there are on the target.
  func findLinks(in target: inout ClusterSnapshot, of source: ClusterSnapshot) async throws {
    let functions = source.inspected.flatMap { $0.linkedFunctions.ifKnown ?? [] }
    guard target.me.ifKnown?.rolsuper == true, !functions.isEmpty else { return }
    let unknown: Undetermined
    if let string {
      if let session = try await furtherSession(string) {
        let reader = session.reader(for: ClusterSnapshot.self)
        reader.all(\.libraryFiles, LibraryFile.parameters(functions))
        reader.all(\.builtinSymbols, BuiltinSymbol.parameters(functions))
        try await reader.read(into: &target)
        return await session.close()
      }
      unknown = Undetermined(
        "the target could not be connected to a second time, to look for the libraries of functions",
        remedy: "Run the check again.")
    } else {
      unknown = Undetermined(
        "a saved snapshot of the target can't be asked for the libraries and symbols that the source's functions name",
        remedy: "Check with a connection to the target.")
    }
    target.libraryFiles = .unknown(unknown)
    target.builtinSymbols = .unknown(unknown)
  }
}
