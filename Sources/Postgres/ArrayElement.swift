/// A value inside an array's text (PostgreSQL documentation, "Array Input and Output Syntax").
enum ArrayElement: Equatable {
  case null
  case text(String)
  case array([ArrayElement])

  /// The elements of an array such as `{a,"b c",NULL}`, `{{1,2},{3,4}}` or `[0:1]={a,b}`; nil where it is none.
  static func elements(of text: String) -> [ArrayElement]? {
    var parser = ArrayParser(bytes: Array(text.utf8))
    return parser.whole()
  }
}

private struct ArrayParser {
  /// PostgreSQL's own limit (documentation, "Arrays"; `MAXDIM`).
  static let deepest = 6

  let bytes: [UInt8]
  var index = 0
  var depth = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  mutating func whole() -> [ArrayElement]? {
    if next == UInt8(ascii: "[") {
      // Bounds that do not begin at 1 stand before the array itself.
      guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      index = equals + 1
    }
    guard let elements = array(), next == nil else { return nil }
    return elements
  }

  private mutating func array() -> [ArrayElement]? {
    guard depth < Self.deepest, take("{") else { return nil }
    depth += 1
    defer { depth -= 1 }
    if take("}") { return [] }
    var elements: [ArrayElement] = []
    repeat {
      guard let element = element() else { return nil }
      elements.append(element)
    } while take(",")
    return take("}") ? elements : nil
  }

  private mutating func element() -> ArrayElement? {
    if next == UInt8(ascii: "{") { return array().map(ArrayElement.array) }
    let isQuoted = take("\"")
    var text: [UInt8] = []
    while var byte = next {
      if isQuoted ? byte == UInt8(ascii: "\"") : byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") { break }
      index += 1
      if byte == UInt8(ascii: "\\") {
        guard let escaped = next else { return nil }
        byte = escaped
        index += 1
      }
      text.append(byte)
    }
    if isQuoted {
      return take("\"") ? .text(String(decoding: text, as: UTF8.self)) : nil
    }
    guard !text.isEmpty else { return nil }
    let element = String(decoding: text, as: UTF8.self)
    return element.uppercased() == "NULL" ? .null : .text(element)
  }
}
