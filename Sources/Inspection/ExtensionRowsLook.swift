import Catalog
import Postgres

extension ClusterInspector {
  /// Whether tables of extensions hold rows of the database's own. Only tables of superusers are read, of extensions of
  /// superusers: nobody else has written the condition, or anything that the server would run to plan the query.
  func readOwnRows(in session: CatalogSession, into database: inout DatabaseSnapshot) async throws {
    guard case .known(var tables) = database.extensionTables, !tables.isEmpty else { return }
    var conditions: Fact<[ExtensionTableCondition]>?
    let reader = session.reader(for: DatabaseSnapshot.self)
    reader.all(ExtensionTableCondition.self) { conditions = $1 }
    try await reader.read(into: &database)
    let genuine = (conditions?.ifKnown ?? []).filter(\.isGenuine)
    let results = try await session.results(of: genuine.map(InspectionStatements.hasOwnRows))
    for (condition, result) in zip(genuine, results) {
      guard case .success(let rows) = result,
        let index = tables.firstIndex(where: {
          $0.nspname.isSameName(as: condition.nspname) && $0.relname.isSameName(as: condition.relname)
        })
      else { continue }
      tables[index].hasOwnRows = rows.text(0, 0) == "t"
    }
    database.extensionTables = .known(tables)
  }
}
