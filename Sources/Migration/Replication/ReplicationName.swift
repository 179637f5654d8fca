/// What the publication, the slot and the subscription of one database are called: it tells the program, the run and
/// the database, so that nobody else's are ever taken for them.
public struct ReplicationName: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Of the run, in eight hexadecimal digits.
  public let run: String
  /// The identifier of the database on the source (`pg_database.oid`).
  public let database: Int

  static let prefix = "pgpreflight_"
  /// For a regular expression of the server.
  static let pattern = "^\(prefix)[0-9a-f]{8}_[0-9]+$"

  init(run: String, database: Int) {
    self.run = run
    self.database = database
  }

  /// - Returns: nil for a name that is not one of these.
  init?(_ text: String) {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 3, "\(parts[0])_" == Self.prefix, parts[1].count == 8,
      parts[1].allSatisfy({ "0123456789abcdef".contains($0) }), let database = Int(parts[2])
    else { return nil }
    self.init(run: String(parts[1]), database: database)
  }

  /// Needs no quotes in SQL, and fits a slot's name (PostgreSQL documentation, "Replication Slots": lower-case letters,
  /// digits and underscores).
  public var description: String { "\(Self.prefix)\(run)_\(database)" }

  /// Whether an entry of a dump belongs to a publication of this program, which is nothing to be carried over.
  static func isNamed(in entry: ArchiveEntry) -> Bool {
    let kinds = ["PUBLICATION", "PUBLICATION TABLE", "COMMENT - PUBLICATION"]
    guard kinds.contains(where: entry.isKind) else { return false }
    return entry.description.split(separator: " ").contains { ReplicationName(String($0)) != nil }
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.run, left.database) < (right.run, right.database)
  }
}
