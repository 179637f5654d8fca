import Assessment
import FoundationEssentials

extension Reporter {
  /// The report itself: every other format can be made from it again.
  static let json = Reporter(format: "json", fileName: "report.json") { report in
    let encoder = JSONEncoder()
    // Without sorted keys, two encodings of one value differ.
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
  }
}

extension Report {
  /// The report in a file that `json` has written.
  ///
  /// - Throws: `DecodingError` where it is none.
  public init(json: some Sequence<UInt8>) throws {
    self = try JSONDecoder().decode(Report.self, from: Data(json))
  }
}
