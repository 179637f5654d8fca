import Catalog

/// The databases of a server that wait to be looked into, shared by its sessions.
actor DatabaseQueue {
  private let side: Side
  private let total: Int
  private let progress: @Sendable (Inspector.Progress) -> Void
  private var waiting: ArraySlice<String>
  private var done = 0
  private var timeoutsInARow = 0
  /// How many still take databases from here.
  private var takers: Int
  private var putBack: Set<[UInt8]> = []

  init(
    _ waiting: [String], total: Int, takers: Int, side: Side, progress: @escaping @Sendable (Inspector.Progress) -> Void
  ) {
    self.waiting = waiting[...]
    self.takers = takers
    self.total = total
    self.side = side
    self.progress = progress
  }

  /// - Returns: nil when there is nothing left for the one who asks.
  func next() -> String? {
    guard let name = waiting.popFirst() else {
      takers -= 1
      return nil
    }
    return name
  }

  enum Turn {
    /// It is the database's second turn: what was found holds.
    case over
    /// It has another one, after the others.
    case postponed
    /// The same, and it is not for the one who asks, who takes no more: there are fewer places than takers.
    case leftToOthers
  }

  /// What to do with a database for which the server had no place.
  func postpone(_ name: String) -> Turn {
    guard putBack.insert(name.nameBytes).inserted else { return .over }
    waiting.append(name)
    guard takers > 1 else { return .postponed }
    takers -= 1
    return .leftToOthers
  }

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
