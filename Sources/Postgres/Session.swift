internal import CLibpq

/// What is known of a connection from its start.
public struct Session: Sendable, Equatable {
  /// The host as given: a name, an address or a folder of sockets.
  public let host: String?
  public let port: String?
  /// The network address of `host`; nil for a socket.
  public let address: String?
  public let user: String
  public let database: String
  /// The process of the server that serves this connection, as in `pg_stat_activity.pid`.
  public let backendPID: Int32
  /// As in `server_version_num`: 150020 is 15.20.
  public let serverVersion: Int
  /// Of the database, by the server's name for it; empty where a pooler keeps it for itself.
  public let encoding: String
  /// In which names, statements and results are sent: UTF8, or SQL_ASCII, which is the database's own bytes.
  public let clientEncoding: String
  /// Whether the connection is encrypted by TLS.
  public let tls: Bool
  /// Whether the server asked for a password and got one.
  public let passwordUsed: Bool
  /// Whether it goes over a Unix-domain socket.
  public let socket: Bool

  init(_ connection: OpaquePointer) {
    func text(_ value: UnsafePointer<CChar>?) -> String? {
      value.flatMap { $0.pointee == 0 ? nil : String(cString: $0) }
    }
    host = text(PQhost(connection))
    port = text(PQport(connection))
    address = text(PQhostaddr(connection))
    socket = address == nil && host.map(isSocket) ?? false
    user = text(PQuser(connection)) ?? ""
    database = text(PQdb(connection)) ?? ""
    backendPID = PQbackendPID(connection)
    serverVersion = Int(PQserverVersion(connection))
    encoding = text(PQparameterStatus(connection, "server_encoding")) ?? ""
    clientEncoding = text(PQparameterStatus(connection, "client_encoding")) ?? ""
    tls = PQsslInUse(connection) == 1
    passwordUsed = PQconnectionUsedPassword(connection) == 1
  }

  /// The client encoding for a database: UTF8, unless nothing says what its bytes mean, or no conversion to UTF8 is there
  /// (PostgreSQL documentation, "Available Character Set Conversions").
  public static func clientEncoding(for encoding: String) -> String {
    ["SQL_ASCII", "MULE_INTERNAL"].contains(encoding) ? "SQL_ASCII" : "UTF8"
  }

  /// `postgres://user@host:port/dbname`, with what libpq filled in where `string` leaves it to the environment.
  public func description(of string: ConnectionString) -> String {
    var words: [String] = ["user=\(conninfoQuoted(user))", "dbname=\(conninfoQuoted(database))"]
    if let host { words.append("host=\(conninfoQuoted(host))") }
    if let port { words.append("port=\(conninfoQuoted(port))") }
    return (try? ConnectionString(words.joined(separator: " ")))?.description ?? string.description
  }
}

/// A value in a keyword/value connection string (PostgreSQL documentation, "Connection Strings").
func conninfoQuoted(_ value: String) -> String {
  "'" + value.flatMap { $0 == "'" || $0 == "\\" ? ["\\", $0] : [$0] } + "'"
}
