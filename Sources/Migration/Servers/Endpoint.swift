import Catalog
import Postgres

/// One of the two servers, as a migration connects to it.
public struct Endpoint: Sendable {
  let side: Side
  let string: ConnectionString
  /// Of all sessions of one run: by it a later run finds what an interrupted one has left.
  let applicationName: String
  let connectTimeout: Duration
  /// What its sessions run as, and get back to when somebody gives that role back; nil: the role that connects.
  var role: String?
  /// How long the server may be silent during a statement before the session is given up, though it be at work; nil: for
  /// ever.
  var responseTimeout: Duration?
  let knownGuards = EventTriggerGuards.Known()

  /// Lists of all tables with their columns are read as a whole: 600,000 tables of 20 columns take so much.
  static let longestAnswer = 512 << 20

  /// A session that nothing ends but its own errors, and that writes values so that any version reads them, and both
  /// sides write the same.
  ///
  /// - Parameter database: nil: the one that the string names, else `postgres` where libpq's own choice is not there.
  func connect(to database: String?, for purpose: SessionPurpose = .writing) async throws -> Connection {
    let connection = try await open(database)
    do {
      return try await settled(connection, for: purpose)
    } catch let error as PostgresError where error.isConnectionLost || error.sqlstate == "57014" {
      // A time limit of the role or the database has ended it before its first statement could set another one.
      await connection.close()
      let startup = SessionSettings.startup(
        for: purpose, on: connection.session.serverVersion, timeouts: (statement: 0, lock: 0))
      return try await settled(try await open(database, startingWith: startup), for: purpose)
    }
  }

  private func settled(_ connection: Connection, for purpose: SessionPurpose) async throws -> Connection {
    // Amounts of money are the same numbers to all sessions, also as text.
    var others = ["application_name": applicationName, "lc_monetary": "C"]
    // What is not flushed yet is copied again after a crash; the last commit of a run waits for all before it.
    if side == .target { others["synchronous_commit"] = "off" }
    let statements = SessionSettings.statements(
      for: purpose, on: connection.session.serverVersion, isLocal: false, timeouts: (statement: 0, lock: 0),
      others: others)
    let version = ServerVersion(rawValue: connection.session.serverVersion)
    let guards = purpose == .writing ? [Statement(EventTriggerGuards.statement(version))] : []
    // None of it takes long, and before its end there is nothing to ask another connection for.
    let results = try await connection.pipeline(
      [statements + guards + [Connection.backend]], silentFor: min(responseTimeout ?? .seconds(60), .seconds(60)))[0]
      .get()
    if let backend = results.last { await connection.inquireWhenSilent(backend) }
    return connection
  }

  private func open(
    _ database: String?, startingWith settings: [String: String] = [:]
  ) async throws -> Connection {
    var options = Connection.Options()
    options.startupSettings = settings.merging(role.map { ["role": $0] } ?? [:]) { $1 }
    options.connectTimeout = connectTimeout
    options.responseTimeout = responseTimeout
    options.longestAnswer = Self.longestAnswer
    options.applicationName = applicationName
    guard let database else {
      do {
        return try await Connection.connect(string, options: options)
      } catch let failure as ConnectionFailure where failure.kind == .noSuchDatabase && !string.mayNameDatabase {
        return try await Connection.connect(string.selecting(database: "postgres"), options: options)
      } catch let failure as ConnectionFailure where failure.sqlstate == "55000" {
        // A cutover has closed it: what there is to be known of it, another database tells.
        do { return try await Connection.connect(string.selecting(database: "postgres"), options: options) } catch let
          other as ConnectionFailure where other.sqlstate == "55000"
        { return try await Connection.connect(string.selecting(database: "template1"), options: options) }
      }
    }
    return try await Connection.connect(string.selecting(database: database), options: options)
  }

  /// The same for `pg_dump` and `pg_restore`, each by a name of its own that begins with the run's.
  func program(database: String, settings: [String: String] = [:]) async throws -> ProgramSession {
    // A source whose writers were stopped by a setting of the database hands that setting on. Nor is a role of such a
    // setting to restore, nor are constant checks to be computed where a foreign key is looked at, nor definitions to be
    // read otherwise than they were written.
    var own: [String: String] = [:]
    if side == .target {
      own = try await withoutEventTriggers(in: database)
      own["default_transaction_read_only"] = "off"
      own["role"] = role ?? "none"
      own["constraint_exclusion"] = "partition"
      own["array_nulls"] = "on"
      own["transform_null_equals"] = "off"
      own["backslash_quote"] = "safe_encoding"
    }
    let name = "\(applicationName) \(String(UInt32.random(in: .min ... .max), radix: 16))"
    return ProgramSession(
      connection: try string.selecting(database: database).forProgram(
        applicationName: name, settings: own.merging(settings) { $1 }),
      endpoint: self, database: database, applicationName: name)
  }

  /// The same where the server's `pg_hba.conf` lets this role in at all.
  ///
  /// - Returns: nil where it does not: nothing of this program's is there then.
  func ifAdmitted<T: Sendable>(
    to database: String, for attempt: String, _ body: (Connection) async throws -> T
  ) async throws -> T? {
    do {
      return try await session(in: database, for: attempt, purpose: .reading, body)
    } catch let error as MigrationError where error.sqlstate == "28000" {
      return nil
    }
  }

  /// Opens a session for `body` and closes it.
  func session<T: Sendable>(
    in database: String?, for attempt: String, purpose: SessionPurpose = .writing,
    _ body: (Connection) async throws -> T
  ) async throws -> T {
    try await attempting(attempt, self, database: database ?? string.database ?? "postgres") {
      let connection = try await connect(to: database, for: purpose)
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
