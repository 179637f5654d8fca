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
    let attempt = try await connect(string, startingWith: settings.firstSessionSettings)
    guard case .failure(let failure, _) = attempt, failure.kind == .noSuchDatabase, !string.mayNameDatabase else {
      return attempt
    }
    // Nobody asked for the database of the role's own name: libpq did.
    for name in ["postgres", "template1"] {
      let other = try await connect(
        string.selecting(database: name), startingWith: settings.firstSessionSettings)
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
    options.startupSettings = startupSettings ?? settings.sessionSettings
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
  /// What every session runs with, as `pg_settings` shows it: milliseconds.
  var sessionSettings: [String: String] {
    let timeout = statementTimeout.components.seconds * 1000
    // Shorter than the other one: an error that tells of a lock is worth more.
    let lockTimeout = min(5000, timeout / 2)
    return ["search_path": "", "statement_timeout": "\(timeout)", "lock_timeout": "\(lockTimeout)"]
  }

  /// What a cluster's first session starts with: what the server would set `statement_timeout` to by itself is to be
  /// seen there (`pg_settings.reset_val`). The session sets it for its transactions, as long as nothing is known of
  /// what it starts with.
  var firstSessionSettings: [String: String] { sessionSettings.filter { $0.key != "statement_timeout" } }
}

extension ConnectionFacts {
  init(_ session: Session, seconds: Double) {
    self.init(
      user: session.user, database: session.database, host: session.host ?? "", port: session.port ?? "",
      isTLS: session.tls, isSocket: session.socket, seconds: seconds)
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
