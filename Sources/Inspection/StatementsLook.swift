import Catalog
import Postgres

extension ClusterInspector {
  /// What the statements of applications name of extensions. Only a `pg_stat_statements` of a superuser is asked.
  func readStatementMentions(in session: CatalogSession, into database: inout DatabaseSnapshot) async throws {
    guard database.extensionMentions.ifKnown != nil, let version = try? snapshot.server.value.version,
      case .success(let place) = try await session.results(of: [InspectionStatements.placeOfStatements])[0],
      let schema = place.text(0, 0)
    else { return }
    // Where it is not loaded, or may not be read, that is an error.
    let result = try await session.results(of: [InspectionStatements.statementMentions(in: schema, version)])[0]
    guard case .success(let rows) = result else { return }
    database.statementMentions = try? rows.decode(StatementMention.self)
  }
}
