internal import CLibpq
internal import Glibc

/// Owns a `PGconn`. It belongs to one connection's queue and is used nowhere else.
final class Handle {
  let connection: OpaquePointer
  /// Set when libpq and the server have lost step: the connection is to be closed.
  var isAbandoned = false
  /// Set after the last row of `COPY … TO STDOUT`: libpq is not to be asked for one more.
  var hasCopiedAll = false
  /// The `options` that the connection string gives, without those of this program.
  let givenOptions: String?
  /// What the server has sent since the last result.
  var inflow: Inflow
  private let notices: NoticeBox

  /// Takes over a connection that `PQconnectStartParams` has begun.
  init(_ connection: OpaquePointer, givenOptions: String?, notices: AsyncStream<Notice>.Continuation) {
    self.connection = connection
    self.givenOptions = givenOptions
    inflow = Inflow(connection)
    self.notices = NoticeBox(continuation: notices)
    // Only a verbose message carries the SQLSTATE of a refused connection.
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
    PQsetNoticeReceiver(
      connection,
      { box, result in
        guard let box, let result else { return }
        Unmanaged<NoticeBox>.fromOpaque(box).takeUnretainedValue().continuation.yield(Notice(result: result))
      }, Unmanaged.passUnretained(self.notices).toOpaque())
  }

  deinit {
    PQfinish(connection)
    notices.continuation.finish()
  }

  var isLost: Bool { PQstatus(connection) == CONNECTION_BAD }

  /// libpq's last words on the connection.
  var lastError: PostgresError {
    let message = firstLine(of: String(bounded: PQerrorMessage(connection)))
    return isLost ? .lost(message) : PostgresError(message: message)
  }

  /// Sends what is buffered as far as the socket takes it, then waits for the server.
  ///
  /// - Returns: which of the server's socket and `others` is ready; all false after the deadline.
  func wait(_ others: [Event], until deadline: Deadline) -> [Bool] {
    wait(others, isFlushed: PQflush(connection) != 1, until: deadline)
  }

  /// Waits until the server says something or, where not all is sent yet, takes some of it.
  func wait(_ others: [Event], isFlushed: Bool, until deadline: Deadline) -> [Bool] {
    let events = isFlushed ? POLLIN : POLLIN | POLLOUT
    let interests = [Interest(descriptor: PQsocket(connection), events: events)]
    return poll(interests + others.map { Interest(descriptor: $0.descriptor) }, until: deadline)
  }
}

private final class NoticeBox {
  let continuation: AsyncStream<Notice>.Continuation

  init(continuation: AsyncStream<Notice>.Continuation) { self.continuation = continuation }
}
