import Catalog
import Rules

/// The same advice on the same place, with all that is to be pasted there.
struct Remedy {
  struct Advice: Hashable {
    var text: String
    var place: Remediation.Place?
  }

  /// More is not printed.
  static let maximumOnPaper = 200

  var advice: Advice
  /// Each once.
  var paste: [String] = []

  /// In the order of the findings.
  static func remedies(for findings: some Sequence<Finding>) -> [Remedy] {
    var remedies: [Remedy] = []
    var places: [Advice: Int] = [:]
    for remediation in findings.lazy.compactMap(\.remediation) {
      let advice = Advice(text: remediation.text, place: remediation.where)
      let place = places[advice] ?? remedies.count
      if place == remedies.count { remedies.append(Remedy(advice: advice)) }
      places[advice] = place
      if let sql = remediation.sql { remedies[place].paste.append(sql) }
    }
    for place in remedies.indices { remedies[place].paste = remedies[place].paste.uniqued }
    return remedies
  }

  /// As text.
  var lines: [String] { Remediation(advice.text, paste: paste.joined(separator: "\n")).lines }
}
