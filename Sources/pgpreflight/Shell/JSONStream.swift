/// Writes a value as JSON while it is encoded: what is written already is not held in memory.
///
/// Keys stand in the order in which they are encoded, each object in an array on a line of its own.
final class JSONStream {
  private enum Bracket {
    case object, array

    var ends: (opening: UInt8, closing: UInt8) {
      self == .object ? (UInt8(ascii: "{"), UInt8(ascii: "}")) : (UInt8(ascii: "["), UInt8(ascii: "]"))
    }
  }

  private var open: [(bracket: Bracket, count: Int)] = []
  private var buffer: [UInt8] = []
  private let capacity = 1 << 16
  private let sink: (UnsafeRawBufferPointer) throws -> Void
  /// What containers that can't throw came upon.
  private var failure: (any Error)?

  private init(_ sink: @escaping (UnsafeRawBufferPointer) throws -> Void) {
    self.sink = sink
    buffer.reserveCapacity(capacity + 4096)
  }

  /// - Parameter sink: takes the bytes, of which it is given many at a time.
  static func write(_ value: some Encodable, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
    try withoutActuallyEscaping(sink) { sink in
      let stream = JSONStream(sink)
      try stream.write(value, at: 0)
      stream.buffer.append(UInt8(ascii: "\n"))
      try stream.flush()
    }
  }

  private func flush() throws {
    if let failure { throw failure }
    try buffer.withUnsafeBytes(sink)
    buffer.removeAll(keepingCapacity: true)
  }

  // MARK: Structure

  /// Ends what was begun inside of the first `depth` brackets.
  fileprivate func close(to depth: Int) {
    while open.count > depth { buffer.append(open.removeLast().bracket.ends.closing) }
  }

  fileprivate func begin(array: Bool) -> Int {
    let bracket: Bracket = array ? .array : .object
    if bracket == .object, open.last?.bracket == .array { buffer.append(UInt8(ascii: "\n")) }
    buffer.append(bracket.ends.opening)
    open.append((bracket, 0))
    return open.count
  }

  /// Makes ready for the next value of the container whose brackets are `depth` deep.
  ///
  /// - Parameter key: nil in an array.
  fileprivate func next(_ key: String?, in depth: Int) {
    close(to: depth)
    if open[depth - 1].count > 0 { buffer.append(UInt8(ascii: ",")) }
    open[depth - 1].count += 1
    if let key {
      append(key)
      append(raw: " : ")
    }
    if buffer.count >= capacity, failure == nil {
      do { try flush() } catch { failure = error }
    }
  }

  fileprivate func count(at depth: Int) -> Int { open[depth - 1].count }

  /// A value inside of `depth` brackets, whatever it is.
  fileprivate func write(_ value: some Encodable, at depth: Int) throws {
    if let failure { throw failure }
    switch value {
    case let value as String: append(value)
    case let value as Bool: append(raw: value ? "true" : "false")
    case let value as Double: try append(value)
    case let value as any BinaryInteger: append(raw: "\(value)")
    default:
      try value.encode(to: JSONStreamEncoder(stream: self, depth: depth))
      close(to: depth)
    }
  }

  fileprivate func append(raw text: String) { buffer.append(contentsOf: text.utf8) }

  private func append(_ number: Double) throws {
    guard number.isFinite else {
      throw EncodingError.invalidValue(number, .init(codingPath: [], debugDescription: "JSON has no \(number)"))
    }
    append(raw: "\(number)")
  }

  private func append(_ text: String) {
    buffer.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { bytes in
      for byte in bytes {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer += [UInt8(ascii: "\\"), byte]
        case 0..<0x20:
          buffer += Array(#"\u00"#.utf8)
          buffer += [byte >> 4, byte & 15].map { $0 < 10 ? UInt8(ascii: "0") + $0 : UInt8(ascii: "a") + $0 - 10 }
        default: buffer.append(byte)
        }
      }
    }
    buffer.append(UInt8(ascii: "\""))
  }
}

/// The place of one value.
private struct JSONStreamEncoder: Encoder {
  let stream: JSONStream
  let depth: Int
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(KeyedContainer(stream: stream, depth: stream.begin(array: false)))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    UnkeyedContainer(stream: stream, depth: stream.begin(array: true))
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SingleContainer(stream: stream, depth: depth) }
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let stream: JSONStream
  let depth: Int
  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Key) {
    stream.next(key.stringValue, in: depth)
    stream.append(raw: "null")
  }

  func encode(_ value: some Encodable, forKey key: Key) throws {
    stream.next(key.stringValue, in: depth)
    try stream.write(value, at: depth)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    superEncoder(forKey: key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    superEncoder(forKey: key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder {
    stream.next("super", in: depth)
    return JSONStreamEncoder(stream: stream, depth: depth)
  }

  func superEncoder(forKey key: Key) -> any Encoder {
    stream.next(key.stringValue, in: depth)
    return JSONStreamEncoder(stream: stream, depth: depth)
  }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
  let stream: JSONStream
  let depth: Int
  var codingPath: [any CodingKey] { [] }
  var count: Int { stream.count(at: depth) }

  func encodeNil() {
    stream.next(nil, in: depth)
    stream.append(raw: "null")
  }

  func encode(_ value: some Encodable) throws {
    stream.next(nil, in: depth)
    try stream.write(value, at: depth)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    superEncoder().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { superEncoder().unkeyedContainer() }

  func superEncoder() -> any Encoder {
    stream.next(nil, in: depth)
    return JSONStreamEncoder(stream: stream, depth: depth)
  }
}

private struct SingleContainer: SingleValueEncodingContainer {
  let stream: JSONStream
  let depth: Int
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { stream.append(raw: "null") }

  func encode(_ value: some Encodable) throws { try stream.write(value, at: depth) }
}
