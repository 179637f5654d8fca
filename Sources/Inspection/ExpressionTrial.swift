import Catalog
import Postgres

extension ClusterInspector {
  /// Has the server plan, not execute, what a restore would compute: our sessions have an empty search path, as those of
  /// pg_restore and of apply workers do.
  func tryExpressions(in session: CatalogSession, into database: inout DatabaseSnapshot) async throws {
    database.failedExpressions = .known([])
    switch database.functions {
    case .unknown(let reason):
      database.failedExpressions = .unknown(reason)
      return
    case .known(let functions):
      guard functions.inSQL > 0, functions.areRunByRelations else { return }
    }
    var expressions: Fact<[UserExpression]> = .known([])
    let reader = session.reader(for: DatabaseSnapshot.self)
    reader.all(UserExpression.self) { expressions = $1 }
    try await reader.read(into: &database)
    switch expressions {
    case .unknown(let reason): database.failedExpressions = .unknown(reason)
    case .known(let expressions):
      let answers = try await session.results(of: expressions.map { Statement("EXPLAIN \($0.query)") })
      var failed: [FailedExpression] = []
      var unknown: Undetermined?
      for (expression, answer) in zip(expressions, answers) {
        guard case .failure(let error) = answer else { continue }
        // Names and types that are not found are of class 42; 42501 is a privilege.
        if let state = error.sqlstate, state.hasPrefix("42"), state != "42501" {
          failed.append(FailedExpression(expression, message: error.message, sqlstate: state))
        } else {
          unknown = session.unknown(error, reading: "the plan of \(expression.kind.rawValue) \(expression.name)")
        }
      }
      database.failedExpressions = failed.isEmpty ? unknown.map { .unknown($0) } ?? .known([]) : .known(failed)
    }
  }
}
