import Reports
import Rules

extension Failure {
  /// Names what may have been meant.
  static func noRule(_ id: String, in place: String) -> Failure {
    let near = nearestRules(to: id, among: Rule.all.map(\.id))
    let advice =
      near.isEmpty ? "pgpreflight rules lists them" : "the nearest: \(near.joined(separator: ", "))"
    return .usage("\(place) \(id): there is no rule of that name; \(advice)")
  }
}
