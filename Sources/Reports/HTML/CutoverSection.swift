import Assessment
import Catalog
import Markup
import Rules

/// What is done while nobody can write, for each database that is replicated, and for how long that is estimated.
extension HTMLReport {
  /// So many objects of a database are told; the rest is in the JSON report.
  private static let maximumObjects = 200
  /// More tables with the same reason are told of together.
  private static let maximumAlike = 5
  /// With more databases the table is folded.
  private static let maximumOpen = 6

  func fillCutover(of part: Element) throws {
    let plans = index.ready(by: .replication).filter(\.tellsOfCutover)
    guard !plans.isEmpty else { return try part.remove(slot: "cutover") }
    let box = try part.slot("cutover")
    if plans.count > Self.maximumOpen { try box.set("open", nil) }
    let time = blockedTime(of: plans).map { "writes stop for \($0)\(plans.count == 1 ? "" : " each")" }
    try box.fill("told", time ?? "how long writes stop is not known")
    try box.each("cutover", plans) { row, plan in
      try row.fill("name", plan.name)
      try row.fill("time", blockedTime(of: [plan]) ?? "not known")
      let parts = (plan.estimatedBlockedSeconds?.parts ?? []).map { "\($0.name) \(roughDuration($0.low, to: $0.high))" }
      try row.fill("parts", orRemove: parts.joined(separator: ", "))
      let tables = lines(of: plan.tablesAtCutover)
      let objects = plan.largeObjectsAtCutover.map {
        ["\(counted($0.count, "large object")), \(formattedBytes($0.sizeBytes))"]
      }
      try fill(row, "copied", told(tables + (objects ?? [])))
      try fill(
        row, "changed",
        told(
          plan.replicaIdentityChanges.map { change in
            "\(change.name): replica identity \(change.to.rawValue)\(change.index.map { " \(quotedIdentifier($0))" } ?? "")"
          }))
      try settle(row)
    }
  }

  /// A line for each table; of many that have the same reason, one for all of them.
  private func lines(of tables: [TableAtCutover]) -> [String] {
    tables.map(\.reason).uniqued.flatMap { reason in
      let alike = tables.filter { $0.reason == reason }
      guard alike.count > Self.maximumAlike else {
        return alike.map { "\($0.name): \($0.reason), \(formattedBytes($0.sizeBytes))" }
      }
      let largest = alike.sorted { $0.sizeBytes > $1.sizeBytes }.prefix(3).map(\.name)
      let size = formattedBytes(alike.sum(of: \.sizeBytes))
      let each = ["it has ", "it is "].first { reason.hasPrefix($0) }
      return [
        "\(counted(alike.count, "table")), \(size): \(reason.dropFirst(each?.count ?? 0)) "
          + "(\(largest.joined(separator: ", ")) and \(formattedCount(alike.count - 3)) more in report.json)"
      ]
    }
  }

  private func fill(_ row: Element, _ name: String, _ lines: [String]) throws {
    try row.each(name, lines.isEmpty ? ["nothing"] : lines) { item, line in try item.set(text: line) }
  }

  private func told(_ lines: [String]) -> [String] {
    guard lines.count > Self.maximumObjects else { return lines }
    let rest = formattedCount(lines.count - Self.maximumObjects)
    return lines.prefix(Self.maximumObjects) + ["and \(rest) more in report.json"]
  }
}

extension DatabasePlan {
  fileprivate var tellsOfCutover: Bool {
    estimatedBlockedSeconds != nil || !tablesAtCutover.isEmpty || largeObjectsAtCutover != nil
      || !replicaIdentityChanges.isEmpty
  }
}
