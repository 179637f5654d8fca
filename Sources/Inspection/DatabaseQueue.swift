import Catalog

/// The databases of a server that wait to be looked into, shared by its sessions.
actor DatabaseQueue {
  private let side: Side
  private let total: Int
  private let progress: @Sendable (Inspector.Progress) -> Void
  private var waiting: ArraySlice<String>
  private var done = 0

  init(_ waiting: [String], total: Int, side: Side, progress: @escaping @Sendable (Inspector.Progress) -> Void) {
    self.waiting = waiting[...]
    self.total = total
    self.side = side
    self.progress = progress
  }

  func next() -> String? { waiting.popFirst() }

  func finished() {
    done += 1
    progress(.databases(side, done: done, of: total))
  }
}
