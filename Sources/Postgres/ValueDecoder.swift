/// Decodes one value: a text, NULL or an array.
struct ValueDecoder: Decoder, SingleValueDecodingContainer {
  let value: ArrayElement
  let isVector: Bool
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(_ field: Field, codingPath: [any CodingKey]) {
    value = field.text.map(ArrayElement.text) ?? .null
    isVector = field.isVector
    self.codingPath = codingPath
  }

  fileprivate init(_ value: ArrayElement, codingPath: [any CodingKey]) {
    self.value = value
    isVector = false
    self.codingPath = codingPath
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    throw DecodingError.typeMismatch(
      [String: String].self, .init(codingPath: codingPath, debugDescription: "a column holds one value or an array"))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let elements: [ArrayElement]? =
      switch value {
      case .null: throw nullFound([String].self, codingPath)
      case .array(let elements): elements
      case .text(let text) where isVector: text.split(separator: " ").map { .text(String($0)) }
      case .text(let text): ArrayElement.elements(of: text)
      }
    guard let elements else { throw notDecodable([String].self, "\(value)", codingPath) }
    return ElementsContainer(elements: elements, codingPath: codingPath)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { value == .null }

  func decode<T: TextDecodable>(_ type: T.Type) throws -> T {
    switch value {
    case .null: throw nullFound(type, codingPath)
    case .array: throw notDecodable(type, "an array", codingPath)
    case .text(var text):
      // It is one already; its bytes are not the server's.
      if let text = text as? T { return text }
      guard let value = text.withUTF8({ T(postgresText: $0) }) else { throw notDecodable(type, text, codingPath) }
      return value
    }
  }

  func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self) }
}

private struct ElementsContainer: UnkeyedDecodingContainer {
  let elements: [ArrayElement]
  let codingPath: [any CodingKey]
  var currentIndex = 0

  init(elements: [ArrayElement], codingPath: [any CodingKey]) {
    self.elements = elements
    self.codingPath = codingPath
  }

  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, elements[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<T: TextDecodable>(_ type: T.Type) throws -> T { try next(type).decode(type) }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: next(type)) }

  mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    try next([String: String].self).container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next([String].self).unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { try next(String.self) }

  private mutating func next(_ type: any Any.Type) throws -> ValueDecoder {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type, .init(codingPath: codingPath, debugDescription: "the array has \(elements.count) elements"))
    }
    defer { currentIndex += 1 }
    return ValueDecoder(elements[currentIndex], codingPath: codingPath + [ElementKey(intValue: currentIndex)])
  }
}

private struct ElementKey: CodingKey {
  let intValue: Int?
  let stringValue: String

  init(intValue: Int) {
    self.intValue = intValue
    stringValue = "\(intValue)"
  }

  init?(stringValue: String) { return nil }
}

/// A type that a value's text stands for by itself.
protocol TextDecodable: Decodable {
  init?(postgresText bytes: UnsafeBufferPointer<UInt8>)
}

extension String: TextDecodable {
  init?(postgresText bytes: UnsafeBufferPointer<UInt8>) { self.init(serverText: bytes) }
}

extension Bool: TextDecodable {
  init?(postgresText bytes: UnsafeBufferPointer<UInt8>) {
    switch bytes.count == 1 ? bytes[0] : 0 {
    case UInt8(ascii: "t"): self = true
    case UInt8(ascii: "f"): self = false
    default: return nil
    }
  }
}

extension FixedWidthInteger {
  init?(postgresText bytes: UnsafeBufferPointer<UInt8>) {
    let isNegative = bytes.first == UInt8(ascii: "-")
    let digits = isNegative ? bytes.dropFirst() : bytes[...]
    guard !digits.isEmpty else { return nil }
    var number: Self = 0
    for byte in digits {
      guard let digit = Self(exactly: Int(byte) - 48), (0...9).contains(digit) else { return nil }
      let (tens, overflows) = number.multipliedReportingOverflow(by: 10)
      let (sum, alsoOverflows) =
        isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      guard !overflows, !alsoOverflows else { return nil }
      number = sum
    }
    self = number
  }
}

extension Int: TextDecodable {}
extension Int8: TextDecodable {}
extension Int16: TextDecodable {}
extension Int32: TextDecodable {}
extension Int64: TextDecodable {}
extension UInt: TextDecodable {}
extension UInt8: TextDecodable {}
extension UInt16: TextDecodable {}
extension UInt32: TextDecodable {}
extension UInt64: TextDecodable {}

extension Double: TextDecodable {
  init?(postgresText bytes: UnsafeBufferPointer<UInt8>) { self.init(String(decoding: bytes, as: UTF8.self)) }
}

extension Float: TextDecodable {
  init?(postgresText bytes: UnsafeBufferPointer<UInt8>) { self.init(String(decoding: bytes, as: UTF8.self)) }
}

func nullFound(_ type: any Any.Type, _ path: [any CodingKey]) -> DecodingError {
  .valueNotFound(type, .init(codingPath: path, debugDescription: "NULL where a \(type) is expected"))
}

/// Values may be anything, so only a short one is quoted.
func notDecodable(_ type: any Any.Type, _ text: String, _ path: [any CodingKey]) -> DecodingError {
  let shown = text.utf8.count <= 40 ? "\"\(text)\"" : "a text of \(text.utf8.count) bytes"
  return .typeMismatch(type, .init(codingPath: path, debugDescription: "\(shown) is no \(type)"))
}
