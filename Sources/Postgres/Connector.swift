internal import CLibpq
internal import Glibc

/// Connects, blocking its thread, until `cancelled` is signalled.
///
/// `PQconnectPoll` knows no deadline and never leaves a silent host for the next one, so hosts and addresses are tried
/// one by one here; the rest stays libpq's.
struct Connector {
  let parameters: ConnectionParameters
  let cancelled: Event
  let notices: AsyncStream<Notice>.Continuation

  /// Certificates, parameters and notices of a session's start take some kB.
  private static let longestGreeting = 1 << 20

  /// - Throws: `ConnectionFailure` or `CancellationError`.
  func connect() throws -> Handle {
    var failures: [ConnectionFailure] = []
    for attributes in parameters.sessionAttributes {
      for host in parameters.shuffles ? parameters.hosts.shuffled() : parameters.hosts {
        do {
          return try connect(to: host, attributes: attributes, failures: &failures)
        } catch let failure as ConnectionFailure {
          guard failure.permitsNextHost else { throw failure }
          failures.append(failure)
        }
      }
    }
    throw ConnectionFailure.combining(failures)
  }

  /// Tries all addresses of a host; the last one's failure is thrown, the others are appended to `failures`.
  private func connect(
    to host: ConnectionParameters.Host, attributes: String?, failures: inout [ConnectionFailure]
  ) throws -> Handle {
    var addresses = try addresses(of: host)
    if parameters.shuffles { addresses.shuffle() }
    let last = addresses.removeLast()
    for address in addresses {
      do {
        return try connect(to: host, address: address, attributes: attributes)
      } catch let failure as ConnectionFailure {
        guard failure.permitsNextHost else { throw failure }
        failures.append(failure)
      }
    }
    return try connect(to: host, address: last, attributes: attributes)
  }

  /// At least one; nil where libpq needs none.
  private func addresses(of host: ConnectionParameters.Host) throws -> [String?] {
    if let address = host.address { return [address] }
    guard let name = host.name, !isSocket(name) else { return [nil] }
    if isNumericAddress(name) { return [name] }
    let resolution = try NameResolution(of: name)
    let ready = poll(
      [cancelled, resolution.finished].map { Interest(descriptor: $0.descriptor) },
      until: Deadline(in: parameters.timeout))
    if ready[0] { throw CancellationError() }
    var problem = "no answer within \(parameters.timeout.map(text) ?? "")"
    switch resolution.result {
    case .addresses(let addresses) where !addresses.isEmpty: return addresses
    case .addresses: problem = "it has no address"
    case .failed(let message): problem = message
    case nil: break
    }
    throw ConnectionFailure(
      kind: .nameResolution, message: "could not translate host name \"\(name)\" to address: \(problem)", host: name,
      port: host.port)
  }

  private func connect(
    to host: ConnectionParameters.Host, address: String?, attributes: String?
  ) throws -> Handle {
    let pairs = parameters.keywords(for: host, address: address, sessionAttributes: attributes)
    guard let connection = start(pairs) else {
      throw ConnectionFailure(kind: .other, message: "memory is exhausted", host: host.name, port: host.port)
    }
    let handle = Handle(connection, givenOptions: parameters.givenOptions, notices: notices)
    // A list that libpq works through by itself shares one deadline.
    let deadline = Deadline(in: parameters.timeout)
    var status = PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
    while status != PGRES_POLLING_OK {
      guard status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING else {
        throw failure(of: handle, host: host, address: address)
      }
      let events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT
      // libpq may open another socket on each turn.
      let ready = poll(
        [Interest(descriptor: cancelled.descriptor), Interest(descriptor: PQsocket(connection), events: events)],
        until: deadline)
      if ready[0] { throw CancellationError() }
      guard ready[1] else {
        var failure = failure(of: handle, host: host, address: address)
        failure.kind = .timeout
        failure.message = "no answer within \(parameters.timeout.map(text) ?? "")"
        failure.sqlstate = nil
        throw failure
      }
      status = handle.inflow.reading { PQconnectPoll(connection) }
      guard handle.inflow.count <= Self.longestGreeting else {
        throw ConnectionFailure(
          kind: .other, message: "the server sent more than \(Self.longestGreeting >> 20) MiB before the session began",
          host: host.name ?? address, port: host.port, address: address)
      }
    }
    PQsetnonblocking(connection, 1)
    return handle
  }

  private func failure(of handle: Handle, host: ConnectionParameters.Host, address: String?) -> ConnectionFailure {
    let session = Session(handle.connection)
    var secrets = parameters.secrets
    if let password = PQpass(handle.connection), password.pointee != 0 {
      secrets.passwords.insert(String(cString: password))
    }
    return ConnectionFailure(
      libpq: String(bounded: PQerrorMessage(handle.connection), to: 8 * longestServerText),
      host: host.name ?? address ?? session.host,
      port: host.port ?? session.port, address: address ?? session.address, secrets: secrets)
  }
}

/// `10 s`, `2.5 s`.
func text(_ duration: Duration) -> String {
  let milliseconds = duration / .milliseconds(1)
  let seconds = (milliseconds / 100).rounded() / 10
  return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
}
