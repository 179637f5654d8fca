import Catalog

extension Crossing {
  /// The one finding about tables that get across without anybody doing anything, however many they are.
  ///
  /// - Parameters:
  ///   - message: of one table, and of several.
  ///   - way: what becomes of them.
  static func settled(
    _ tables: [some TableRow], _ message: (one: String, several: String), evidence: [String: String] = [:],
    way: String = "copied while writes are blocked", advice: String
  ) -> Finding {
    let isOne = tables.count == 1
    return Finding(
      isOne ? "table \(tables[0].qualifiedName)" : "\(tables.count) tables", isOne ? message.one : message.several,
      evidence: ["tables": tables.map(\.qualifiedName).listed(atMost: 100), "way across": way].merging(evidence) { $1 },
      remediation: Remediation("Nothing has to be done: \(isOne ? "it is" : "they are") \(way). \(advice)"))
  }
}
