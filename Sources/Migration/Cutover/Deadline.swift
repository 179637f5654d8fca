import Synchronization

/// The moment by which writes are to be let through again, for all that is done until then.
struct Deadline: Sendable {
  /// A moment of no clock but this process's own.
  let end: ContinuousClock.Instant
  private let start: ContinuousClock.Instant

  init(seconds: Int) {
    start = .now
    end = start + .seconds(seconds)
  }

  var isHalfOver: Bool { ContinuousClock.now - start >= remaining }

  /// Nothing is left where it is not positive.
  var remaining: Duration { end - ContinuousClock.now }

  /// For `statement_timeout` and `lock_timeout`, which take no less than a millisecond.
  var milliseconds: Int { max(1, Int(saturating: remaining.seconds * 1000)) }

  struct Passed: Error {}

  /// Runs `body` until then. Whoever waits for it is told when the time is up, or the task cancelled, whatever becomes
  /// of `body`: it is cancelled too, but what hangs on a server that does not answer is not waited for.
  ///
  /// - Throws: `Passed`, `CancellationError`, what `body` throws.
  func run<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
    let first = FirstAnswer<T>()
    let work = Task { first.give(await Self.result(of: body)) }
    let clock = Task {
      try? await Task.sleep(until: end, clock: .continuous)
      if !Task.isCancelled { first.give(.failure(Passed())) }
    }
    defer {
      work.cancel()
      clock.cancel()
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { first.wait($0) }
    } onCancel: {
      first.give(.failure(CancellationError()))
    }
  }

  private static func result<T>(of body: () async throws -> T) async -> Result<T, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}

/// The first of several answers, for one who waits for it.
private final class FirstAnswer<T: Sendable>: Sendable {
  private struct State {
    var answer: Result<T, any Error>?
    var waiter: CheckedContinuation<T, any Error>?
  }

  private let state = Mutex(State())

  func give(_ answer: Result<T, any Error>) {
    let waiter = state.withLock { state -> CheckedContinuation<T, any Error>? in
      guard state.answer == nil else { return nil }
      state.answer = answer
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(with: answer)
  }

  func wait(_ waiter: CheckedContinuation<T, any Error>) {
    let answer = state.withLock { state -> Result<T, any Error>? in
      if state.answer == nil { state.waiter = waiter }
      return state.answer
    }
    if let answer { waiter.resume(with: answer) }
  }
}
