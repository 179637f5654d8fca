import Dispatch
import Foundation
import Synchronization

/// A proxy between clients and one server on ports of the loopback interface. It tells the messages of PostgreSQL's
/// protocol apart, and at one of them does what its ``MessageCounter`` says.
///
/// It refuses encryption by itself, so that all messages can be read. It lives until it is stopped, or as long as this
/// object.
public final class TestProxy: Sendable {
  public let name: String
  public let port: Int
  public let counter: MessageCounter

  private let wakeUp: Int32
  private let orders: ProxyOrders
  private let end = DispatchSemaphore(value: 0)
  private let isStopped = Mutex(false)

  /// - Parameters:
  ///   - serverPort: where the server is, now or later: while there is none, connections are refused.
  ///   - counter: where several proxies are to be counted together, the same for all of them.
  public init(_ name: String, to serverPort: Int, counter: MessageCounter = MessageCounter()) throws {
    self.name = name
    self.counter = counter
    let listener = try Listener()
    port = listener.port
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      close(listener.socket)
      throw TestSupportError("pipe: \(String(cString: strerror(errno)))")
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    let wakes = ends[0]
    wakeUp = ends[1]
    orders = ProxyOrders()
    Thread.detachNewThread { [orders, end] in
      ProxyLoop(
        name: name, serverPort: serverPort, listener: listener.socket, wakes: wakes, orders: orders, counter: counter
      ).run()
      end.signal()
    }
  }

  deinit {
    stop()
    close(wakeUp)
  }

  /// Lets frozen connections go on.
  public func thaw() { order(.thaw) }

  /// Resets all connections.
  public func cutAll() { order(.cutAll) }

  /// Closes everything; returns when nothing is open any more.
  public func stop() {
    guard
      isStopped.withLock({ stopped in
        defer { stopped = true }
        return !stopped
      })
    else { return }
    order(.stop)
    end.wait()
  }

  private func order(_ order: ProxyOrders.Order) {
    orders.list.withLock { $0.append(order) }
    var byte: UInt8 = 0
    _ = write(wakeUp, &byte, 1)
  }
}

/// What the proxy's thread is to do next.
final class ProxyOrders: Sendable {
  enum Order { case thaw, cutAll, stop }

  let list = Mutex<[Order]>([])
}

private struct Listener {
  let socket: Int32
  let port: Int

  init() throws {
    for _ in 0..<20 {
      let port = try freePort()
      let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      let socket = Foundation.socket(AF_INET, type, 0)
      var on: Int32 = 1
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
      if onLoopback(port, socket, bind), listen(socket, 64) == 0 {
        self.socket = socket
        self.port = port
        return
      }
      close(socket)
    }
    throw TestSupportError("no port for a proxy")
  }
}
