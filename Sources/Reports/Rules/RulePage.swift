import Catalog
import Rules

/// The whole page of one rule. Ends with a line feed.
public func rulePage(_ rule: Rule, style: TerminalStyle) -> String {
  let methods = joined(rule.methods.sorted().map(\.word))
  var lines = [style.bold(style.plain(rule.id))] + wrapped(style.plain(sentence(rule.title)), to: style.width)
  lines += ["", "  Severity  \(style.paint(rule.severity.rawValue, rule.tone))"]
  lines += [
    "  Methods   \(methods)", "  Subject   \(rule.subject)", "  Group     \(rule.group.rawValue)",
  ]
  let sections = [
    ("Why", rule.explanation.why), ("How it decides", rule.explanation.decides),
    ("How to fix it", rule.explanation.fix), ("Documentation", rule.documentation),
  ]
  for (heading, text) in sections {
    lines += ["", style.bold(heading)]
    lines += text.split(separator: "\n").flatMap { style.paragraph(String($0)) }
  }
  return lines.joined(separator: "\n") + "\n"
}

/// The ids most like a word that is none, the likeliest first.
public func nearestRules(to word: String, among ids: [String]) -> [String] {
  let word = word.lowercased()
  let parts = Set(word.split(separator: "-"))
  let ranked = ids.map { id -> (id: String, rank: Int) in
    if word.utf8.count >= 3, id.contains(word) || word.contains(id) { return (id, 0) }
    let bytes = Array(word.utf8)
    // Of the whole id, or of its beginning; parts of an id, in any order, are what people remember.
    let typed = min(distance(bytes, Array(id.utf8)), distance(bytes, Array(id.utf8.prefix(bytes.count))) + 1)
    return (id, max(1, typed - 4 * parts.intersection(id.split(separator: "-")).count))
  }
  let limit = max(2, word.utf8.count / 3)
  return ranked.filter { $0.rank <= limit }.sorted { ($0.rank, $0.id) < ($1.rank, $1.id) }.prefix(3).map(\.id)
}

/// Levenshtein's: insertions, deletions and replacements of one character.
private func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
  var row = Array(0...other.count)
  for (i, left) in one.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, right) in other.enumerated() {
      let above = row[j + 1]
      row[j + 1] = min(above + 1, row[j] + 1, diagonal + (left == right ? 0 : 1))
      diagonal = above
    }
  }
  return row[other.count]
}

extension TerminalStyle {
  /// Indented by two columns.
  func paragraph(_ text: String) -> [String] { wrapped(plain(text), to: width - 2).map { "  " + $0 } }
}

extension Rule {
  var tone: TerminalStyle.Tone {
    switch severity {
    case .blocker: .blocked
    case .warning: .warning
    case .notice: .skipped
    }
  }

  var subject: String { scope == .cluster ? "the pair of clusters" : "each database" }

  /// `blocker, for replication and dump, decided for each database`
  var facts: String {
    "\(severity.rawValue), for \(joined(methods.sorted().map(\.word))), decided for \(subject)"
  }
}
