/// Something of the product that takes what others have written.
public struct FuzzTarget: Sendable {
  public var name: String
  /// Files and folders under `fixtures/` to begin with.
  public var seeds: [String]
  /// Whether the input is JSON, which is changed by its structure.
  public var isJSON: Bool
  /// The longest input, in bytes.
  public var longest: Int
  /// - Throws: `Malformed` where the product has made something that can't be read again. What the product refuses is
  ///   no error.
  public var run: @Sendable ([UInt8]) throws -> Void

  public static let all: [FuzzTarget] = [
    snapshot, report, comparison, plan, configuration, template, connectionString, serverReply,
  ]

  public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// What the product has made is not what it has to be.
public struct Malformed: Error, CustomStringConvertible {
  public var description: String

  init(_ description: String) { self.description = description }
}
