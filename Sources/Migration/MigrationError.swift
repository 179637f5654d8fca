import Catalog
import Postgres

/// Why a step failed: what was attempted, where, and what the server said.
public struct MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
  public var description: String

  init(_ description: String) { self.description = description }

  init(_ attempt: String, _ endpoint: Endpoint, database: String, _ error: any Error) {
    let place = "database \(quotedIdentifier(database)) of the \(endpoint.side)"
    switch error {
    case let error as MigrationError: self = error
    case let error as PostgresError:
      let code = error.sqlstate.map { " (SQLSTATE \($0))" } ?? ""
      let detail = error.detail.map { "; \($0)" } ?? ""
      let hint = error.hint.map { "; \($0)" } ?? ""
      description = "\(attempt) in \(place): \(error.message)\(code)\(detail)\(hint)"
    case let error as ConnectionFailure: description = "\(attempt) in \(place): \(error.message)"
    default: description = "\(attempt) in \(place): \(error)"
    }
  }
}

/// Runs `body`; an error then tells what was attempted. Cancellation stays what it is.
func attempting<T>(
  _ attempt: String, _ endpoint: Endpoint, database: String, isolation: isolated (any Actor)? = #isolation,
  _ body: () async throws -> T
) async throws -> T {
  do {
    return try await body()
  } catch let error as CancellationError {
    throw error
  } catch {
    // What follows from a cancellation is no error of its own.
    try Task.checkCancellation()
    throw MigrationError(attempt, endpoint, database: database, error)
  }
}
