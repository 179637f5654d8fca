import Postgres

/// Statements each of which may fail by itself.
///
/// In one transaction: who is killed in between leaves none of them. Not where there are very many, as each role is a lock
/// that is held until the end.
struct Attempts {
  static let most = 1000

  let connection: Connection
  let isTransaction: Bool

  /// The error of a statement that was refused.
  func run(_ sql: String) async throws -> PostgresError? {
    let statements =
      isTransaction
      ? [Statement("SAVEPOINT attempt"), Statement(sql), Statement("RELEASE SAVEPOINT attempt")] : [Statement(sql)]
    switch try await connection.pipeline([statements])[0] {
    case .success: return nil
    case .failure(let error):
      guard !error.isConnectionLost else { throw error }
      if isTransaction { _ = try await connection.query("ROLLBACK TO SAVEPOINT attempt") }
      return error
    }
  }
}
