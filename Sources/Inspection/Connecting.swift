import Catalog
import Postgres

extension Inspector {
  enum Attempt {
    case success(Connection, seconds: Double)
    case failure(ConnectionFailure, seconds: Double)
  }

  /// Opens a session to the database that the string names, or where none is named, to the role's own, or one that
  /// every cluster has.
  func connectToCluster(_ string: ConnectionString) async throws -> Attempt {
    let attempt = try await connect(string)
    guard case .failure(let failure, _) = attempt, failure.kind == .noSuchDatabase, !string.mayNameDatabase else {
      return attempt
    }
    // Nobody asked for the database of the role's own name: libpq did.
    for name in ["postgres", "template1"] {
      let other = try await connect(string.selecting(database: name))
      if case .success = other { return other }
    }
    return attempt
  }

  /// Opens a session. Where all connections are taken, it tries again for a short while: the sessions that this very
  /// inspection closed a moment ago may still count.
  func connect(
    _ string: ConnectionString, startingWith startupSettings: [String: String]? = nil
  ) async throws -> Attempt {
    let clock = ContinuousClock()
    let start = clock.now
    var options = Connection.Options()
    options.connectTimeout = settings.connectTimeout
    // The server ends a statement by itself; this is for one that has stopped altogether.
    options.responseTimeout = settings.statementTimeout + .seconds(5)
    options.startupSettings = startupSettings ?? settings.startupSettings
    // What is kept for later checks is about all tables.
    if settings.readsEverything { options.longestAnswer = 256 << 20 }
    var delays: [Duration] = [.milliseconds(100), .milliseconds(300), .milliseconds(900), .milliseconds(2700)]
    while true {
      do {
        let connection = try await Connection.connect(string, options: options)
        return .success(connection, seconds: (clock.now - start).seconds)
      } catch let failure as ConnectionFailure {
        if failure.kind == .unsupportedStartupOption, !options.startupSettings.isEmpty {
          options.startupSettings = [:]
        } else if failure.kind == .tooManyConnections, !delays.isEmpty {
          try await Task.sleep(for: delays.removeFirst())
        } else {
          return .failure(failure, seconds: (clock.now - start).seconds)
        }
      }
    }
  }
}

extension Inspector.Settings {
  /// For each statement, and for each wait for a lock, in milliseconds.
  var timeouts: (statement: Int, lock: Int) {
    let statement = min(Int(clamping: statementTimeout.components.seconds) *| 1000, Int(Int32.max))
    // Shorter than the other one: an error that tells of a lock is worth more.
    return (statement, min(5000, statement / 2))
  }

  /// What every session starts with. The other settings are set for each transaction: what the server would set them to
  /// by itself is to be seen (`pg_settings.reset_val`).
  var startupSettings: [String: String] { ["search_path": "", "lock_timeout": "\(timeouts.lock)"] }

  /// What further sessions start with, where the server heeds it; the time limits among it also for the first one,
  /// where the server's own would end it before its first statement.
  func startupSettings(on version: Int) -> [String: String] {
    SessionSettings.startup(for: .reading, on: version, timeouts: timeouts)
  }
}

extension ConnectionFacts {
  init(_ session: Session, seconds: Double) {
    self.init(
      user: session.user, database: session.database, host: session.host ?? "", port: session.port ?? "",
      isTLS: session.tls, isSocket: session.socket, seconds: seconds, usedPassword: session.passwordUsed)
  }
}

extension ConnectionFailureFact {
  init(_ failure: ConnectionFailure, seconds: Double) {
    self.init(
      kind: Kind(rawValue: failure.kind.rawValue) ?? .other, sqlstate: failure.sqlstate, message: failure.message,
      host: failure.host, port: failure.port, address: failure.address, seconds: seconds)
  }

  static func lost(_ reason: String, session: Session) -> ConnectionFailureFact {
    ConnectionFailureFact(
      kind: .lost, sqlstate: nil, message: reason, host: session.host, port: session.port, address: session.address,
      seconds: 0)
  }
}
