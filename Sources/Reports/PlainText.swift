import Assessment
import Rules

// Outcomes as lines of text, for what takes no more: a case of JUnit, the end of a long list.

extension Finding {
  /// `table public.orders: No key of any kind. (rows: 18,204, size: 2.1 GB)`
  var line: String {
    let evidence = evidence.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    return "\(object): \(message)\(evidence.isEmpty ? "" : " (\(evidence))")".replacing("\n", with: " ")
  }
}

extension Remediation {
  /// The advice, below it what is to be pasted.
  var lines: [String] {
    ["  Fix: \(text)"] + (sql ?? "").split(separator: "\n").map { "    \($0)" }
  }
}

extension Waiver {
  var inWords: String { "Waived by \(by) until \(until): \(reason)" }
}
