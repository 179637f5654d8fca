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
  func connect(_ string: ConnectionString) async throws -> Attempt {
    let clock = ContinuousClock()
    let start = clock.now
    var connectionOptions = Connection.Options()
    connectionOptions.connectTimeout = settings.connectTimeout
    // The server ends a statement by itself; this is for one that has stopped altogether.
    connectionOptions.responseTimeout = settings.statementTimeout + .seconds(5)
    var delays: [Duration] = [.milliseconds(100), .milliseconds(300), .milliseconds(900)]
    while true {
      do {
        let connection = try await Connection.connect(string, options: connectionOptions)
        return .success(connection, seconds: (clock.now - start).inSeconds)
      } catch let failure as ConnectionFailure {
        guard failure.kind == .tooManyConnections, !delays.isEmpty else {
          return .failure(failure, seconds: (clock.now - start).inSeconds)
        }
        try await Task.sleep(for: delays.removeFirst())
      }
    }
  }
}

extension Duration {
  fileprivate var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds / 1_000_000_000_000) / 1_000_000
  }
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
