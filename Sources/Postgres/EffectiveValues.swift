internal import CLibpq
internal import Synchronization

/// What libpq makes of a connection string, the service file, the environment and its defaults: asked once, as it is the
/// same for every database.
final class EffectiveValues: Sendable {
  private let values = Mutex<[String: String]?>(nil)
  private let acceptance = Mutex(AcceptedSettings.eventTriggers)
  private let clientEncodings = Mutex<[String: String]>([:])

  /// What the server is asked to start a session with, as far as it has not refused.
  var accepted: AcceptedSettings { acceptance.withLock(\.self) }

  func remember(_ accepted: AcceptedSettings) { acceptance.withLock { $0 = accepted } }

  /// That a session of the database begins with.
  func clientEncoding(of database: String?) -> String { clientEncodings.withLock { $0[database ?? ""] } ?? "UTF8" }

  func remember(clientEncoding: String, of database: String?) {
    clientEncodings.withLock { $0[database ?? ""] = clientEncoding }
  }

  /// All parameters that have a value, less the database's name.
  ///
  /// - Throws: `ConnectionFailure` where libpq refuses the parameters (an unknown service, say).
  func of(_ string: ConnectionString) throws(ConnectionFailure) -> [String: String] {
    if let known = values.withLock({ $0 }) { return known }
    let found = try askLibpq(string)
    values.withLock { $0 = found }
    return found
  }

  /// libpq has no function for this: an attempt that it must refuse before it opens any socket, because of an invalid
  /// value, leaves behind all parameters as they would be used.
  private func askLibpq(_ string: ConnectionString) throws(ConnectionFailure) -> [String: String] {
    let invalid = "pgpreflight_asks_for_parameters"
    // No password file is read (and warned of) in vain.
    let pairs = baseKeywords(of: string) + [("channel_binding", invalid), ("passfile", "/dev/null/none")]
    let connection = start(pairs)
    defer { PQfinish(connection) }
    let message = String(cString: PQerrorMessage(connection))
    guard message.contains(invalid), let options = PQconninfo(connection) else {
      throw ConnectionFailure(
        libpq: message, host: string.host, port: string.port, address: nil, secrets: Secrets([string.password]))
    }
    defer { PQconninfoFree(options) }
    var values = conninfoValues(options)
    values["dbname"] = nil
    return values
  }
}
