import Glibc

/// Something that listens on a TCP port of the loopback interface and is no PostgreSQL server.
public final class TestListener: Sendable {
  public enum Manners: Sendable {
    /// Holds the port, so that nobody else takes it, but refuses every connection.
    case refusing
    /// The kernel completes the connection, and nobody ever says a word.
    case silent
    /// Answers whatever it is asked with the first line of a web server.
    case web
  }

  public let port: Int

  private let socket: Int32
  private let thread: Task<Void, Never>?

  public init(_ manners: Manners) throws {
    port = try freePort()
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    guard onLoopback(port, socket, bind), manners == .refusing || listen(socket, 16) == 0 else {
      close(socket)
      throw TestSupportError("no listener on port \(port): \(String(cString: strerror(errno)))")
    }
    guard manners == .web else {
      thread = nil
      return
    }
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    thread = Task.detached { [socket] in
      while !Task.isCancelled {
        let client = accept(socket, nil, nil)
        if client >= 0 {
          let answer = "HTTP/1.1 400 Bad Request\r\n\r\n"
          _ = answer.withCString { write(client, $0, strlen($0)) }
          // What was not read would turn the end of the connection into a reset.
          try? await Task.sleep(for: .milliseconds(50))
          var bytes = [UInt8](repeating: 0, count: 1024)
          _ = recv(client, &bytes, bytes.count, Int32(MSG_DONTWAIT))
          close(client)
        }
        try? await Task.sleep(for: .milliseconds(10))
      }
    }
  }

  deinit {
    thread?.cancel()
    close(socket)
  }
}

/// An IPv4 address of this machine other than the loopback interface's; `nil` where it has none.
public let addressOfThisHost: String? = {
  var first: UnsafeMutablePointer<ifaddrs>?
  guard getifaddrs(&first) == 0 else { return nil }
  defer { freeifaddrs(first) }
  for interface in sequence(first: first, next: { $0?.pointee.ifa_next }) {
    guard let interface, let address = interface.pointee.ifa_addr, address.pointee.sa_family == AF_INET,
      interface.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0
    else { continue }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    guard getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { continue }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
  return nil
}()
