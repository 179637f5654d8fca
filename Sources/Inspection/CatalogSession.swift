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

  /// Runs all the queries in one pipeline, and gives the rows or the reason for each.
  ///
  /// What was read before a query failed is kept. What stands after it is read in another transaction, which may see
  /// what was committed meanwhile, and so is the query itself: something may just have been dropped. But a query that
  /// the server cancelled, as it lasted too long or waited for a lock, is not sent again: it would last as long again.
  func run(_ queries: [CatalogQuery]) async throws -> [Result<Rows, Undetermined>] {
    guard !queries.isEmpty else { return [] }
    // Each query is a segment of its own, so that its answer is known though a later one fails.
    let whole = try await connection.pipeline(
      [begin] + queries.map { [$0.statement] } + [[InspectionStatements.rollback]])
    if case .failure(let error) = whole[0] { return queries.map { .failure(unknown(error, reading: $0.subject)) } }
    var results = whole.dropFirst().prefix(queries.count).map { result in result.map { $0[0] } }
    let failure = results.enumerated().lazy.compactMap { index, result -> (index: Int, error: PostgresError)? in
      if case .failure(let error) = result { (index, error) } else { nil }
    }.first
    if let failure, !failure.error.isConnectionLost {
      let rest = (failure.error.isCancellation ? failure.index + 1 : failure.index)..<queries.count
      results.replaceSubrange(rest, with: try await self.results(of: queries[rest].map(\.statement)))
    }
    return zip(queries, results).map { query, result in
      result.mapError { error in
        logger.debug(
          "query failed",
          metadata: [
            "side": "\(side)", "database": "\(database)", "subject": "\(query.subject)", "error": "\(error.message)",
          ])
        return unknown(error, reading: query.subject)
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

  /// To the server and back, in seconds: the shortest of some; nil where it does not answer.
  ///
  /// A busy machine makes single ones long. Within a region all are taken for 1 ms, and longer ones for powers of two of
  /// that, so that two checks tell the same.
  func roundTrip() async throws -> Double? {
    var shortest: Double?
    for attempt in 1...8 {
      let start = ContinuousClock.now
      guard
        case .success? = try? await connection.pipeline([[InspectionStatements.begin, InspectionStatements.rollback]])
          .first
      else { return nil }
      let seconds = (ContinuousClock.now - start).seconds
      shortest = min(shortest ?? seconds, seconds)
      if seconds < Self.regional || attempt > 2 && (shortest ?? 0) > 4 * Self.regional { break }
    }
    try Task.checkCancellation()
    return shortest.map { seconds in
      guard seconds >= Self.regional else { return 0.001 }
      let milliseconds = seconds * 1000
      return Double(sign: .plus, exponent: (milliseconds * Double(2).squareRoot()).exponent, significand: 1) / 1000
    }
  }

  /// In seconds: what takes longer is not within a region.
  private static let regional = 0.005

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

extension PostgresError {
  /// `statement_timeout`, somebody's wish, or `lock_timeout`.
  fileprivate var isCancellation: Bool { sqlstate == "57014" || sqlstate == "55P03" }
}
