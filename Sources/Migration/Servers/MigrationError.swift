import Catalog
import Postgres

/// Why a step failed: what was attempted, where, and what the server said.
public struct MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
  public var description: String
  /// The server's, where it is an error of a statement.
  private(set) var sqlstate: String?
  /// Whether the server did not answer: what was attempted has perhaps happened.
  private(set) var isSilence = false
  /// Whether it says where.
  private var isPlaced = false

  init(_ description: String) { self.description = description }

  /// The session that alone may do what was to be done is gone.
  static var lost: MigrationError {
    var error = MigrationError("the session that holds the lock is lost")
    error.isSilence = true
    return error
  }

  init(_ attempt: String, _ endpoint: Endpoint, database: String, _ error: any Error) {
    if let error = error as? MigrationError, error.isPlaced {
      self = error
      return
    }
    let words: String
    switch error {
    case let error as PostgresError:
      sqlstate = error.sqlstate
      isSilence = error.isConnectionLost
      // Nearly every step reads or writes rows, whose content is nothing for a report.
      let more = [error.publicDetail, error.publicHint].compactMap(\.self)
      words = ([error.messageWithoutValues] + more).joined(separator: "; ")
    case let error as ConnectionFailure:
      sqlstate = error.sqlstate
      words = error.message
    default: words = "\(error)"
    }
    description = "\(attempt) in database \(quotedIdentifier(database)) of the \(endpoint.side): \(words)"
    isPlaced = true
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
