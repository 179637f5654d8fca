extension Rows {
  /// Decodes every row.
  ///
  /// A property is filled from the column of its name, in snake case or as it is: `replicaIdentity` from
  /// `replica_identity`. A NULL needs an optional property; a column must be there even for an optional one. Booleans,
  /// numbers, texts and enums over them are decoded, and arrays of these. A type that is itself one value is decoded
  /// from the first column.
  ///
  /// - Parameter allows: whether an integer may be the value of the property of that name.
  /// - Throws: `DecodingError`, with the property's name in it; `ValueTooLong`.
  public func decode<Row: Decodable>(
    _ type: Row.Type, where allows: @escaping (Int, String) -> Bool = { _, _ in true }
  ) throws -> [Row] {
    var indices: [String: Int32] = [:]
    for (index, column) in columns.enumerated().reversed() {
      indices[column] = Int32(index)
      indices[camelCase(column)] = Int32(index)
    }
    return try withExtendedLifetime(self) {
      try (0..<Int32(count)).map { row in
        try Row(from: RowDecoder(result: result, columns: indices, row: row, allows: allows))
      }
    }
  }
}

/// `replica_identity` becomes `replicaIdentity`.
private func camelCase(_ column: String) -> String {
  let words = column.split(separator: "_")
  guard let first = words.first else { return column }
  return words.dropFirst().reduce(String(first)) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
}

private struct RowDecoder: Decoder {
  let result: OpaquePointer
  let columns: [String: Int32]
  let row: Int32
  let allows: (Int, String) -> Bool
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(RowContainer(result: result, columns: columns, row: row, allows: allows))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try firstValue().unkeyedContainer() }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { try firstValue() }

  private func firstValue() throws -> ValueDecoder {
    ValueDecoder(try Field(result: result, row: row, column: 0).bounded(), codingPath: [])
  }
}

private struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let result: OpaquePointer
  let columns: [String: Int32]
  let row: Int32
  let allows: (Int, String) -> Bool
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { columns.keys.compactMap { Key(stringValue: $0) } }

  /// Always true, so that a column that a query forgot is an error for optional properties too.
  func contains(_ key: Key) -> Bool { true }

  func decodeNil(forKey key: Key) throws -> Bool { try field(key).isNull }

  func decode<T: TextDecodable>(_ type: T.Type, forKey key: Key) throws -> T {
    let field = try field(key)
    guard !field.isNull else { throw nullFound(type, [key]) }
    guard let value = T(postgresText: field.bytes) else {
      throw notDecodable(type, String(decoding: field.bytes, as: UTF8.self), [key])
    }
    if let number = value as? Int, !allows(number, key.stringValue) {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [key], debugDescription: "\(number) is out of the range that is possible"))
    }
    return value
  }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try T(from: ValueDecoder(field(key), codingPath: [key]))
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try ValueDecoder(field(key), codingPath: [key]).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try ValueDecoder(field(key), codingPath: [key]).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder {
    RowDecoder(result: result, columns: columns, row: row, allows: allows)
  }

  func superDecoder(forKey key: Key) throws -> any Decoder { try ValueDecoder(field(key), codingPath: [key]) }

  private func field(_ key: Key) throws -> Field {
    guard let column = columns[key.stringValue] else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: [], debugDescription: "the result has no column for \"\(key.stringValue)\""))
    }
    return try Field(result: result, row: row, column: column).bounded()
  }
}
