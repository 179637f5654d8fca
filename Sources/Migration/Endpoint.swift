import Catalog
import Postgres

/// One of the two servers, as a migration connects to it.
public struct Endpoint: Sendable {
  let side: Side
  let string: ConnectionString
  /// Of all sessions of one run: by it a later run finds what an interrupted one has left.
  let applicationName: String
  let connectTimeout: Duration

  /// Lists of all tables with their columns are read as a whole: 600,000 tables of 20 columns take so much.
  static let longestAnswer = 512 << 20

  /// A session that nothing ends but its own errors, and that writes values so that any version reads them, and both
  /// sides write the same (PostgreSQL documentation, "Client Connection Defaults"; pg_dump sets the same).
  ///
  /// - Parameter database: nil: the one that the string names, else `postgres` where libpq's own choice is not there.
  func connect(to database: String?) async throws -> Connection {
    let connection = try await open(database)
    let version = ServerVersion(rawValue: connection.session.serverVersion)
    var settings = [
      ("search_path", "''"), ("statement_timeout", "0"), ("lock_timeout", "0"),
      ("default_transaction_read_only", "off"), ("idle_in_transaction_session_timeout", "0"), ("DateStyle", "ISO"),
      ("IntervalStyle", "postgres"), ("TimeZone", "UTC"),
      ("bytea_output", "hex"), ("xmloption", "content"), ("row_security", "off"), ("array_nulls", "on"),
      ("standard_conforming_strings", "on"),
      ("extra_float_digits", version.major >= 12 ? "1" : "3"), ("application_name", "'\(applicationName)'"),
    ]
    if version.major >= 14 { settings.append(("idle_session_timeout", "0")) }
    if version.major >= 17 { settings.append(("transaction_timeout", "0")) }
    // What is not flushed yet is copied again after a crash; the last commit of a run waits for all before it.
    if side == .target { settings.append(("synchronous_commit", "off")) }
    let statements = settings.map { Statement("SET \($0.0) = \($0.1)") }
    _ = try await connection.pipeline([statements])[0].get()
    return connection
  }

  private func open(_ database: String?) async throws -> Connection {
    var options = Connection.Options()
    options.connectTimeout = connectTimeout
    options.longestAnswer = Self.longestAnswer
    options.applicationName = applicationName
    guard let database else {
      do {
        return try await Connection.connect(string, options: options)
      } catch let failure as ConnectionFailure where failure.kind == .noSuchDatabase && !string.mayNameDatabase {
        return try await Connection.connect(string.selecting(database: "postgres"), options: options)
      }
    }
    return try await Connection.connect(string.selecting(database: database), options: options)
  }

  /// The same for `pg_dump` and `pg_restore`.
  func program(database: String, settings: [String: String] = [:]) throws -> ProgramConnection {
    // A source whose writers were stopped by a setting of the database hands that setting on.
    let own = side == .target ? ["default_transaction_read_only": "off"] : [:]
    return try string.selecting(database: database).forProgram(
      applicationName: applicationName, settings: own.merging(settings) { $1 })
  }

  /// Opens a session for `body` and closes it.
  func session<T: Sendable>(
    in database: String?, for attempt: String, _ body: (Connection) async throws -> T
  ) async throws -> T {
    try await attempting(attempt, self, database: database ?? string.database ?? "postgres") {
      let connection = try await connect(to: database)
      do {
        let value = try await body(connection)
        await connection.close()
        return value
      } catch {
        await connection.close()
        throw error
      }
    }
  }
}
