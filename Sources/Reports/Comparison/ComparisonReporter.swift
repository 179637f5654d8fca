import Assessment
import FoundationEssentials
import Markup
import Rules

/// A format that a comparison of two reports can be written in.
public struct ComparisonReporter: Sendable {
  /// As `--format` calls it.
  public let format: String
  public let render: @Sendable (ReportComparison) throws -> String

  public static let json = ComparisonReporter(format: "json") { comparison in
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return visibleJSON(String(decoding: try encoder.encode(comparison), as: UTF8.self)) + "\n"
  }
}

extension ReportComparison {
  /// `2 new, 1 changed, 3 fixed, 12 unchanged`
  var counts: String {
    Kind.allCases.map { "\(formattedCount(changes($0).count)) \($0.rawValue)" }.joined(separator: ", ")
  }

  /// `blocked → ready`, or one word where it is the same.
  func verdicts(arrow: String) -> String {
    old.verdict == new.verdict
      ? new.verdict.headline : "\(old.verdict.headline) \(arrow) \(new.verdict.headline.lowercased())"
  }
}

extension ReportComparison.Change {
  /// What it was, where that is another thing than it is: `was a warning`, `was undetermined`.
  var differences: [String] {
    guard kind == .changed, let old, let new else { return [] }
    var words: [String] = []
    if old.outcome != new.outcome { words.append("was \(old.outcome.rawValue)") }
    if old.severity != new.severity { words.append("was a \(old.severity.rawValue)") }
    if old.message != new.message { words.append("said: \(old.message)") }
    for name in Set(old.evidence.keys).union(new.evidence.keys).sorted() where old.evidence[name] != new.evidence[name]
    {
      words.append("\(name): \(old.evidence[name] ?? "–") → \(new.evidence[name] ?? "–")")
    }
    return words
  }

  var message: String {
    kind == .fixed ? reason.map { "now: \($0)" } ?? "the rule has nothing to say of it any more" : new?.message ?? ""
  }
}
