import Catalog
import Foundation

/// A JSON text as a tree that need not be valid: fields may be given twice, and a number is what is written.
indirect enum JSONTree {
  case scalar(String)
  case list([JSONTree])
  case object([(name: String, value: JSONTree)])

  init(_ value: Any) {
    switch value {
    case let list as [Any]: self = .list(list.map(JSONTree.init))
    case let object as [String: Any]:
      self = .object(object.sorted { $0.key < $1.key }.map { ($0.key, JSONTree($0.value)) })
    default: self = .scalar(Self.text(of: value))
    }
  }

  private static func text(of scalar: Any) -> String {
    let data = try? JSONSerialization.data(
      withJSONObject: scalar, options: [.fragmentsAllowed, .withoutEscapingSlashes])
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }

  func write(to text: inout String) {
    switch self {
    case .scalar(let scalar): text += scalar
    case .list(let list):
      text += "["
      for (index, element) in list.enumerated() {
        text += index == 0 ? "" : ","
        element.write(to: &text)
      }
      text += "]"
    case .object(let fields):
      text += "{"
      for (index, field) in fields.enumerated() {
        text += index == 0 ? "" : ","
        text += Self.text(of: field.name) + ":"
        field.value.write(to: &text)
      }
      text += "}"
    }
  }

  /// How many values are in it.
  var count: Int {
    switch self {
    case .scalar: 1
    case .list(let list): list.reduce(1) { $0 + $1.count }
    case .object(let fields): fields.reduce(1) { $0 + $1.value.count }
    }
  }

  /// Changes the value of that number, counted from the root, which is 0.
  mutating func change(_ number: Int, _ body: (inout JSONTree) -> Void) {
    guard number > 0 else { return body(&self) }
    var left = number - 1
    switch self {
    case .scalar: return
    case .list(var list):
      for index in list.indices {
        let count = list[index].count
        if left < count {
          list[index].change(left, body)
          self = .list(list)
          return
        }
        left -= count
      }
    case .object(var fields):
      for index in fields.indices {
        let count = fields[index].value.count
        if left < count {
          fields[index].value.change(left, body)
          self = .object(fields)
          return
        }
        left -= count
      }
    }
  }
}

/// Changes a JSON text in one to three places, by its structure.
///
/// - Returns: nil where it is no JSON.
public func mutatedJSON(_ bytes: [UInt8], longest: Int, using generator: inout some RandomNumberGenerator) -> [UInt8]? {
  let data = Data(bytes)
  guard (try? JSONScanner.check(bytes, .ofReports)) != nil,
    let value = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
  else { return nil }
  var tree = JSONTree(value)
  for _ in 0..<Int.random(in: 1...3, using: &generator) {
    let donor = tree
    let (place, other) = (
      Int.random(in: 0..<tree.count, using: &generator), Int.random(in: 0..<tree.count, using: &generator)
    )
    tree.change(place) { mutate(&$0, donor: donor, other, using: &generator) }
  }
  var text = ""
  tree.write(to: &text)
  return text.utf8.count <= longest ? Array(text.utf8) : bytes
}

private func mutate(
  _ tree: inout JSONTree, donor: JSONTree, _ other: Int, using generator: inout some RandomNumberGenerator
) {
  switch tree {
  case .scalar(let scalar):
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: tree = .scalar("null")
    case 1: tree = .scalar(extremeTexts.randomElement(using: &generator) ?? "\"\"")
    case 2:
      var donor = donor
      donor.change(other) { tree = $0 }
    case _ where scalar.first == "\"":
      tree = .scalar(
        (Bool.random(using: &generator) ? extremeTexts : numbersAsTexts).randomElement(using: &generator) ?? "\"\"")
    case _ where scalar == "true" || scalar == "false": tree = .scalar(scalar == "true" ? "false" : "true")
    default: tree = .scalar(extremeNumbers.randomElement(using: &generator) ?? "0")
    }
  case .list(var list):
    let index = list.isEmpty ? 0 : Int.random(in: 0..<list.count, using: &generator)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0 where !list.isEmpty: list.remove(at: index)
    case 1 where !list.isEmpty: list.insert(list[index], at: index)
    case 2: list.shuffle(using: &generator)
    default: donor.visit(other) { list.append($0) }
    }
    tree = .list(list)
  case .object(var fields):
    let index = fields.isEmpty ? 0 : Int.random(in: 0..<fields.count, using: &generator)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0 where !fields.isEmpty: fields.remove(at: index)
    case 1 where !fields.isEmpty: donor.visit(other) { fields[index].value = $0 }
    case 2: fields.shuffle(using: &generator)
    default: donor.visit(other) { fields.append((fields.randomElement(using: &generator)?.name ?? "name", $0)) }
    }
    tree = .object(fields)
  }
}

extension JSONTree {
  fileprivate func visit(_ number: Int, _ body: (JSONTree) -> Void) {
    var copy = self
    copy.change(number) { body($0) }
  }
}

private let extremeNumbers = [
  "9223372036854775807", "-9223372036854775808", "-1", "0", "1", "2", "1e308", "1e999", "-0.5", "18446744073709551616",
  "2147483647", "-2147483649", "1152921504606846976", "9007199254740993", "4294967295", "160010", "190000", "90624",
]

private let numbersAsTexts = extremeNumbers.map { "\"\($0)\"" }

private let extremeTexts = [
  "\"\"", "\" \"", "\"a\"", "\"\\u0007\\u001b[31m\"", "\"\\ud83d\\ude00\"", "\"e\\u0301\"", "\"\\u202e\"",
  "\"<script>\"",
  "\"'; DROP TABLE x; --\"", "\"\\\"\\\\\"", "\"]]>\"", "\"a\\nb\"", "\"10min\"", "\"-5 d\"", "\"1e400kB\"",
  "\"{a,b}\"",
  "\"postgres://u:p@h/d\"", "\"2026-99-99T99:99:99Z\"", "\"9999999999999999999-01-01\"",
  "\"\(String(repeating: "x", count: 300))\"",
]
