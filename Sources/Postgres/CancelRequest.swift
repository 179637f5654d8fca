internal import CLibpq
internal import Dispatch
internal import Glibc

/// Asks the server to cancel what the connection is doing (PostgreSQL documentation, "Canceling Queries in Progress").
///
/// `PQcancel` opens a connection of its own and waits for the server without any deadline, so it gets its own thread.
struct CancelRequest {
  /// Signalled when the server has been told, or could not be.
  let finished: Event

  /// Nil where the connection is lost already.
  init?(_ connection: OpaquePointer) {
    guard let request = PQgetCancel(connection), let finished = try? Event() else { return nil }
    self.finished = finished
    // `PQgetCancel` has made it for this caller, and nothing else keeps it: the block below, which runs once, is the only
    // one to use it from here on, and frees it. `PQcancel` may run in any thread (documentation of libpq, `PQgetCancel`).
    nonisolated(unsafe) let cancel = request
    DispatchQueue(label: "pgpreflight.cancel").async {
      // PQcancel writes to a plain socket, which may be closed by then. That thread needs no SIGPIPE afterwards either.
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &signals, nil)
      var message = [CChar](repeating: 0, count: 256)
      _ = PQcancel(cancel, &message, Int32(message.count))
      PQfreeCancel(cancel)
      finished.signal()
    }
  }
}
