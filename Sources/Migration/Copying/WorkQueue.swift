/// What is to be done for the rows of one database, dealt out to whoever is free: parts of tables, the largest first,
/// and the indexes of a table as soon as its rows are there.
///
/// An index is built before further rows are copied: the largest table and its indexes are the longest way through.
actor WorkQueue {
  enum Work: Sendable, Equatable {
    case copy(TablePart)
    /// Indexes and constraints, one after the other.
    case build([ArchiveEntry])
  }

  /// The indexes of one table: constraints first, as each of them locks the table for itself.
  struct Indexes: Sendable, Equatable {
    var constraints: [ArchiveEntry] = []
    var indexes: [ArchiveEntry] = []

    var all: [ArchiveEntry] { constraints + indexes }
  }

  private var parts: [TablePart]
  private var missingParts: [Int: Int] = [:]
  private let indexes: [Int: Indexes]
  private var ready = Ready()
  private var running = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var waitingForRows: [CheckedContinuation<Void, Never>] = []
  private(set) var isCancelled = false

  private static let smallTable = 32 << 20
  /// So many indexes of small tables are built by one start of `pg_restore`, which reads the list of the whole archive:
  /// of very many, a part of all.
  private let smallBatch: Int
  private static let leastBatch = 64
  private static let batches = 32

  /// - Parameters:
  ///   - parts: those that are still to be copied.
  ///   - indexes: by table, those that are still to be built.
  init(parts: [TablePart], indexes: [Int: Indexes], complete: [SourceTable]) {
    self.parts = parts.reversed()
    self.indexes = indexes
    smallBatch = max(Self.leastBatch, indexes.values.sum(of: \.all.count) / Self.batches)
    for part in parts { missingParts[part.table.oid, default: 0] += 1 }
    // Tables that an interrupted run has copied.
    for table in complete { ready.add(indexes[table.oid], of: table) }
  }

  /// Whether there are no more rows to be copied by who asks now; others perhaps still do.
  var hasNoMoreRows: Bool { parts.isEmpty }

  /// Returns when all rows are there, and whoever has copied them has done with them, or somebody has failed.
  func untilCopied() async {
    while !isCancelled, !missingParts.isEmpty { await withCheckedContinuation { waitingForRows.append($0) } }
  }

  /// The next thing to do; nil when there will be nothing any more.
  func next() async -> Work? {
    while !isCancelled {
      if let build = ready.builds.popLast() {
        running += 1
        return .build(build)
      }
      if ready.small.count >= smallBatch || parts.isEmpty && !ready.small.isEmpty {
        running += 1
        defer { ready.small.removeAll() }
        return .build(ready.small)
      }
      if let part = parts.popLast() {
        running += 1
        return .copy(part)
      }
      if running == 0 { return nil }
      await withCheckedContinuation { waiting.append($0) }
    }
    return nil
  }

  /// - Returns: the table whose rows are all there now: `settled` is to be called for it.
  @discardableResult func finished(_ work: Work) -> Int? {
    running -= 1
    var complete: Int?
    switch work {
    case .copy(let part):
      let oid = part.table.oid
      missingParts[oid, default: 1] -= 1
      if missingParts[oid] == 0 {
        complete = oid
        ready.add(indexes[oid], of: part.table)
      }
    case .build(let entries):
      if let first = entries.first, let rest = ready.following.removeValue(forKey: first.id) {
        ready.builds += rest.map { [$0] }
      }
    }
    wake()
    return complete
  }

  /// Nothing is read any more of a table on the source.
  func settled(_ table: Int) {
    missingParts[table] = nil
    if missingParts.isEmpty { wakeThoseWhoWaitForRows() }
  }

  /// Somebody has failed: the others end after what they are at.
  func cancel() {
    isCancelled = true
    wake()
    wakeThoseWhoWaitForRows()
  }

  private func wake() {
    for continuation in waiting { continuation.resume() }
    waiting.removeAll()
  }

  private func wakeThoseWhoWaitForRows() {
    for continuation in waitingForRows { continuation.resume() }
    waitingForRows.removeAll()
  }

  /// What can be built now, and what follows from it.
  private struct Ready {
    var builds: [[ArchiveEntry]] = []
    /// Indexes of small tables, which are built together, as each start of `pg_restore` takes its time.
    var small: [ArchiveEntry] = []
    /// What is to be built after the constraints of its table, by the first of these.
    var following: [Int: [ArchiveEntry]] = [:]

    /// The rows of a table are there.
    mutating func add(_ indexes: Indexes?, of table: SourceTable) {
      guard let indexes, !indexes.all.isEmpty else { return }
      if table.sizeBytes < WorkQueue.smallTable {
        small += indexes.all
      } else if let first = indexes.constraints.first {
        builds.append(indexes.constraints)
        following[first.id] = indexes.indexes
      } else {
        builds += indexes.indexes.map { [$0] }
      }
    }
  }
}
