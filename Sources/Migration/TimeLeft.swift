/// What a migration does for the rows of a database, as far as it takes time by their amount.
public enum MigrationWork: String, Sendable, CaseIterable {
  case rows, indexes, foreignKeys, statistics, verification

  /// What a byte takes, in bytes of rows that are copied: what was measured by `scripts/bench left` on two shared cores. The
  /// migration's own speed is measured as it goes.
  fileprivate var weight: Double {
    switch self {
    case .rows: 1
    case .indexes: 1.2
    case .foreignKeys: 0.6
    case .statistics: 0.25
    case .verification: 0.5
    }
  }
}

/// How long a migration still takes: by what there is left of all its work, and by how fast it has been.
public struct TimeLeft: Sendable {
  private struct Running: Sendable {
    var weighted: Double
    var began: Double
  }

  /// Weighted bytes.
  private var planned = 0.0
  private var done = 0.0
  /// What is under way, and tells nothing until it is done.
  private var running: [String: Running] = [:]
  /// Bytes of rows: as they went over the wire, and how many of them belong to parts that have arrived, which hold so many
  /// on the source.
  private var wire = 0.0
  private var arrivedWire = 0.0
  private var arrived = 0.0
  private var rows = 0.0

  public init() {}

  public mutating func plan(_ work: [MigrationWork: Int]) {
    for (kind, bytes) in work { planned += Double(bytes) * kind.weight }
    rows += Double(work[.rows] ?? 0)
  }

  /// - Parameter seconds: since the migration began to copy.
  public mutating func begin(_ work: MigrationWork, _ name: String, bytes: Int, at seconds: Double) {
    running[name] = Running(weighted: Double(bytes) * work.weight, began: seconds)
  }

  public mutating func finish(_ work: MigrationWork, _ name: String, bytes: Int) {
    running[name] = nil
    done += Double(bytes) * work.weight
  }

  public mutating func copied(bytes: Int) { wire += Double(bytes) }

  /// A part of a table, which takes so many bytes on the source, and took so many on its way.
  public mutating func finishRows(bytes: Int, wire: Int) {
    arrived += Double(bytes)
    arrivedWire += Double(wire)
  }

  private var copied: Double {
    let ratio = arrivedWire > 0 ? arrived / arrivedWire : 1
    return min(rows, arrived + max(0, wire - arrivedWire) * ratio)
  }

  /// nil where nothing tells it yet.
  ///
  /// - Parameter seconds: since the migration began to copy.
  public func seconds(at seconds: Double) -> Double? {
    let sure = done + copied
    guard seconds > 1, sure > 0 else { return nil }
    // What is under way is assumed to go as fast as all has gone.
    let pace = sure / seconds / Double(max(1, running.count))
    let under = running.values.reduce(0) { $0 + min($1.weighted * 0.9, (seconds - $1.began) * pace) }
    let made = sure + under
    return max(0, planned - made) * seconds / made
  }
}
