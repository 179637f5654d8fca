import Assessment
import Rules
import Yams

/// Reads `waivers:` from the nodes of the file, so that a mistake is told with its line.
func configuredWaivers(in list: Node, path: String) throws -> [ConfiguredWaiver] {
  if list.null != nil { return [] }
  guard let entries = list.sequence else {
    throw Failure.usage("\(path)\(line(of: list)): waivers has the wrong type: it is a list")
  }
  return try entries.map { try waiver(in: $0, path: path) }
}

private func waiver(in entry: Node, path: String) throws -> ConfiguredWaiver {
  func failure(_ problem: String, at node: Node? = nil) -> Failure {
    .usage("\(path)\(line(of: node ?? entry)): \(problem)")
  }
  guard let mapping = entry.mapping else { throw failure("a waiver has the wrong type: it names rule, by and others") }
  let names = ["rule", "database", "object", "reason", "by", "expires"]
  var texts: [String: String] = [:]
  for (key, value) in mapping {
    guard let name = key.string, names.contains(name) else {
      throw failure("a waiver has an unknown setting; there are \(names.joined(separator: ", "))", at: key)
    }
    guard let text = value.scalar?.string, !text.isEmpty, value.null == nil else {
      throw failure("\(name) of a waiver has no value", at: key)
    }
    texts[name] = text
  }
  func required(_ name: String) throws -> String {
    guard let text = texts[name] else { throw failure("a waiver lacks \(name)") }
    return text
  }
  let (id, expires) = (try required("rule"), try required("expires"))
  guard let rule = Rule.all.first(where: { $0.id == id }) else {
    throw Failure.noRule(id, in: "\(path)\(line(of: entry)): a waiver of rule")
  }
  if texts["database"] != nil, rule.scope == .cluster {
    throw failure("a waiver of \(id) names a database, but the rule is decided for the clusters as a whole")
  }
  guard isDay(expires) else { throw failure("expires of a waiver is not a day such as 2027-01-31") }
  return ConfiguredWaiver(
    rule: id, database: texts["database"], object: texts["object"],
    waiver: Waiver(by: try required("by"), reason: try required("reason"), until: expires))
}

private func line(of node: Node) -> String { node.mark.map { ":\($0.line)" } ?? "" }

/// A day of the calendar, `2027-01-31`: waivers without an end are none.
private func isDay(_ text: String) -> Bool {
  guard text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil else { return false }
  let numbers = text.split(separator: "-").compactMap { Int($0) }
  let (year, month, day) = (numbers[0], numbers[1], numbers[2])
  let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
  let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return (1...12).contains(month) && (1...lengths[month - 1]).contains(day)
}
