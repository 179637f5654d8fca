import Assessment
import Catalog
import FoundationEssentials
import Markup

extension Reporter {
  /// The report itself: every other format can be made from it again.
  public static let json = Reporter(format: "json", fileName: "report.json") { report in
    let encoder = JSONEncoder()
    // Without sorted keys, two encodings of one value differ.
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return visibleJSON(String(decoding: try encoder.encode(report), as: UTF8.self)) + "\n"
  }
}

extension Report {
  /// What is a report, but of a form that came later.
  public struct UnknownSchema: Error {
    public var version: String
  }

  private struct Header: Decodable {
    var schemaVersion: String
  }

  /// The report in a file that `json` has written, in this version or an earlier one.
  ///
  /// No text of it is longer than `BoundedJSON.longestText`.
  ///
  /// - Throws: `JSONFault` where it is none or says what can't be, ``UnknownSchema`` where it has another
  ///   `schemaVersion`.
  public init(json: some Collection<UInt8>) throws {
    let written = Data(json)
    let outOfBounds = try JSONScanner.check(written, .ofReports)
    let data = BoundedJSON.bounded(written).map { Data($0) } ?? written
    do {
      let version = try JSONDecoder().decode(Header.self, from: data).schemaVersion
      guard version == Self.schemaVersion else { throw UnknownSchema(version: version) }
      if let outOfBounds { throw outOfBounds }
      self = try JSONDecoder().decode(Report.self, from: data)
    } catch let error as DecodingError {
      throw JSONFault(error, in: data)
    }
    try validate()
  }

  /// The same with no text longer than a report has use for.
  public func bounded() throws -> Report {
    guard let cut = BoundedJSON.bounded(try JSONEncoder().encode(self)) else { return self }
    return try JSONDecoder().decode(Report.self, from: Data(cut))
  }
}
