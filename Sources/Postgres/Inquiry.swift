internal import CLibpq

/// Whether a server that says nothing is still at a statement, asked over another connection to the same server.
///
/// No time limit tells that: an index may take hours. What is lost on the way, or held by something between, would be
/// waited for for ever, as neither side hears of it.
struct Inquiry: Sendable {
  enum Answer: Equatable {
    case working
    /// The server has answered, or waits for this program itself.
    case waiting
    /// It has no such session any more.
    case ended
    /// It can't be connected to.
    case unreachable
    /// It did answer, and said nothing about the session.
    case unknown

    /// Of a session from which nothing comes meanwhile.
    var reasonToGiveUp: String? {
      switch self {
      case .working, .unknown: nil
      case .waiting: "the server waits for this program, and nothing of what it says or is sent arrives"
      case .ended: "the server has ended the session, and its word of it did not arrive"
      case .unreachable: "the server says nothing any more and can't be connected to"
      }
    }
  }

  /// The session itself, which a pooler may give another number than the server.
  struct Backend: Sendable {
    var pid: String
    var start: String
    var serverStart: String

    /// - Parameter rows: of `backendStatement`.
    init?(_ rows: Rows) {
      guard rows.count == 1, let pid = rows.text(0, 0), let start = rows.text(0, 1), let serverStart = rows.text(0, 2)
      else { return nil }
      self.pid = pid
      self.start = start
      self.serverStart = serverStart
    }
  }

  /// How long the server is silent before it is asked.
  static let interval = Duration.seconds(30)
  /// Before it is asked again where there is a reason to give it up: what it has said may be on its way.
  static let onItsWay = Duration.seconds(5)
  /// Answers in a row by which it is given up.
  static let attempts = 3

  /// What a session says of itself.
  static let backendStatement = """
    SELECT a.pid, \(moment("a.backend_start")), \(moment("pg_catalog.pg_postmaster_start_time()"))
      FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a
    """

  /// What another one of the same role says of it (PostgreSQL documentation, "The Cumulative Statistics System",
  /// `pg_stat_activity`).
  static let stateStatement = """
    SELECT \(moment("pg_catalog.pg_postmaster_start_time()")), \(moment("a.backend_start")), a.state,
           a.wait_event_type || ':' || a.wait_event
      FROM (SELECT) one LEFT JOIN pg_catalog.pg_stat_get_activity($1::pg_catalog.int4) a ON true
    """

  /// In microseconds, whatever time zone and style of dates a session has. `to_char` would convert the names of months to
  /// the encoding of the database, which can fail.
  private static func moment(_ time: String) -> String {
    "(extract(epoch FROM \(time)) * 1000000)::pg_catalog.int8"
  }

  static let statements = [backendStatement, stateStatement]

  let string: ConnectionString
  let options: Connection.Options
  let host: ConnectionParameters.Host
  let backend: Backend
  let cancelled: Event

  /// Blocks its thread.
  ///
  /// - Throws: `CancellationError`.
  func ask() throws -> Answer {
    // A database that takes no connections any more has sessions still.
    for database in [string.database, "postgres", "template1"] {
      do {
        return try ask(in: database)
      } catch let failure as ConnectionFailure {
        switch failure.kind {
        case .timeout, .refused, .networkUnreachable, .socketMissing, .nameResolution, .lost: return .unreachable
        case .notPermitted, .noSuchDatabase, .hostBasedAuthentication: continue
        default: return .unknown
        }
      } catch let error as PostgresError {
        return error.isConnectionLost ? .unreachable : .unknown
      }
    }
    return .unknown
  }

  private func ask(in database: String?) throws -> Answer {
    let (_, notices) = AsyncStream.makeStream(of: Notice.self, bufferingPolicy: .bufferingNewest(1))
    var parameters = try ConnectionParameters(
      database.map { string.selecting(database: $0) } ?? string, options: options)
    parameters.hosts = [host]
    let handle = try Connector(parameters: parameters, cancelled: cancelled, notices: notices).connect()
    let exchange = Exchange(
      handle: handle, cancelled: cancelled, responseTimeout: options.connectTimeout, inquiry: nil,
      longestAnswer: options.longestAnswer)
    _ = try exchange.query(Statement("SET search_path = ''"))
    return answer(try exchange.query(Statement(Self.stateStatement, [backend.pid])))
  }

  private func answer(_ rows: Rows) -> Answer {
    // Another server, or one that has been started since.
    guard rows.count == 1, rows.text(0, 0) == backend.serverStart else { return .unknown }
    guard rows.text(0, 1) == backend.start else { return .ended }
    switch rows.text(0, 2) {
    case "idle", "idle in transaction", "idle in transaction (aborted)": return .waiting
    case "active", "fastpath function call":
      return ["Client:ClientRead", "Client:ClientWrite"].contains(rows.text(0, 3)) ? .waiting : .working
    default: return .unknown
    }
  }
}
