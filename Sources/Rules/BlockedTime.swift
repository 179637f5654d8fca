import Catalog

/// For how long nobody can write while a replicated database is switched over, part by part: a range, as servers and
/// networks differ.
public struct BlockedTime: Codable, Sendable, Equatable {
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
    /// Of the tables and large objects that are copied, indexes included.
    public var lateBytes = 0
    public var lateItems = 0
    /// How many are locked and compared.
    public var tables = 0
    public var sequences = 0
    /// Of the whole database.
    public var totalBytes = 0
    /// Whether rows are compared, and whether it is all that is in them.
    public var comparison = Comparison.counts

    public enum Comparison: Sendable { case none, counts, sample, full }

    public init() {}
  }

  /// What is assumed where nothing was measured: to end sessions and lock takes up to two seconds and five milliseconds
  /// for each table; the rest of the changes, of which the target had all a moment before, up to five seconds; a table's
  /// own statements up to 50 ms, by network; a sequence up to 10 ms; comparing reads 5 GB to 100 MB a second where rows
  /// are counted, 1 GB to 20 MB where they are hashed; a sample of a table's rows takes up to a quarter of a second.
  public init(of work: Work, throughput: Throughput, jobs: Int) {
    let jobs = Double(max(jobs, 1))
    let late = Double(work.lateBytes)
    let tables = Double(work.tables)
    var parts = [
      Part(name: "blocking writes", low: 0.01, high: 2 + tables * 0.005), Part(name: "drain", low: 0.01, high: 5),
    ]
    if work.lateItems > 0 {
      // A rate that was measured is that of another copy; and what has just been written is read from memory.
      let margin = throughput.isMeasured ? 2.0 : 1
      parts.append(
        Part(
          name: "late copy", low: late / Double(throughput.fastest) / 2,
          high: Self.copySeconds(bytes: work.lateBytes, items: work.lateItems, throughput: throughput, jobs: jobs)
            * margin))
    }
    if work.sequences > 0 {
      parts.append(Part(name: "sequences", low: 0.001, high: 1 + Double(work.sequences) * 0.01))
    }
    if let part = Self.verification(
      bytes: work.totalBytes, tables: work.tables, of: work.comparison, jobs: jobs)
    {
      parts.append(part)
    }
    self.init(parts)
  }

  private init(_ parts: [Part]) {
    self.parts = parts.map { Part(name: $0.name, low: Self.rounded($0.low), high: Self.rounded($0.high)) }
    low = Self.rounded(parts.reduce(0) { $0 + $1.low })
    high = Self.rounded(parts.reduce(0) { $0 + $1.high })
  }

  private static func verification(bytes: Int, tables: Int, of comparison: Work.Comparison, jobs: Double) -> Part? {
    let (bytes, tables) = (Double(bytes), Double(tables))
    let (fast, slow, each) =
      switch comparison {
      case .none: (0.0, 0.0, 0.0)
      case .counts: (5e9, 100e6, 0.05)
      case .sample: (5e9, 100e6, 0.25)
      case .full: (1e9, 20e6, 0.05)
      }
    guard comparison != .none else { return nil }
    return Part(name: "verification", low: bytes / fast, high: 1 + bytes / slow + tables * each / jobs)
  }

  /// The same, where only some tables are left to be compared while nobody writes.
  public func verifying(bytes: Int, tables: Int, of comparison: Work.Comparison, jobs: Int) -> BlockedTime {
    let part = Self.verification(bytes: bytes, tables: tables, of: comparison, jobs: Double(max(jobs, 1)))
    return BlockedTime(parts.compactMap { $0.name == "verification" ? part : $0 })
  }

  /// At the slowest rate that is assumed; what is held against `--max-blocked-time`.
  public static func copySeconds(bytes: Int, items: Int, throughput: Throughput, jobs: Double) -> Double {
    Double(bytes) / Double(throughput.slowest) + Double(items) * 0.05 / max(jobs, 1)
  }

  /// To hundredths: two runs give the same digits.
  private static func rounded(_ seconds: Double) -> Double { (seconds * 100).rounded() / 100 }
}
