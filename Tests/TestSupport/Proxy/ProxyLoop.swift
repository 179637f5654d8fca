import Glibc

/// The proxy's thread: waits for all sockets at once.
final class ProxyLoop {
  private let name: String
  private let serverPort: Int
  private let listener: Int32
  private let wakes: Int32
  private let orders: ProxyOrders
  private let counter: MessageCounter
  private var links: [ProxyLink] = []
  private var connections = 0
  private var isRunning = true
  /// While all of the proxy is frozen.
  private var frozenUntil: ContinuousClock.Instant?

  init(
    name: String, serverPort: Int, listener: Int32, wakes: Int32, orders: ProxyOrders, counter: MessageCounter
  ) {
    self.name = name
    self.serverPort = serverPort
    self.listener = listener
    self.wakes = wakes
    self.orders = orders
    self.counter = counter
  }

  func run() {
    while isRunning {
      wait()
      obey()
      if let until = frozenUntil, until <= .now { frozenUntil = nil }
      guard isRunning, frozenUntil == nil else { continue }
      accept()
      for link in links {
        guard frozenUntil == nil else { break }
        link.work { [self] message in strike(counter.note(message), link) }
      }
      links.removeAll { $0.isClosed }
    }
    for link in links { link.cut() }
    close(listener)
    close(wakes)
  }

  private func wait() {
    var polls = [pollfd(fd: wakes, events: Int16(POLLIN), revents: 0)]
    var limit: Int32 = 1_000
    if frozenUntil == nil {
      polls.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
      for link in links { polls += link.polls }
    }
    // A connection that is frozen, or waits for an answer to lose, has a time of its own.
    if frozenUntil != nil || links.contains(where: \.isTimed) { limit = 20 }
    _ = poll(&polls, nfds_t(polls.count), limit)
  }

  private func obey() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(wakes, &bytes, bytes.count) > 0 {}
    let list = orders.list.withLock { list in
      defer { list = [] }
      return list
    }
    for order in list {
      switch order {
      case .thaw:
        frozenUntil = nil
        for link in links { link.thaw() }
      case .cutAll:
        frozenUntil = nil
        for link in links { link.cut() }
        links = []
      case .stop: isRunning = false
      }
    }
  }

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { return }
      let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      guard server >= 0, onLoopback(serverPort, server, connect) else {
        reset(client)
        if server >= 0 { close(server) }
        continue
      }
      for socket in [client, server] {
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
      }
      var on: Int32 = 1
      for socket in [client, server] {
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
      }
      connections += 1
      links.append(ProxyLink(proxy: name, number: connections, client: client, server: server))
    }
  }

  /// - Returns: whether the message is passed on.
  private func strike(_ fault: Fault?, _ link: ProxyLink) -> Bool {
    switch fault {
    case nil: return true
    case .call(let passesOn, let body):
      body()
      if !passesOn { link.endClient() }
      return passesOn
    case .cut:
      link.cut()
      return false
    case .loseAnswer:
      link.loseAnswer()
      return true
    case .freeze(let time):
      link.freeze(until: instant(after: time))
      return true
    case .freezeProxy(let time):
      link.freeze(until: instant(after: time))
      frozenUntil = instant(after: time)
      return true
    }
  }

  private func instant(after time: Duration?) -> ContinuousClock.Instant { .now + (time ?? .seconds(1_000_000)) }
}

/// Closes a socket so that its peer gets an error, not an orderly end.
func reset(_ socket: Int32) {
  var option = linger(l_onoff: 1, l_linger: 0)
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  close(socket)
}
