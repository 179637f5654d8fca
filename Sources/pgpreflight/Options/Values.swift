import ArgumentParser
import Assessment
import Catalog

extension MethodChoice: ExpressibleByArgument {}
extension CopyAtCutover: ExpressibleByArgument {}
extension FailOn: ExpressibleByArgument {}

/// A size in bytes, written as people do: `500GB`, `1.5TiB`.
struct Size: ExpressibleByArgument, Decodable {
  var bytes: Int

  init?(argument: String) {
    guard let bytes = parseByteCount(argument) else { return nil }
    self.bytes = bytes
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let size = Size(argument: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not a size such as 500GB")
    }
    self = size
  }
}

/// Bytes a second, `80MB/s`.
struct Rate: ExpressibleByArgument, Decodable {
  var bytesPerSecond: Int

  init?(argument: String) {
    guard argument.hasSuffix("/s"), let bytes = parseByteCount(String(argument.dropLast(2))), bytes > 0 else {
      return nil
    }
    bytesPerSecond = bytes
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let rate = Rate(argument: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not a rate such as 80MB/s")
    }
    self = rate
  }
}

/// Names separated by commas. A name that begins with a double quote ends with one, may hold commas, and a doubled
/// quote stands for one in it.
struct NameList: ExpressibleByArgument {
  var names: [String] = []

  init?(argument: String) {
    var rest = Substring(argument)
    while !rest.isEmpty {
      rest = rest.drop { $0 == " " }
      if rest.first == "\"" {
        guard let name = Self.takeQuoted(from: &rest) else { return nil }
        names.append(name)
      } else {
        let item = rest.prefix { $0 != "," }
        rest = rest.dropFirst(item.count)
        let name = String(item).trimmingSpaces
        if !name.isEmpty { names.append(name) }
      }
      rest = rest.drop { $0 == " " }
      guard rest.isEmpty || rest.removeFirst() == "," else { return nil }
    }
    if names.isEmpty { return nil }
  }

  private static func takeQuoted(from rest: inout Substring) -> String? {
    rest.removeFirst()
    var name = ""
    while let character = rest.popFirst() {
      guard character == "\"" else {
        name.append(character)
        continue
      }
      guard rest.first == "\"" else { return name.isEmpty ? nil : name }
      name.append(rest.removeFirst())
    }
    return nil
  }
}

/// Tables separated by commas: `table`, `schema.table` or `database.schema.table`, quoted as SQL identifiers are.
struct TableList: ExpressibleByArgument {
  var patterns: [TablePattern]

  init?(argument: String) {
    guard let items = splitOutsideQuotes(argument, at: ",") else { return nil }
    patterns = []
    for item in items {
      guard let parts = splitOutsideQuotes(item.trimmingSpaces, at: ".") else { return nil }
      // As in SQL: without quotes, upper case means lower case.
      let names = parts.map { unquoted($0) ?? $0.lowercased() }
      guard (1...3).contains(names.count), !names.contains("") else { return nil }
      patterns.append(
        TablePattern(
          database: names.count == 3 ? names[0] : nil, schema: names.count >= 2 ? names[names.count - 2] : nil,
          table: names[names.count - 1]))
    }
  }
}

/// nil where a quote is not closed.
private func splitOutsideQuotes(_ text: String, at separator: Character) -> [String]? {
  var parts = [""]
  var isQuoted = false
  for character in text {
    if character == "\"" { isQuoted.toggle() }
    if character == separator, !isQuoted {
      parts.append("")
    } else {
      parts[parts.count - 1].append(character)
    }
  }
  return isQuoted ? nil : parts
}

/// The name in double quotes; nil where there are none around it.
private func unquoted(_ text: String) -> String? {
  guard text.count >= 2, text.first == "\"", text.last == "\"" else { return nil }
  return text.dropFirst().dropLast().split(separator: "\"\"", omittingEmptySubsequences: false).joined(separator: "\"")
}

extension String {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
