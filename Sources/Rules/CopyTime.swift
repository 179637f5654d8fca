import Catalog

/// How long the copy of everything that is selected may take: a range, as servers and networks differ.
public struct CopyTime: Codable, Sendable, Equatable {
  /// In seconds; equal where the rate was given.
  public var low: Double
  public var high: Double
  /// Indexes included.
  public var sizeBytes: Int
  /// Bytes a second.
  public var slowest: Int
  public var fastest: Int
  /// How many databases' sizes are not known, and not in it.
  public var unknownSizes: Int

  public init(sizeBytes: Int, unknownSizes: Int = 0, throughput: Throughput) {
    self.sizeBytes = sizeBytes
    self.unknownSizes = unknownSizes
    (slowest, fastest) = (throughput.slowest, throughput.fastest)
    low = (Double(sizeBytes) / Double(fastest)).rounded(.up)
    high = (Double(sizeBytes) / Double(slowest)).rounded(.up)
  }

  /// nil where no size is known.
  public init?(of pair: ClusterPair) throws(Undetermined) {
    let total = try pair.totalSize()
    guard total.bytes > 0 || total.hidden.isEmpty else { return nil }
    self.init(
      sizeBytes: total.bytes, unknownSizes: total.hidden.count,
      throughput: Throughput(measured: pair.options.throughput))
  }

  private var throughput: Throughput {
    var throughput = Throughput(measured: slowest)
    throughput.fastest = fastest
    return throughput
  }

  public var isMeasured: Bool { throughput.isMeasured }

  /// `56 min to 10 h`, `about 20 min`, `nothing to copy`.
  public var words: String {
    guard sizeBytes > 0 else { return "nothing to copy" }
    let range = isMeasured ? roughDuration(high) : roughDuration(max(low, 1), to: high)
    return range.contains("to") ? range : "about \(range)"
  }

  /// What that is for: `672 GB, at 20.0 MB/s to 200 MB/s`.
  public var basis: String {
    let others = unknownSizes > 0 ? ", and \(unknownSizes.counted("database")) of unknown size" : ""
    return "\(formattedBytes(sizeBytes))\(others), at \(throughput.words)"
  }
}
