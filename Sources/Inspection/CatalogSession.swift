import Catalog
import Logging
import Postgres

/// A session that reads catalogs: one transaction, in which a query that fails takes nothing else with it.
final class CatalogSession: Sendable {
  let side: Side
  let database: String
  private let connection: Connection
  private let version: ServerVersion
  private let begin: [Statement]
  private let logger: Logger

  /// - Parameter startsWithSettings: whether the server is known to heed the settings that a session starts with.
  init(
    _ connection: Connection, side: Side, settings: Inspector.Settings, startsWithSettings: Bool, logger: Logger
  ) {
    begin =
      [Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")]
      + (startsWithSettings
        ? []
        : settings.sessionSettings.sorted { $0.key < $1.key }.map { Statement("SET LOCAL \($0.key) = '\($0.value)'") })
    self.connection = connection
    self.side = side
    self.logger = logger
    database = connection.session.database
    version = ServerVersion(rawValue: connection.session.serverVersion)
  }

  func reader<Snapshot>(for _: Snapshot.Type) -> FactReader<Snapshot> { FactReader(session: self, version: version) }

  func close() async { await connection.close() }

  func quote(identifier name: String) async throws -> String { try await connection.quote(identifier: name) }

  /// Runs all the queries in one pipeline, and gives the rows or the reason for each.
  func run(_ queries: [CatalogQuery]) async throws -> [Result<Rows, Undetermined>] {
    // Nearly always nothing fails, and then this is all there is to do.
    let whole = begin + queries.map(\.statement) + [Statement("ROLLBACK")]
    switch try await connection.pipeline([whole])[0] {
    case .success(let rows): return rows[begin.count...].prefix(queries.count).map { .success($0) }
    case .failure(let error) where error.isConnectionLost:
      return queries.map { .failure(unknown(error, reading: $0.subject)) }
    case .failure: return try await runOneByOne(queries)
    }
  }

  /// The same with a savepoint around each query, so that one that fails takes no other with it.
  private func runOneByOne(_ queries: [CatalogQuery]) async throws -> [Result<Rows, Undetermined>] {
    return zip(queries, try await results(of: queries.map(\.statement))).map { query, result in
      switch result {
      case .success(let rows): return .success(rows)
      case .failure(let error):
        logger.debug(
          "query failed",
          metadata: [
            "side": "\(side)", "database": "\(database)", "subject": "\(query.subject)", "error": "\(error.message)",
          ])
        return .failure(unknown(error, reading: query.subject))
      }
    }
  }

  /// What the server says to each statement, none of which changes what it says to the others.
  func results(of statements: [Statement]) async throws -> [Result<Rows, PostgresError>] {
    guard !statements.isEmpty else { return [] }
    let segments =
      [[Statement("ROLLBACK")], begin + [Statement("SAVEPOINT inspected")]]
      + statements.map { statement in
        // After an error this is what makes the transaction usable again; without one it undoes nothing.
        [Statement("ROLLBACK TO SAVEPOINT inspected"), statement]
      } + [[Statement("ROLLBACK")]]
    let results = try await connection.pipeline(segments)
    if case .failure(let error) = results[1] { return statements.map { _ in .failure(error) } }
    return results.dropFirst(2).prefix(statements.count).map { result in result.map { $0[1] } }
  }

  /// What the server said, and what would let the fact be read.
  func unknown(_ error: PostgresError, reading subject: String) -> Undetermined {
    let reason =
      "could not read \(subject) in database \(quotedIdentifier(database)) of the \(side): \(error.messageWithCode)"
    let remedy =
      switch error.sqlstate {
      case "42501": "Grant the role what the message names, or connect with one that may."
      case "57014": "Raise --statement-timeout, or run the check when the server is less busy."
      case "55P03": "Run the check when no session holds an exclusive lock on catalogs, or end that session."
      default:
        error.isConnectionLost
          ? "Look into the server's log for the reason, then run the check again."
          : "See the message; run the check again, or with another role."
      }
    return Undetermined(reason, remedy: remedy)
  }
}
