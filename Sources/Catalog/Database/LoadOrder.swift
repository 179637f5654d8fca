/// The order in which relations are filled whose code reads others: each comes after those that it reads.
public struct LoadOrder: Sendable, Equatable {
  /// By name, those that come first, where there are any. No relation comes before itself.
  public private(set) var predecessors: [String: Set<String>] = [:]
  /// Those that read one another, or one that reads itself: they have no order.
  public private(set) var cycles: [[String]] = []

  /// - Parameters:
  ///   - readings: of indexes only where they are there before the rows.
  ///   - names: what is filled. Other relations are there.
  public init(_ readings: [LoadReading], of names: [String]) {
    let all = Set(names)
    var firm: [String: Set<String>] = [:]
    var loose: [String: Set<String>] = [:]
    var opaque: Set<String> = []
    for reading in readings where all.contains(reading.name) {
      let read = Set(reading.reads + reading.views).intersection(all)
      if read.contains(reading.name), !cycles.contains([reading.name]) { cycles.append([reading.name]) }
      firm[reading.name, default: []].formUnion(read.subtracting([reading.name]))
      loose[reading.name, default: []].formUnion(
        Set(reading.mayRead).intersection(all).subtracting(read).subtracting([reading.name]))
      if !reading.opaque.isEmpty { opaque.insert(reading.name) }
    }
    var edges = firm.merging(loose) { $0.union($1) }.filter { !$0.value.isEmpty }
    // A word that is no more than that does not make a cycle.
    let doubtful = Self.entangled(edges)
    for name in doubtful {
      edges[name] = edges[name]?.filter { firm[name]?.contains($0) == true || !doubtful.contains($0) }
    }
    let cyclic = Self.entangled(edges.filter { !$0.value.isEmpty })
    cycles += Self.groups(of: cyclic, edges)
    for name in cyclic { edges[name]?.subtract(cyclic) }
    predecessors = edges.filter { !$0.value.isEmpty }
    if !opaque.isEmpty { putLast(opaque, of: all) }
  }

  /// Those that could read anything come after all but one another and what waits for them.
  private mutating func putLast(_ opaque: Set<String>, of all: Set<String>) {
    var followers: [String: [String]] = [:]
    for (name, read) in predecessors { for each in read { followers[each, default: []].append(name) } }
    var late = opaque
    var open = Array(opaque)
    while let next = open.popLast() {
      for follower in followers[next] ?? [] where late.insert(follower).inserted { open.append(follower) }
    }
    let first = all.subtracting(late)
    guard !first.isEmpty else { return }
    for name in opaque { predecessors[name, default: []].formUnion(first) }
  }

  /// The names in this order as far as it goes, each otherwise where it was.
  public func sorted(_ names: [String]) -> [String] {
    guard !predecessors.isEmpty else { return names }
    let places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var sorted: [String] = []
    var (seen, placed): (Set<String>, Set<String>) = ([], [])
    for name in names {
      var path = [name]
      while let last = path.last {
        seen.insert(last)
        let next = (predecessors[last] ?? []).filter { places[$0] != nil && !seen.contains($0) }
          .min { (places[$0] ?? 0) < (places[$1] ?? 0) }
        if let next {
          path.append(next)
        } else {
          path.removeLast()
          if places[last] != nil, placed.insert(last).inserted { sorted.append(last) }
        }
      }
    }
    return sorted
  }

  /// What lies on a cycle or between two of them: of all that has an order, nothing is left.
  private static func entangled(_ edges: [String: Set<String>]) -> Set<String> {
    var left = Set(edges.keys)
    while true {
      // Of one that waits for nothing that is left, or that nothing waits for, there is no cycle.
      let wanted = Set(left.flatMap { edges[$0] ?? [] })
      let bound = left.filter { wanted.contains($0) && edges[$0]?.isDisjoint(with: left) == false }
      if bound.count == left.count { return left }
      left = bound
    }
  }

  /// Which of them reach one another.
  private static func groups(of names: Set<String>, _ edges: [String: Set<String>]) -> [[String]] {
    func reached(from name: String) -> Set<String> {
      var seen: Set<String> = []
      var open = [name]
      while let next = open.popLast() {
        for each in edges[next] ?? [] where names.contains(each) && seen.insert(each).inserted { open.append(each) }
      }
      return seen
    }
    var groups: [[String]] = []
    var left = names.sorted()
    while let first = left.first {
      let forward = reached(from: first)
      let group = [first] + left.dropFirst().filter { forward.contains($0) && reached(from: $0).contains(first) }
      if forward.contains(first) { groups.append(group) }
      left.removeAll { group.contains($0) }
    }
    return groups
  }
}
