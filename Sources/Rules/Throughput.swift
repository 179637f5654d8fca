import Catalog

/// Bytes a second of whole databases, indexes included, that a copy is assumed to make: those of a managed service
/// across a slow network, and of two large servers beside each other.
public struct Throughput: Sendable, Equatable {
  public var slowest: Int
  public var fastest: Int

  /// - Parameter measured: as the user tells it, at least 1; nil: nobody knows.
  public init(measured: Int?) {
    slowest = max(measured ?? 20_000_000, 1)
    fastest = max(measured ?? 200_000_000, 1)
  }

  public var isMeasured: Bool { slowest == fastest }

  /// In words: a rate, or the range.
  public var words: String {
    isMeasured
      ? "\(formattedBytes(slowest))/s" : "\(formattedBytes(slowest))/s to \(formattedBytes(fastest))/s"
  }
}

/// A duration in seconds as people say it, rounded up.
public func roughDuration(_ seconds: Double) -> String {
  let seconds = max(1, Int(saturating: seconds.rounded(.up)))
  func up(_ unit: Int) -> Int { (seconds - 1) / unit + 1 }
  return switch seconds {
  case ..<91: "\(seconds) s"
  case ..<5401: "\(up(60)) min"
  case ..<172_801: "\(up(3600)) h"
  default: "\(up(86400)) days"
  }
}

/// `4 s`, `2 s to 9 s`, `up to 9 s`.
public func roughDuration(_ low: Double, to high: Double) -> String {
  if low < 1 { return "up to \(roughDuration(high))" }
  let (first, last) = (roughDuration(low), roughDuration(high))
  return first == last ? first : "\(first) to \(last)"
}
