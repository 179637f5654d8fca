import Catalog

/// For how long nobody can write while a replicated database is cut over, part by part: a range of half to twice what is
/// expected, which is to hold 9 times of 10.
public struct BlockedTime: Codable, Sendable, Equatable {
  /// What a cutover does while nobody can write, in its order.
  public enum Phase: String, Sendable, CaseIterable {
    case blocking = "blocking writes"
    case catchingUp = "catching up"
    case copy = "copy during cutover"
    case sequences
    case verification
    case switching = "switch"
  }

  /// In seconds.
  public struct Part: Codable, Sendable, Equatable {
    public var name: String
    public var low: Double
    public var high: Double
  }

  public var low: Double
  public var high: Double
  public var parts: [Part]

  /// What there is to do meanwhile.
  public struct Work: Sendable, Equatable {
    /// Of the tables that are copied, indexes included.
    public var lateBytes = 0
    public var lateTables = 0
    public var largeObjects = 0
    public var largeObjectBytes = 0
    /// How many are looked at, and locked where others are not kept out.
    public var tables = 0
    public var sequences = 0
    /// Replicated tables that are compared while nobody writes, as they are written to after the comparison that comes
    /// before.
    public var comparedTables = 0
    public var comparedBytes = 0
    public var comparison = Comparison.sample

    public enum Comparison: Sendable { case none, counts, sample, full }

    public init() {}
  }

  /// How fast the servers and the network are, in seconds and bytes a second. What was not measured is assumed.
  public struct Pace: Sendable, Equatable {
    /// From this program to a server and back: 0.2 ms within a machine, 0.5 ms within a data center, 1 to 2 ms between those
    /// of a region.
    public var sourceRoundTrip = 0.001
    public var targetRoundTrip = 0.001
    /// A synchronous commit on the target.
    public var commit = 0.005
    /// Of the copy, indexes built beside it.
    public var throughput: Int?
    /// To look at both sides once more, the schema too; nil: by the number of tables.
    public var look: Double?
    /// Until the target has applied what the source has just written; nil: by the round trips.
    public var catchingUp: Double?
    /// To compare the replicated tables that are left, as measured before, while others wrote; nil: by their sizes.
    public var comparison: Double?

    public init() {}

    /// Bytes a second.
    var copyRate: Int { max(throughput ?? Int(BlockedTime.copyRate), 1) }
  }

  /// Bytes a second of tables that are copied into tables with indexes, and that are read on both sides and compared, where
  /// nothing was measured. All these numbers are what `scripts/bench downtime` shows on two shared cores, where the network
  /// takes no time; a copy over a network of 1 Gbit/s comes to about the same.
  private static let copyRate = 100e6
  private static let checksumRate = 300e6
  private static let countRate = 500e6
  /// Large objects are copied one by one.
  private static let objectsAreSlower = 5.0

  public init(of work: Work, pace: Pace, jobs: Int) {
    let jobs = Double(max(jobs, 1))
    let (here, there) = (pace.sourceRoundTrip, pace.targetRoundTrip)
    let (both, tables, sequences) = (here + there, Double(work.tables), Double(work.sequences))
    let (late, objects) = (Double(work.lateBytes), Double(work.largeObjectBytes))
    var parts: [Part] = []
    func add(_ phase: Phase, _ expected: Double) {
      parts.append(Part(name: phase.rawValue, low: Self.rounded(expected / 2), high: Self.rounded(expected * 2)))
    }
    add(.blocking, 0.015 + 12 * here + 2 * there + pace.commit)
    let look = pace.look ?? 0.08 + tables * 0.0004 + 20 * both
    add(.catchingUp, look + (pace.catchingUp ?? 0.03 + 5 * both) + there + pace.commit)
    if work.lateTables + work.largeObjects > 0 {
      let rate = Double(pace.copyRate)
      add(
        .copy,
        0.1 + 20 * both + late / rate + Double(work.lateTables) * (0.02 + 6 * both) / jobs
          + objects * Self.objectsAreSlower / rate + Double(work.largeObjects) * (0.0005 + both / 10))
    }
    if work.sequences > 0 { add(.sequences, 0.005 + sequences * 0.00015 + 8 * both) }
    let (rate, each) =
      switch work.comparison {
      case .none: (Double.infinity, 0.0)
      case .counts: (Self.countRate, 0.005)
      case .sample: (Self.countRate, 0.01)
      case .full: (Self.checksumRate, 0.005)
      }
    // What was measured while others wrote has waited for them too.
    let bySize = Double(work.comparedBytes) / rate + Double(work.comparedTables) * (each + 4 * both) / jobs
    let compared = min(pace.comparison ?? bySize, 3 * bySize)
    add(
      .verification,
      0.1 + 20 * both + tables * 0.0003 + compared + late / Self.checksumRate + Double(work.lateTables) * 4 * both
        / jobs
        + objects * 2 / Self.checksumRate + sequences * 0.00005)
    add(.switching, 0.005 + 5 * here + 3 * there + pace.commit)
    self.parts = parts
    low = Self.rounded(parts.reduce(0) { $0 + $1.low })
    high = Self.rounded(parts.reduce(0) { $0 + $1.high })
  }

  public subscript(phase: Phase) -> Part? { parts.first { $0.name == phase.rawValue } }

  /// To thousandths: two runs give the same digits.
  private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
