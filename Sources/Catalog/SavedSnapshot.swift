/// A snapshot as it is kept in a file.
public struct SavedSnapshot: Codable, Sendable, Equatable {
  /// The version of the program that wrote it.
  public var tool: String
  /// What it was looked at as: of a source other things are read than of a target.
  public var side: Side
  public var snapshot: ClusterSnapshot

  public init(tool: String, side: Side, snapshot: ClusterSnapshot) {
    self.tool = tool
    self.side = side
    self.snapshot = snapshot
  }

  /// What every version's files have: enough to tell whether the rest can be understood.
  public struct Header: Decodable, Sendable {
    public struct Format: Decodable, Sendable {
      public var format: Int
    }

    public var tool: String
    public var side: Side
    public var snapshot: Format
  }
}
