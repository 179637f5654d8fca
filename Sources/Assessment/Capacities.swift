import Catalog
import Rules

/// What there is a limited amount of, for the drawings of the report; what is not known is left out.
func capacities(of pair: ClusterPair) -> [Capacity] {
  var capacities: [Capacity] = []
  func limit(_ name: String, on side: Side) -> Int? {
    pair[side].settings.ifKnown?.first { $0.name == name }?.setting.flatMap { Int($0) }.map { max(0, $0) }
  }
  guard let selected = (try? pair.selection)?.selected.count else { return [] }

  if let total = try? pair.totalSize(), total.hidden.isEmpty {
    let free = pair.options.targetFreeSpace ?? pair.target.freeSpace.ifKnown?.freeBytes
    let all = pair.options.targetFreeSpace == nil ? pair.target.freeSpace.ifKnown?.totalBytes : nil
    if let free {
      capacities.append(
        Capacity(
          name: "disk", side: .target, total: all ?? free, used: all.map { max(0, $0 -| free) } ?? 0,
          needed: neededSpace(for: total.bytes)))
    }
  }
  guard pair.options.method.allows(.replication) else { return capacities }

  func add(_ name: String, _ side: Side, used: Int?, needed: Int) {
    guard let total = limit(name, on: side) else { return }
    capacities.append(Capacity(name: name, side: side, total: total, used: used, needed: needed))
  }
  add("max_replication_slots", .source, used: pair.source.slots.ifKnown?.count, needed: selected)
  add("max_wal_senders", .source, used: pair.source.activity.ifKnown?.walsenders, needed: selected)
  let origins = pair.target.origins.ifKnown?.origins
  if (pair.target.server.ifKnown?.version.major ?? 0) >= 18 {
    add("max_active_replication_origins", .target, used: origins, needed: selected)
  } else {
    add("max_replication_slots", .target, used: origins, needed: selected)
  }
  add(
    "max_logical_replication_workers", .target,
    used: pair.target.subscriptions.ifKnown?.filter(\.subenabled).count, needed: selected)
  return capacities
}
