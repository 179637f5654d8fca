/// A server's version as `server_version_num` gives it: 150018 is 15.18, 90624 is 9.6.24.
///
/// Source: PostgreSQL documentation, "Preset Options", `server_version_num`.
public struct ServerVersion: RawRepresentable, Codable, Sendable, Hashable, Comparable, CustomStringConvertible {
  public var rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The major version: 15 for 15.18, and 9 for every 9.x, which is older than anything told apart here.
  public var major: Int { rawValue / 10_000 }

  /// The major version as people say it: `15`, `9.6`.
  public var majorName: String {
    major >= 10 ? "\(major)" : "\(major).\(rawValue / 100 % 100)"
  }

  /// Majors compare by this: `15`, and `9.5` is older than `9.6`.
  public var majorOrder: Int { major >= 10 ? major * 100 : rawValue / 100 }

  public var description: String {
    major >= 10 ? "\(major).\(rawValue % 10_000)" : "\(majorName).\(rawValue % 100)"
  }

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
