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

  /// The next one last.
  private var parts: [TablePart]
  /// Parts of tables that others come before, and of how many of these tables not all rows are there.
  private var held: [Int: (parts: [TablePart], missing: Int)] = [:]
  /// What waits for a table's rows.
  private var followers: [Int: [Int]] = [:]
  /// Of a table, its size, or that of the largest that waits for it.
  private var weights: [Int: Int] = [:]
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
  ///   - predecessors: by table, those whose rows come before its own. None comes before itself.
  init(
    parts: [TablePart], indexes: [Int: Indexes], complete: [SourceTable], predecessors: [Int: Set<Int>] = [:]
  ) {
    self.parts = parts.reversed()
    self.indexes = indexes
    smallBatch = max(Self.leastBatch, indexes.values.sum(of: \.all.count) / Self.batches)
    var missingParts: [Int: Int] = [:]
    for part in parts { missingParts[part.table.oid, default: 0] += 1 }
    var followers: [Int: [Int]] = [:]
    for (table, earlier) in predecessors where missingParts[table] != nil {
      let missing = earlier.filter { missingParts[$0] != nil }
      guard !missing.isEmpty else { continue }
      held[table] = (parts.filter { $0.table.oid == table }, missing.count)
      for each in missing { followers[each, default: []].append(table) }
    }
    if !followers.isEmpty {
      let weights = Self.weights(of: parts, followers)
      let waiting = Set(followers.values.flatMap(\.self))
      // What others wait for is not behind what is smaller than these.
      self.parts = self.parts.filter { !waiting.contains($0.table.oid) }.enumerated().sorted {
        let (one, other) = (weights[$0.element.table.oid] ?? 0, weights[$1.element.table.oid] ?? 0)
        return one == other ? $0.offset < $1.offset : one < other
      }.map(\.element)
      self.weights = weights
    }
    (self.missingParts, self.followers) = (missingParts, followers)
    // Tables that an interrupted run has copied.
    for table in complete { ready.add(indexes[table.oid], of: table) }
  }

  /// Whether there are no more rows to be copied by who asks now; others perhaps still do.
  var hasNoMoreRows: Bool { parts.isEmpty && held.isEmpty }

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
      if running == 0 {
        guard !held.isEmpty else { return nil }
        for table in held.keys.sorted() { release(table) }
        continue
      }
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
        for table in followers.removeValue(forKey: oid) ?? [] {
          held[table]?.missing -= 1
          if held[table]?.missing == 0 { release(table) }
        }
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

  /// The rows that it waited for are there.
  private func release(_ table: Int) {
    guard let waiting = held.removeValue(forKey: table) else { return }
    let weight = weights[table] ?? 0
    let place = parts.firstIndex { (weights[$0.table.oid] ?? 0) > weight } ?? parts.count
    parts.insert(contentsOf: waiting.parts.reversed(), at: place)
  }

  private static func weights(of parts: [TablePart], _ followers: [Int: [Int]]) -> [Int: Int] {
    var weights = Dictionary(parts.map { ($0.table.oid, $0.table.sizeBytes) }, uniquingKeysWith: { first, _ in first })
    // From what waits to what it waits for, as far as there is something to be changed.
    var leading: [Int: [Int]] = [:]
    for (table, waiting) in followers { for each in waiting { leading[each, default: []].append(table) } }
    var open = Array(leading.keys)
    while let next = open.popLast() {
      let weight = weights[next] ?? 0
      for table in leading[next] ?? [] where weights[table] ?? 0 < weight {
        weights[table] = weight
        open.append(table)
      }
    }
    return weights
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
