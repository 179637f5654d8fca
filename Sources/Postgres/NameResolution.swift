internal import Dispatch
internal import Glibc
internal import Synchronization

/// `getaddrinfo`, which can't be interrupted, on a thread of its own, so that a deadline and a cancellation hold.
final class NameResolution: Sendable {
  enum Outcome {
    case addresses([String])
    case failed(String)
  }

  let finished: Event
  private let outcome = Mutex<Outcome?>(nil)

  init(of host: String) throws(ConnectionFailure) {
    finished = try Event()
    DispatchQueue(label: "pgpreflight.resolution").async { [self] in
      let result = resolve(host)
      outcome.withLock { $0 = result }
      finished.signal()
    }
  }

  /// Nil until `finished`.
  var result: Outcome? { outcome.withLock { $0 } }
}

private func resolve(_ host: String) -> NameResolution.Outcome {
  var hints = addrinfo()
  hints.ai_family = AF_UNSPEC
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var list: UnsafeMutablePointer<addrinfo>?
  let status = getaddrinfo(host, nil, &hints, &list)
  guard status == 0 else { return .failed(String(cString: gai_strerror(status))) }
  defer { freeaddrinfo(list) }
  var addresses: [String] = []
  var next = list
  while let entry = next {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = getnameinfo(
      entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    let address = text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    if status == 0, !addresses.contains(address) { addresses.append(address) }
    next = entry.pointee.ai_next
  }
  return .addresses(addresses)
}

/// Whether the name is an IPv4 or IPv6 address already, for which nobody has to be asked.
func isNumericAddress(_ name: String) -> Bool {
  var address = in6_addr()
  return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1
}
