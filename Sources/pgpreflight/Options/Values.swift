import ArgumentParser
import Assessment
import Catalog

extension MethodChoice: ExpressibleByArgument {}
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

/// Names separated by commas; in double quotes a name may hold commas itself, and a doubled quote stands for one.
struct NameList: ExpressibleByArgument {
  var names: [String]

  init?(argument: String) {
    guard let items = splitOutsideQuotes(argument, at: ",") else { return nil }
    names = items.compactMap { parts in
      let text = parts.text.trimmingSpaces
      return text.isEmpty ? nil : unquoted(text) ?? text
    }
    if names.isEmpty { return nil }
  }
}

/// Tables separated by commas: `table`, `schema.table` or `database.schema.table`, quoted as SQL identifiers are.
struct TableList: ExpressibleByArgument {
  var patterns: [TablePattern]

  init?(argument: String) {
    guard let items = splitOutsideQuotes(argument, at: ",") else { return nil }
    patterns = []
    for item in items {
      guard let parts = splitOutsideQuotes(item.text.trimmingSpaces, at: ".") else { return nil }
      // As in SQL: without quotes, upper case means lower case.
      let names = parts.map { unquoted($0.text) ?? $0.text.lowercased() }
      guard (1...3).contains(names.count), !names.contains("") else { return nil }
      patterns.append(
        TablePattern(
          database: names.count == 3 ? names[0] : nil, schema: names.count >= 2 ? names[names.count - 2] : nil,
          table: names[names.count - 1]))
    }
  }
}

private struct Part {
  var text: String
}

/// nil where a quote is not closed.
private func splitOutsideQuotes(_ text: String, at separator: Character) -> [Part]? {
  var parts = [Part(text: "")]
  var isQuoted = false
  for character in text {
    if character == "\"" { isQuoted.toggle() }
    if character == separator, !isQuoted {
      parts.append(Part(text: ""))
    } else {
      parts[parts.count - 1].text.append(character)
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
