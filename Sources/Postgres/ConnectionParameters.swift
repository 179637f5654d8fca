internal import CLibpq

/// What libpq makes of a connection string together with the service file, the environment and its defaults.
struct ConnectionParameters {
  /// One entry of the list of hosts; all nil where libpq's default shall hold.
  struct Host: Sendable {
    var name, address, port: String?
  }

  let string: ConnectionString
  var hosts: [Host]
  /// The values of `target_session_attrs` to try one after the other; nil leaves it as given.
  let sessionAttributes: [String?]
  /// For each address; nil means none.
  let timeout: Duration?
  let shuffles: Bool
  let secrets: Secrets
  private let applicationName: String
  private let isForReplication: Bool
  private let clientEncoding: String
  /// libpq's `options`: what the string gives, between what it may change and what it may not.
  private let startupOptions: String?
  /// The `options` that the string, its service file or the environment gives.
  let givenOptions: String?
  private let liveness: [String: String]

  /// - Throws: `ConnectionFailure` where libpq refuses the parameters (an unknown service, say).
  init(_ string: ConnectionString, options: Connection.Options) throws(ConnectionFailure) {
    self.string = string
    applicationName = options.applicationName
    isForReplication = options.isForReplication
    clientEncoding = options.clientEncoding
    let values = try string.effectiveValues.of(string)
    givenOptions = values["options"]
    liveness = defaultLiveness.filter { values[$0.key] == nil }
    startupOptions =
      options.defaultSettings.isEmpty && options.startupSettings.isEmpty
      ? nil
      : startupWords(options.defaultSettings) + " " + values["options", default: ""]
        + startupWords(options.startupSettings)
    secrets = Secrets([string.password, values["password"]])
    timeout = try connectTimeout(values["connect_timeout"], default: options.connectTimeout)
    shuffles = values["load_balance_hosts"] == "random"
    hosts = entries(of: values)
    // For one host alone libpq would be content with a primary at once.
    let prefersStandby = values["target_session_attrs"] == "prefer-standby"
    sessionAttributes = prefersStandby && hosts.count > 1 ? ["standby", "any"] : [nil]
  }

  /// libpq's keywords and values for one address of one host. Later ones win; the string itself is expanded.
  func keywords(for host: Host, address: String?, sessionAttributes: String?) -> [(String, String)] {
    var pairs = baseKeywords(of: string)
    let overrides = [
      ("host", host.name), ("hostaddr", address), ("port", host.port),
      ("target_session_attrs", sessionAttributes), ("options", startupOptions),
    ]
    for case (let keyword, let value?) in overrides { pairs.append((keyword, value)) }
    pairs += liveness.map { ($0.key, $0.value) }
    if isForReplication { pairs.append(("replication", "database")) }
    pairs.append(("fallback_application_name", applicationName))
    pairs.append(("client_encoding", clientEncoding))
    return pairs
  }
}

/// A connection that the network has forgotten is found out within two minutes (PostgreSQL documentation, "Parameter Key
/// Words"): what operating systems have by themselves is more than two hours.
let defaultLiveness = [
  "keepalives_idle": "60", "keepalives_interval": "10", "keepalives_count": "6", "tcp_user_timeout": "120000",
]

private func startupWords(_ settings: [String: String]) -> String {
  settings.sorted { $0.key < $1.key }.map { " -c \($0.key)=\(escapedOption($0.value))" }.joined()
}

/// Spaces end an option unless a backslash stands before them (PostgreSQL documentation, "Parameter Key Words").
func escapedOption(_ value: String) -> String {
  value.map { $0 == " " || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
}

/// The whole string stands in the first `dbname`, which libpq expands; the second one selects another database. Later ones
/// win over what it gives.
func baseKeywords(of string: ConnectionString) -> [(String, String)] {
  var pairs: [(String, String)] = [("dbname", string.text)]
  if let signIn = string.signIn { pairs += [("user", signIn.user), ("password", signIn.password)] }
  if let database = string.selectedDatabase { pairs.append(("dbname", database)) }
  return pairs
}

/// `PQconnectStartParams`, with `dbname` expanded.
func start(_ pairs: [(String, String)]) -> OpaquePointer? {
  withCStrings(pairs.map(\.0)) { keywords in
    withCStrings(pairs.map(\.1)) { values in PQconnectStartParams(keywords, values, 1) }
  }
}

/// libpq's rules: 0, negative or empty is none; 1 is too short to be exact, so it means 2.
private func connectTimeout(_ value: String?, default: Duration) throws(ConnectionFailure) -> Duration? {
  guard let value else { return `default` > .zero ? `default` : nil }
  guard let seconds = Int32(value.trimmingSpaces()) else {
    throw ConnectionFailure(kind: .other, message: "connect_timeout is not a whole number of seconds")
  }
  return seconds > 0 ? .seconds(max(seconds, 2)) : nil
}

/// The list of hosts, as libpq pairs `host`, `hostaddr` and `port`; it has checked their numbers already.
private func entries(of values: [String: String]) -> [ConnectionParameters.Host] {
  func list(_ keyword: String) -> [String]? {
    values[keyword].map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
  }
  let names = list("host")
  let addresses = list("hostaddr")
  let ports = list("port") ?? []
  let count = max(names?.count ?? 1, addresses?.count ?? 1)
  let hosts = (0..<count).map { index in
    let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
    return ConnectionParameters.Host(
      name: names?[index], address: addresses?[index], port: port.isEmpty ? "5432" : port)
  }
  // A value can be replaced in libpq, but not be emptied, so it keeps what needs that: its own default among several
  // hosts, and a socket beside network addresses. It then tries them all within one deadline.
  let keepsLists =
    hosts.contains { $0.name?.isEmpty ?? true && $0.address?.isEmpty ?? true && count > 1 }
    || addresses?.contains("") ?? false
  guard !keepsLists, names != nil || addresses != nil else { return [ConnectionParameters.Host()] }
  return hosts.map { host in
    var host = host
    if host.name == "" { host.name = nil }
    return host
  }
}

/// Lends an array of C strings that ends with a null pointer.
func withCStrings<R>(_ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> R) rethrows -> R {
  var bytes: [CChar] = []
  let offsets = strings.map { string -> Int? in
    guard let string else { return nil }
    defer { bytes.append(contentsOf: string.serverCString) }
    return bytes.count
  }
  return try bytes.withUnsafeBufferPointer { buffer in
    let pointers = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: offsets.count + 1)
    defer { pointers.deallocate() }
    for (index, offset) in offsets.enumerated() {
      (pointers + index).initialize(to: offset.flatMap { buffer.baseAddress?.advanced(by: $0) })
    }
    (pointers + offsets.count).initialize(to: nil)
    return try body(pointers)
  }
}
