import Assessment
import Catalog
import Markup

/// The drawings: how much of what is limited the plan needs.
extension HTMLReport {
  /// Drawn one by one; smaller databases are one piece.
  private static let maximumSegments = 12
  private static let shades = ["bar-1", "bar-3", "bar-2"]

  func fillCapacity(of page: Element) throws {
    let disks = report.capacity.filter { $0.name == "disk" && $0.needed != nil }
    let meters = report.capacity.filter { $0.name != "disk" && ($0.used != nil || $0.needed != nil) }
    guard !disks.isEmpty || !meters.isEmpty else { return try removePart("capacity") }
    let part = try document.element(id: "capacity")
    try part.each("disk", disks) { figure, disk in try fill(figure, disk: disk) }
    if meters.isEmpty {
      try part.remove(slot: "slots")
    } else {
      try part.each("meter", meters) { figure, meter in try fill(figure, meter: meter) }
    }
  }

  // MARK: Room

  private func fill(_ figure: Element, disk: Capacity) throws {
    let needed = disk.needed ?? 0
    let free = disk.total.map { max(0, $0 -| (disk.used ?? 0)) }
    let pieces = segments
    let copied = pieces.sum(of: \.bytes)
    let scale = Double(max(free ?? 0, needed, copied, 1))
    func position(_ bytes: Int) -> Double { Double(bytes) / scale * 1000 }

    try figure.fill("title", "Data volume of the \(disk.side.rawValue)")
    let told =
      "\(formattedBytes(copied)) to copy, \(free.map { "\(formattedBytes($0)) free: " } ?? "free space not known")"
    try figure.fill("told", told)
    let status = try figure.slot("status")
    if let free {
      try status.set(
        look: free >= needed ? Verdict.ready.look : Verdict.blocked.look,
        word: free >= needed ? "enough" : "too little")
    } else {
      status.remove()
    }

    let bar = try figure.slot("bar")
    let room = free.map { " of \(formattedBytes($0)) free" } ?? ""
    try bar.set(
      "aria-label",
      "\(formattedBytes(copied))\(room) would be used; with room to spare, \(formattedBytes(needed)) are needed")
    var start = 0
    try bar.each("segment", pieces.enumerated()) { rect, piece in
      let (left, right) = (position(start), position(start +| piece.element.bytes))
      try rect.set("class", Self.shades[piece.offset % Self.shades.count])
      try rect.set("x", tenths(left))
      try rect.set("width", tenths(max(1, right - left - 2)))
      start +|= piece.element.bytes
    }
    let mark = position(needed)
    try bar.slot("mark").set("x", tenths(max(0, mark - 4)))
    let tick = try figure.slot("tick")
    try tick.set(text: "needed: \(formattedBytes(needed))")
    try tick.set("style", "left:\(tenths(mark / 10))%")
    if mark < 300 { try tick.set("class", "right") }
    try figure.each("key", pieces.enumerated()) { item, piece in
      try item.slot("colour").set("class", Self.shades[piece.offset % Self.shades.count])
      try item.fill("text", "\(piece.element.name) \(formattedBytes(piece.element.bytes))")
    }
  }

  /// What is to be copied, the biggest first.
  private var segments: [(name: String, bytes: Int)] {
    let sized = report.plan.databases.compactMap { plan in plan.sizeBytes.map { (name: plan.name, bytes: $0) } }
      .sorted { $0.bytes > $1.bytes }
    guard sized.count > Self.maximumSegments + 1 else { return sized }
    let rest = sized.dropFirst(Self.maximumSegments)
    return sized.prefix(Self.maximumSegments)
      + [("\(formattedCount(rest.count)) others", rest.sum(of: \.bytes))]
  }

  // MARK: Slots, workers, connections

  private func fill(_ figure: Element, meter: Capacity) throws {
    let (used, needed) = (meter.used ?? 0, meter.needed ?? 0)
    try figure.fill("title", meter.name)
    let side = meter.side.rawValue
    try figure.fill("told", meter.total.map { "\(side), \(formattedCount($0))" } ?? "\(side), limit not known")

    let free = meter.total.map { $0 -| used -| needed }
    var keys: [(colour: String, text: String)] = []
    keys.append(("bar-1", meter.used.map { "\(formattedCount($0)) in use" } ?? "use not known"))
    keys.append(("bar-3", meter.needed.map { "\(formattedCount($0)) needed" } ?? "need not known"))
    if let free, meter.used != nil, meter.needed != nil {
      keys.append(
        free >= 0
          ? ("bar-free", "\(formattedCount(free)) \(free == 1 ? "stays" : "stay") free")
          : ("bar-missing", "\(formattedCount(0 -| free)) missing"))
    }
    let bar = try figure.slot("bar")
    if let total = meter.total {
      try bar.set(
        "aria-label", "\(meter.name): \(keys.map(\.text).joined(separator: ", ")), of \(formattedCount(total))")
      let scale = Double(max(total, used +| needed, 1))
      func width(_ count: Int) -> String { tenths(Double(count) / scale * 1000) }
      try bar.slot("used").set("width", width(used))
      let fitting = max(0, min(needed, total -| used))
      try bar.slot("needed").set("x", width(used))
      try bar.slot("needed").set("width", width(fitting))
      let missing = try bar.slot("missing")
      if needed > fitting {
        try missing.set("x", width(used +| fitting))
        try missing.set("width", width(needed -| fitting))
      } else {
        missing.remove()
      }
    } else {
      bar.remove()
    }
    try figure.each("key", keys) { item, key in
      try item.slot("colour").set("class", key.colour)
      try item.fill("text", key.text)
    }
  }
}

/// `37.4`: with a decimal, and never an exponent.
func tenths(_ value: Double) -> String {
  let tenths = Int(saturating: (min(max(value, 0), 10_000) * 10).rounded())
  return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
}
