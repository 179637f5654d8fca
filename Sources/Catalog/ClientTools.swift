/// The version of a client program, as it prints it: `pg_dump (PostgreSQL) 15.20`.
public struct ToolVersion: Codable, Sendable, Equatable, Comparable, CustomStringConvertible {
  public var major: Int
  public var minor: Int

  public init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// - Parameter text: what `--version` prints; nil where that is not what PostgreSQL's programs print.
  ///
  /// Versions that are not released yet (`18beta1`, `19devel`) have the minor version 0. Majors below 10 were two
  /// numbers; of those only the first is kept, as nothing here supports them.
  public init?(printed text: String) {
    guard let range = text.firstRange(of: "(PostgreSQL) ") else { return nil }
    let word = text[range.upperBound...].prefix { !$0.isWhitespace }
    let numbers = word.split(separator: ".", maxSplits: 2).map { $0.prefix(while: \.isWholeNumber) }
    guard let first = numbers.first, let major = Int(first) else { return nil }
    self.init(major: major, minor: numbers.count > 1 ? Int(numbers[1]) ?? 0 : 0)
  }

  public var description: String { "\(major).\(minor)" }

  public static func < (left: Self, right: Self) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
}

/// The programs of one installation of PostgreSQL on this machine.
public struct ClientTools: Codable, Sendable, Equatable {
  public var folder: String
  public var pgDump: ToolVersion
  /// Nil where the folder has no `pg_restore`, or one that does not tell its version.
  public var pgRestore: ToolVersion?

  public init(folder: String, pgDump: ToolVersion, pgRestore: ToolVersion?) {
    self.folder = folder
    self.pgDump = pgDump
    self.pgRestore = pgRestore
  }
}

/// What there is on this machine of the programs that a migration runs.
public struct ToolSearch: Codable, Sendable, Equatable {
  public var found: [ClientTools]
  /// Where it was looked for them.
  public var searched: [String]
  /// The version of the client library that this program runs with, as it tells it: 150018. 0 where it does not.
  public var libpq: Int

  public init(found: [ClientTools], searched: [String], libpq: Int = 0) {
    self.found = found
    self.searched = searched
    self.libpq = libpq
  }
}
