import Catalog

/// The databases of a server that wait to be looked into, shared by its sessions.
actor DatabaseQueue {
  private let side: Side
  private let total: Int
  private let progress: @Sendable (Inspector.Progress) -> Void
  private var waiting: ArraySlice<String>
  private var done = 0
  private var timeoutsInARow = 0

  init(_ waiting: [String], total: Int, side: Side, progress: @escaping @Sendable (Inspector.Progress) -> Void) {
    self.waiting = waiting[...]
    self.total = total
    self.side = side
    self.progress = progress
  }

  func next() -> String? { waiting.popFirst() }

  /// Whether the server has stopped answering: each further attempt would only last as long as the time-out.
  var isGivenUp: Bool { timeoutsInARow >= 3 }

  func finished(_ snapshot: DatabaseSnapshot) {
    switch snapshot.connection {
    case .failed(let failure) where failure.kind == .timeout: timeoutsInARow += 1
    case .failed, .connected: timeoutsInARow = 0
    case .notAttempted: break
    }
    done += 1
    progress(.databases(side, done: done, of: total))
  }
}
