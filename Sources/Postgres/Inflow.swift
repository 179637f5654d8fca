internal import CLibpq

/// Counts what a server sends: libpq keeps a result or a message in memory until it has all of it, several times over
/// at its end, and asks nobody how long it may be.
struct Inflow {
  private let connection: OpaquePointer
  /// As the kernel counts; nil where it does not, over a Unix-domain socket.
  private var start: Int64?
  private var counted: Int64 = 0

  init(_ connection: OpaquePointer) {
    self.connection = connection
    restart()
  }

  /// Starts counting again.
  mutating func restart() {
    let received = pgpreflight_received(PQsocket(connection))
    start = received < 0 ? nil : received
    counted = 0
  }

  /// Lets libpq read from its socket, which it does by 8 kB at least where so much is there. Over a Unix-domain socket it
  /// is a lower bound: as long as the server goes on sending, libpq goes on reading, and nobody counts it.
  mutating func reading<T>(_ read: () -> T) -> T {
    guard start == nil else { return read() }
    let before = pgpreflight_waiting(PQsocket(connection))
    let result = read()
    counted += max(min(before, 8192), before - pgpreflight_waiting(PQsocket(connection)))
    return result
  }

  /// Bytes since the start; at least these where the kernel does not count them.
  var count: Int {
    // libpq may have opened another socket meanwhile, which begins at zero.
    guard let start else { return Int(counted) }
    return Int(max(pgpreflight_received(PQsocket(connection)) - start, 0))
  }
}
