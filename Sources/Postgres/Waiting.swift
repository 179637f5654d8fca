internal import CLibpq
internal import Glibc

/// A file descriptor that one thread makes readable to end another one's `poll`; it stays readable until cleared.
final class Event: Sendable {
  let descriptor: Int32

  /// - Throws: `ConnectionFailure` where the process has no file descriptor left.
  init() throws(ConnectionFailure) {
    descriptor = pgpreflight_eventfd()
    guard descriptor >= 0 else {
      throw ConnectionFailure(kind: .other, message: "no event descriptor: \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  func signal() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, MemoryLayout.size(ofValue: one))
  }

  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, MemoryLayout.size(ofValue: count))
  }
}

/// The latest time for something; never, if it has none.
struct Deadline {
  private let instant: ContinuousClock.Instant?

  static let never = Deadline(in: nil)

  init(in duration: Duration?) { instant = duration.map { .now + $0 } }

  /// What `poll(2)` wants: milliseconds rounded up, or -1 for ever.
  fileprivate var milliseconds: Int32 {
    guard let instant else { return -1 }
    let left = ContinuousClock.now.duration(to: instant)
    guard left > .zero else { return 0 }
    let (seconds, attoseconds) = left.components
    return Int32(
      clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue + attoseconds / 1_000_000_000_000_000 + 1)
  }

  var isPast: Bool { instant.map { $0 <= .now } ?? false }

  func orEarlier(in duration: Duration) -> Deadline {
    let other = Deadline(in: duration)
    guard let instant, let otherInstant = other.instant else { return other }
    return otherInstant < instant ? other : self
  }
}

/// What a `poll` waits for; `descriptor` -1 stands for nothing.
struct Interest {
  var descriptor: Int32
  var events: Int32 = POLLIN
}

/// Blocks the thread until one of `interests` is ready or the deadline has come.
///
/// - Returns: for each interest whether it is ready (an error or a hang-up counts: reading will tell); all false after
///   the deadline.
func poll(_ interests: [Interest], until deadline: Deadline) -> [Bool] {
  var descriptors = interests.map { pollfd(fd: $0.descriptor, events: Int16($0.events), revents: 0) }
  repeat {
    let count = Glibc.poll(&descriptors, nfds_t(descriptors.count), deadline.milliseconds)
    if count < 0 && errno == EINTR { continue }
    if count > 0 { return descriptors.map { $0.revents != 0 } }
    if count < 0 { return interests.map { _ in true } }
  } while !deadline.isPast
  return interests.map { _ in false }
}
