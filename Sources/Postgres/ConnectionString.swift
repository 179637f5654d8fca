internal import CLibpq

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Where and as whom to connect: a `postgres://` URI, libpq keywords (`host=… dbname=…`) or `service=NAME`.
///
/// libpq parses it, so that everything it accepts is accepted here (PostgreSQL documentation, "Connection Strings").
/// The text holds a password perhaps, so neither printing nor reflection shows it.
public struct ConnectionString: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// What the user gave; only for libpq.
  let text: String
  /// The database to connect to in place of the one in `text`.
  private(set) var selectedDatabase: String?
  /// The role to connect as in place of the one in `text`, and its password.
  private(set) var signIn: (user: String, password: String)?
  private(set) var parameters: [String: String]
  /// Shared by the strings that select other databases.
  private(set) var effectiveValues = EffectiveValues()

  /// Parses `text`; an empty one is valid and leaves everything to the environment (`PGHOST`, `PGSERVICE`, …).
  ///
  /// - Throws: `ConnectionStringError`, which quotes no value of `text`.
  public init(_ text: String) throws(ConnectionStringError) {
    guard !text.utf8.contains(0) else { throw ConnectionStringError("it contains a NUL character") }
    if let problem = ConnectionStringError(unescapedSignIn: text) { throw problem }
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(text, &message) else {
      defer { PQfreemem(message) }
      throw ConnectionStringError(libpq: message.map { String(cString: $0) } ?? "", parsing: text)
    }
    defer { PQconninfoFree(options) }
    let parameters = conninfoValues(options)
    guard ports(in: parameters["port"]).allSatisfy({ $0.isEmpty || UInt16($0) != nil }) else {
      throw ConnectionStringError(
        "a port is not a number from 1 to 65535 (in a password, \":\", \"/\" and \"@\" must be percent-encoded)")
    }
    // libpq takes a text without any "=" for a database's name, where it expects a connection string.
    self.text = parameters.isEmpty ? "" : text
    self.parameters = parameters
  }

  /// The role's name, if the string gives one.
  public var user: String? { parameters["user"] }
  /// Host names, addresses or socket folders as given: separated by commas where there are several.
  public var host: String? { parameters["host"] ?? parameters["hostaddr"] }
  /// The port as given: separated by commas where there are several.
  public var port: String? { parameters["port"] }
  /// The database's name, if the string gives one or one was selected.
  public var database: String? { selectedDatabase ?? parameters["dbname"] }
  /// `sslmode` as given.
  public var sslmode: String? { parameters["sslmode"] }
  /// Whether a password stands in the string itself (it may come from elsewhere too: `.pgpass`, `PGPASSWORD`).
  public var hasPassword: Bool { password != nil }

  /// Whether the string, or a service or the environment that it refers to, may name a database.
  ///
  /// Where nothing does, libpq takes the role's name for the database's.
  public var mayNameDatabase: Bool {
    database != nil || parameters["service"] != nil || getenv("PGDATABASE") != nil || getenv("PGSERVICE") != nil
  }

  var password: String? { parameters["password"] }

  /// The same in every respect, to another database.
  public func selecting(database: String) -> ConnectionString {
    var other = self
    other.selectedDatabase = database
    return other
  }

  /// The same server as another role. What the server has let the first one set at a session's start says nothing of this
  /// one.
  public func signingIn(as user: String, password: String) -> ConnectionString {
    var other = self
    other.signIn = (user, password)
    other.parameters["user"] = user
    other.parameters["password"] = password
    other.effectiveValues = EffectiveValues()
    return other
  }

  /// `postgres://user@host:port/dbname`, of which the parts that the string does not give are left out.
  ///
  /// It has neither password nor any other parameter, and can be given to libpq.
  public var description: String {
    let hosts = host.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(uriHost) } ?? [""]
    let ports = ports(in: port)
    let addresses = hosts.enumerated().map { index, host in
      let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
      return port.isEmpty ? host : "\(host):\(port)"
    }
    var uri = "postgres://"
    if let user { uri += "\(percentEncoded(user))@" }
    uri += addresses.joined(separator: ",")
    // A whole connection string in the place of a name is a mistake that may hold a password.
    if let database, !database.contains("://"), !database.contains("password") { uri += "/\(percentEncoded(database))" }
    return uri
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

/// The parameters that have a value.
func conninfoValues(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
  var values: [String: String] = [:]
  var option = options
  while let keyword = option.pointee.keyword {
    if let value = option.pointee.val, value.pointee != 0 {
      values[String(cString: keyword)] = String(cString: value)
    }
    option += 1
  }
  return values
}

func ports(in list: String?) -> [Substring] {
  list.map { $0.split(separator: ",", omittingEmptySubsequences: false) } ?? []
}

/// Whether libpq takes `host` for a folder of sockets (or for an abstract socket, which begins with `@`).
func isSocket(_ host: some StringProtocol) -> Bool { host.hasPrefix("/") || host.hasPrefix("@") }

private func uriHost(_ host: Substring) -> String {
  host.contains(":") && !isSocket(host)
    ? "[\(percentEncoded(String(host), keeping: ":"))]" : percentEncoded(String(host))
}

/// Keeps RFC 3986's unreserved characters and those of `keeping`.
private func percentEncoded(_ text: String, keeping: String = "") -> String {
  var encoded = ""
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      encoded.unicodeScalars.append(Unicode.Scalar(byte))
    case _ where keeping.utf8.contains(byte):
      encoded.unicodeScalars.append(Unicode.Scalar(byte))
    default:
      let digits = String(byte, radix: 16, uppercase: true)
      encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
    }
  }
  return encoded
}
