import Synchronization

/// How far the copy of what is not replicated is.
final class LateProgress: Sendable {
  private let total: Int
  private let start = ContinuousClock.now
  private let state = Mutex((bytes: 0, told: ContinuousClock.now))
  private let events: @Sendable (Cutover.Event) -> Void

  init(of total: Int, events: @escaping @Sendable (Cutover.Event) -> Void) {
    self.total = total
    self.events = events
  }

  func add(_ more: Int) {
    let now = ContinuousClock.now
    let done = state.withLock { state -> Int? in
      state.bytes += more
      guard now - state.told > .milliseconds(200) else { return nil }
      state.told = now
      return state.bytes
    }
    guard let done else { return }
    let seconds = (now - start).seconds
    let left = seconds > 1 && done > 0 ? Double(max(total - done, 0)) / Double(done) * seconds : nil
    events(.copied(bytes: done, of: total, secondsLeft: left))
  }
}
