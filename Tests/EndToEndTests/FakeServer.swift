import Foundation
import TestSupport

/// A listener on the loopback interface that is no good server.
final class FakeServer: Sendable {
  enum Manner: CaseIterable, Sendable {
    /// Takes the connection and says nothing.
    case silent
    /// Says something that no PostgreSQL server says.
    case garbage
    /// Agrees to talk, then says something else.
    case garbageLater
    /// Closes as soon as it was spoken to.
    case closing
    /// Lets the client in, and closes at the first query.
    case closingLater
    /// Lets the client in, and answers no query.
    case silentLater
  }

  let port: Int
  /// How many clients have connected.
  let clients = Locked(0)
  private let socket: Int32
  private let manner: Manner

  init(_ manner: Manner) throws {
    self.manner = manner
    socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = socket
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 && bind(socket, $0, length) == 0 && listen(socket, 16) == 0
          && getsockname(socket, $0, &length) == 0
      }
    }
    guard isListening else { throw TestSupportError("no listener: \(String(cString: strerror(errno)))") }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [clients] in
      while true {
        let client = accept(socket, nil, nil)
        guard client >= 0 else { return }
        clients.set(clients.get() + 1)
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        Thread.detachNewThread {
          Self.serve(client, manner)
          close(client)
        }
      }
    }
  }

  deinit {
    shutdown(socket, Int32(SHUT_RDWR))
    close(socket)
  }

  var connection: String { "host=127.0.0.1 port=\(port) user=u password=s3cret" }

  private static func serve(_ client: Int32, _ manner: Manner) {
    func write(_ bytes: [UInt8]) { _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
    func read() -> Int {
      var bytes = [UInt8](repeating: 0, count: 65536)
      return recv(client, &bytes, bytes.count, 0)
    }
    /// Until the client goes away.
    func wait() { while read() > 0 {} }

    if manner == .silent { return wait() }
    // A request for TLS has eight bytes, which "N" refuses; the next one is the real beginning.
    var count = read()
    guard manner != .closing, count > 0 else { return }
    if manner == .garbage {
      write(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
      return wait()
    }
    if count == 8 {
      write([UInt8(ascii: "N")])
      count = read()
    }
    guard count > 16 else { return }
    if manner == .garbageLater {
      write([UInt8](repeating: 0xFF, count: 4000))
      return wait()
    }
    func message(_ type: Character, _ body: [UInt8]) -> [UInt8] {
      let length = UInt32(body.count + 4)
      return [type.asciiValue ?? 0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + body
    }
    func status(_ name: String, _ value: String) -> [UInt8] { message("S", Array("\(name)\0\(value)\0".utf8)) }
    write(
      message("R", [0, 0, 0, 0]) + status("server_version", "15.2") + status("client_encoding", "UTF8")
        + message("K", [0, 0, 0, 1, 0, 0, 0, 2]) + message("Z", [UInt8(ascii: "I")]))
    if manner == .closingLater { _ = read() } else { wait() }
  }
}
