import Catalog
import Postgres
import Rules

/// What is copied while writes are blocked, as it is now.
public struct LateCopy: Codable, Sendable, Equatable {
  /// Tables, and the large objects as one.
  public var items: Int
  public var sizeBytes: Int
  /// How long it takes at most, in seconds, as estimated.
  public var seconds: Double
  /// The largest ones, with their sizes, in words.
  public var largest: [String]
  public var largeObjects: Int
  public var largeObjectBytes: Int

  private struct Sized: Decodable, Sendable {
    var name: String
    var sizeBytes: Int
  }

  /// - Parameters:
  ///   - throughput: as the user tells it, in bytes a second; nil: that of the first copy, if that is known.
  static func measured(
    _ tables: ReplicatedTables, _ manifest: Manifest, source: Connection, throughput: Int?, jobs: Int
  ) async throws -> LateCopy {
    let new = tables.new.map(\.name)
    var sized = try await source.query(
      ReadingStatements.sizes, [arrayLiteral(tables.copied.sorted()), arrayLiteral(new)]
    ).decode(Sized.self)
    var (count, objectBytes) = (0, 0)
    if manifest.carriesLargeObjects {
      let rows = try await source.query(ReadingStatements.largeObjectSize)
      count = rows.text(0, 0).flatMap { Int($0) } ?? 0
      if count > 0 {
        objectBytes = rows.text(0, 1).flatMap { Int($0) } ?? 0
        sized.append(Sized(name: "large objects", sizeBytes: objectBytes))
      }
    }
    sized.sort { $0.sizeBytes == $1.sizeBytes ? $0.name < $1.name : $0.sizeBytes > $1.sizeBytes }
    var late = LateCopy(
      items: sized.count, sizeBytes: sized.sum(of: \.sizeBytes), seconds: 0,
      largest: sized.prefix(5).map { "\($0.name) (\(formattedBytes($0.sizeBytes)))" }, largeObjects: count,
      largeObjectBytes: objectBytes)
    var pace = BlockedTime.Pace()
    pace.throughput = throughput ?? manifest.throughput
    late.seconds = BlockedTime(of: late.work, pace: pace, jobs: jobs)[.copy]?.high ?? 0
    return late
  }

  /// What it is of a cutover.
  var work: BlockedTime.Work {
    var work = BlockedTime.Work()
    (work.lateTables, work.lateBytes) = (items - (largeObjects > 0 ? 1 : 0), sizeBytes - largeObjectBytes)
    (work.largeObjects, work.largeObjectBytes) = (largeObjects, largeObjectBytes)
    return work
  }
}

extension LateCopy {
  /// `3 tables and 1 large object, 8.1 MB, up to 2 s`.
  public var words: String {
    func counted(_ count: Int, _ noun: String) -> String? {
      count > 0 ? "\(count) \(noun)\(count == 1 ? "" : "s")" : nil
    }
    let parts = [counted(items - (largeObjects > 0 ? 1 : 0), "table"), counted(largeObjects, "large object")]
    return parts.compactMap(\.self).joined(separator: " and ")
      + ", \(formattedBytes(sizeBytes)), up to \(roughDuration(seconds))"
  }
}
