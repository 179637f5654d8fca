/// What the publication, the slot and the subscription of one database are called: it tells the program, the run, the
/// target and the database, so that nobody else's are ever taken for them, nor those of another target of one source.
public struct ReplicationName: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Of the run, in eight hexadecimal digits.
  public let run: String
  /// The target's system identifier in sixteen hexadecimal digits; zeros where the role may not read it.
  public let target: String
  /// The identifier of the database on the source (`pg_database.oid`).
  public let database: Int

  static let prefix = "pgpreflight_"
  /// For a regular expression of the server.
  static let pattern = "^\(prefix)[0-9a-f]{8}_[0-9a-f]{16}_[0-9]+$"

  /// - Parameter target: a system identifier in decimal digits, as the server tells it.
  init(run: String, target: String?, database: Int) {
    self.run = run
    self.target = Self.digits(of: target)
    self.database = database
  }

  /// - Returns: nil for a name that is not one of these.
  init?(_ text: String) {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    let isHexadecimal = { (part: Substring) in part.allSatisfy { "0123456789abcdef".contains($0) } }
    guard parts.count == 4, "\(parts[0])_" == Self.prefix, parts[1].count == 8, parts[2].count == 16,
      isHexadecimal(parts[1]), isHexadecimal(parts[2]), let database = Int(parts[3])
    else { return nil }
    run = String(parts[1])
    target = String(parts[2])
    self.database = database
  }

  /// Whether it is of a replication to this target, as far as that can be told.
  func isFor(target system: String?) -> Bool { target == Self.digits(of: system) }

  private static func digits(of system: String?) -> String {
    let digits = String(system.flatMap { UInt64($0) } ?? 0, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Needs no quotes in SQL, and fits a slot's name (PostgreSQL documentation, "Replication Slots": lower-case letters,
  /// digits and underscores).
  public var description: String { "\(Self.prefix)\(run)_\(target)_\(database)" }

  /// Whether an entry of a dump belongs to a publication of this program, which is nothing to be carried over.
  static func isNamed(in entry: ArchiveEntry) -> Bool {
    let kinds = ["PUBLICATION", "PUBLICATION TABLE", "COMMENT - PUBLICATION"]
    guard kinds.contains(where: entry.isKind) else { return false }
    return entry.description.split { " \"".contains($0) }.contains { ReplicationName(String($0)) != nil }
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.run, left.target, left.database) < (right.run, right.target, right.database)
  }
}
