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

  init(_ connection: Connection, side: Side, settings: Inspector.Settings, logger: Logger) {
    begin =
      [InspectionStatements.begin]
      + SessionSettings.statements(
        for: .reading, on: connection.session.serverVersion, isLocal: true, timeouts: settings.timeouts)
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
    let whole = begin + queries.map(\.statement) + [InspectionStatements.rollback]
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
      [[InspectionStatements.rollback], begin + [InspectionStatements.savepoint]]
      + statements.map { statement in
        // After an error this is what makes the transaction usable again; without one it undoes nothing.
        [InspectionStatements.rollbackToSavepoint, statement]
      } + [[InspectionStatements.rollback]]
    let results = try await connection.pipeline(segments)
    if case .failure(let error) = results[1] { return statements.map { _ in .failure(error) } }
    return results.dropFirst(2).prefix(statements.count).map { result in result.map { $0[1] } }
  }

  /// The lines that a COPY in text format gives, of a single column each.
  func copy(_ sql: String) async throws -> Result<[String], PostgresError> {
    if case .failure(let error) = try await connection.pipeline([[InspectionStatements.rollback], begin])[1] {
      return .failure(error)
    }
    do {
      var bytes: [UInt8] = []
      try await connection.beginCopyOut(sql)
      while let part = try await connection.readCopyData(atLeast: 65_536) { bytes += part.bytes }
      _ = try await connection.endCopyOut()
      _ = try await connection.pipeline([[InspectionStatements.rollback]])
      return .success(bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) })
    } catch let error as PostgresError {
      _ = try await connection.pipeline([[InspectionStatements.rollback]])
      return .failure(error)
    }
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
