/// Why no connection came about: one of the kinds that have different remedies, and the server's or libpq's words.
public struct ConnectionFailure: Error, Codable, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// The host's name has no address.
    case nameResolution
    /// Nothing listens on the port (or behind the socket).
    case refused
    /// No answer before the deadline.
    case timeout
    /// TLS is refused, missing or its certificates do not hold.
    case tls
    /// `pg_hba.conf` has no entry that lets this client in.
    case hostBasedAuthentication
    /// A wrong or missing password or certificate, or a method that this client lacks.
    case authentication
    /// No connection left for the server, the database or the role.
    case tooManyConnections
    /// The server is starting up, shutting down or in recovery.
    case startingUp
    case noSuchDatabase
    case noSuchRole
    /// The role may not log in, lacks CONNECT, or the database takes no connections (`datallowconn`).
    case notPermitted
    /// There is no such Unix-domain socket.
    case socketMissing
    case networkUnreachable
    /// Something that is no PostgreSQL server answered.
    case notPostgres
    /// The server, or a pooler before it, refuses a parameter of the connection string.
    case unsupportedStartupOption
    /// The other side closed the connection in the middle.
    case lost
    case other
  }

  public var kind: Kind
  /// The server's five characters, where it was the server that refused.
  public var sqlstate: String?
  /// One line, without any password.
  public var message: String
  public var host: String?
  public var port: String?
  /// The network address that `host` stands for.
  public var address: String?

  public init(
    kind: Kind, sqlstate: String? = nil, message: String, host: String? = nil, port: String? = nil,
    address: String? = nil
  ) {
    self.kind = kind
    self.sqlstate = sqlstate
    self.message = message
    self.host = host
    self.port = port
    self.address = address
  }

  /// `db.example.org:5432 (192.0.2.1): Connection refused`.
  public var description: String {
    guard let host = host ?? address else { return message }
    let place = isSocket(host) ? "socket \(host)" : host.contains(":") ? "[\(host)]" : host
    let resolved = address.map { $0 == host ? "" : " (\($0))" } ?? ""
    return "\(place)\(port.map { ":\($0)" } ?? "")\(resolved): \(message)"
  }

  /// Whether another host of the list may do better, as libpq sees it: a refused login ends the search.
  var permitsNextHost: Bool {
    switch kind {
    case .tls, .authentication: false
    default: sqlstate == nil || sqlstate == "57P03"
    }
  }

  /// One failure for several attempts: that of the last server that answered, else the last one, with all the words.
  static func combining(_ failures: [ConnectionFailure]) -> ConnectionFailure {
    guard var failure = failures.last(where: { $0.sqlstate != nil }) ?? failures.last else {
      return ConnectionFailure(kind: .other, message: "there is no host to connect to")
    }
    let others = failures.filter { $0 != failure }.map(\.description)
    var seen: Set<String> = []
    for other in others where seen.insert(other).inserted { failure.message += "; \(other)" }
    failure.message = failure.message.bounded(to: 4 * longestServerText)
    return failure
  }
}
