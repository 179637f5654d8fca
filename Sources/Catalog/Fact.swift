/// Something that was read from a server, or why it could not be.
///
/// There is no default and no optional that reads as "fine": a rule gets at the value with `try`, and what is unknown
/// makes its outcome `undetermined`.
public enum Fact<Value: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
  case known(Value)
  case unknown(Undetermined)

  /// The value, or an `Undetermined` that says why it is missing and what would let it be known.
  public var value: Value {
    get throws(Undetermined) {
      switch self {
      case .known(let value): value
      case .unknown(let reason): throw reason
      }
    }
  }

  /// For what is only shown, never decided upon.
  public var ifKnown: Value? {
    if case .known(let value) = self { value } else { nil }
  }

  /// The same of what is made of the value.
  public func map<Other>(_ transform: (Value) -> Other) -> Fact<Other> {
    switch self {
    case .known(let value): .known(transform(value))
    case .unknown(let reason): .unknown(reason)
    }
  }

  private enum CodingKeys: String, CodingKey { case known, unknown }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let reason = try container.decodeIfPresent(Undetermined.self, forKey: .unknown) {
      self = .unknown(reason)
    } else {
      self = .known(try container.decode(Value.self, forKey: .known))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .known(let value): try container.encode(value, forKey: .known)
    case .unknown(let reason): try container.encode(reason, forKey: .unknown)
    }
  }
}

// What the decoders of the snapshots, which the compiler writes, call for each fact.
extension KeyedDecodingContainer {
  /// A fact that an older version did not read, wholly or in part, is not known: it says nothing about the server.
  ///
  /// A column that may be NULL is not written where it is, so its absence can't be told from NULL: where a row gets
  /// such a column, `ClusterSnapshot.currentFormat` has to change.
  func decode<Value>(_: Fact<Value>.Type, forKey key: Key) throws -> Fact<Value> {
    let missing = Fact<Value>.unknown(
      Undetermined(
        "the snapshot was written by a version that did not read this",
        remedy: "Take the snapshot again with this version of pgpreflight."))
    do {
      return try decodeIfPresent(Fact<Value>.self, forKey: key) ?? missing
    } catch DecodingError.keyNotFound {
      return missing
    }
  }
}

/// Why something is not known, in words, and what would let it be known.
public struct Undetermined: Error, Codable, Sendable, Equatable {
  public var reason: String
  public var remedy: String

  public init(_ reason: String, remedy: String) {
    self.reason = reason
    self.remedy = remedy
  }
}
