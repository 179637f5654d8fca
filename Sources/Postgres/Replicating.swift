internal import CLibpq

/// What logical replication needs beyond ordinary sessions (PostgreSQL documentation, "Streaming Replication Protocol").
extension Connection {
  /// Connects as a replication client of the database that the string names, which takes replication commands beside
  /// simple statements, and none with parameters.
  ///
  /// - Throws: `ConnectionFailure` or `CancellationError`.
  public static func connectForReplication(_ string: ConnectionString, options: Options) async throws -> Connection {
    var options = options
    options.isForReplication = true
    return try await connect(string, options: options)
  }

  /// Runs a replication command, or SQL without parameters.
  ///
  /// - Throws: `PostgresError` or `CancellationError`.
  public func command(_ sql: String) async throws -> Rows { try await exchange { try $0.command(sql) } }

  /// What another server needs to connect as this connection did, its password among it.
  public func subscriptionConnection() throws(PostgresError) -> SubscriptionConnection {
    guard let values = try connectionValues() else { throw .lost("the connection is closed") }
    return SubscriptionConnection(values: values)
  }
}

/// The connection string of a subscription: from the target's server to the source. It may hold a password, so neither
/// printing nor reflection shows it.
public struct SubscriptionConnection: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// In keywords and values, for `CREATE SUBSCRIPTION … CONNECTION`.
  public let text: String

  public var description: String { "the connection of a subscription" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["description": description]) }

  /// What has a meaning on another host too: files of certificates and keys, say, are this host's.
  private static let keywords = [
    "host", "hostaddr", "port", "user", "password", "sslmode", "sslnegotiation", "gssencmode", "channel_binding",
    "require_auth", "target_session_attrs", "load_balance_hosts", "connect_timeout", "keepalives", "keepalives_idle",
    "keepalives_interval", "keepalives_count", "tcp_user_timeout", "options",
  ]

  init(values: [String: String]) {
    var kept = values.filter { Self.keywords.contains($0.key) || $0.key == "dbname" }
    if values["sslrootcert"] == "system" { kept["sslrootcert"] = "system" }
    text = kept.sorted { $0.key < $1.key }.map { "\($0.key)=\(conninfoQuoted($0.value))" }.joined(separator: " ")
  }
}

extension ConnectionString {
  /// What the string itself says, for a server that looks up the rest on its own host.
  public var forSubscription: SubscriptionConnection {
    var values = parameters
    if let database { values["dbname"] = database }
    return SubscriptionConnection(values: values)
  }
}

extension Exchange {
  func command(_ sql: String) throws -> Rows {
    if let error = Statement(sql).error { throw error }
    guard PQsendQuery(connection, sql.serverCString) == 1 else { throw handle.lastError }
    return try draining { try rows() }
  }
}
