import Postgres

/// An entry of an archive's table of contents, as `pg_restore --list` prints it.
struct ArchiveEntry: Sendable, Equatable {
  /// What a list for `--use-list` names it by.
  var id: Int
  /// The catalog that the object is a row of, and its identifier there, on the server that was dumped.
  var catalog: Int
  var oid: Int
  /// What kind of object, its name and its owner.
  var description: String

  /// `3456; 1259 16401 INDEX public orders_idx owner`; nil for the comments between.
  init?(line: Substring) {
    let parts = line.split(separator: " ", maxSplits: 3)
    guard parts.count == 4, parts[0].last == ";", let id = Int(parts[0].dropLast()), let catalog = Int(parts[1]),
      let oid = Int(parts[2])
    else { return nil }
    self.id = id
    self.catalog = catalog
    self.oid = oid
    description = String(parts[3])
  }

  func isKind(_ kind: String) -> Bool { description.hasPrefix(kind + " ") }

  /// The database, and what belongs to it rather than to what is in it. `--create` has it in every section.
  var isOfDatabaseItself: Bool {
    ["DATABASE - ", "DATABASE PROPERTIES - ", "COMMENT - DATABASE ", "ACL - DATABASE "].contains {
      description.hasPrefix($0)
    }
  }

  /// A label of the database as a whole.
  var isOfDatabase: Bool { description.hasPrefix("SECURITY LABEL - DATABASE ") }

  /// A large object, which is data: up to 16, pg_dump has them in the schema.
  var isOfLargeObject: Bool {
    isKind("BLOB") || ["ACL", "COMMENT", "SECURITY LABEL"].contains { description.hasPrefix("\($0) - LARGE OBJECT ") }
  }

  /// A schema itself, or who may do what in it.
  var isOfSchema: Bool { isKind("SCHEMA") || description.hasPrefix("ACL - SCHEMA ") }
}

/// The schema of one database as `pg_dump` wrote it down, in its own format, without any data.
struct SchemaArchive: Sendable {
  private let file: NamelessFile
  private let restore: Program
  let beforeData: [ArchiveEntry]
  let afterData: [ArchiveEntry]

  /// - Parameters:
  ///   - encoding: in which it is written.
  ///   - arguments: for `pg_dump`: which objects, and the snapshot to see them in.
  ///   - leavingOut: what privileges are described by that are not restored.
  ///   - late: tables that are created last.
  init(
    of database: String, from source: Endpoint, dump: Program, restore: Program, encoding: String,
    arguments: [String], leavingOut: [String] = [], late: LateTables
  ) async throws {
    let file = try NamelessFile()
    self.file = file
    self.restore = restore
    let connection = try await source.program(database: database)
    _ = try await attempting("dumping the schema", source, database: database) {
      try await dump.run(
        [
          "--format=custom", "--section=pre-data", "--section=post-data", "--no-subscriptions",
          // The server that is dumped does not know all the words that the target's reserves.
          "--quote-all-identifiers", "--encoding=\(encoding)", "--file", file.path,
        ] + arguments, over: connection)
    }
    let before = try await Self.entries(of: file, section: "pre-data", restore).filter { entry in
      !(entry.isKind("ACL") && leavingOut.contains { entry.description.hasPrefix($0) })
    }
    beforeData = late.last(of: before)
    // Publications for a migration are not part of what is migrated.
    afterData = try await Self.entries(of: file, section: "post-data", restore)
      .filter { !ReplicationName.isNamed(in: $0) }
  }

  private static func entries(of file: NamelessFile, section: String, _ restore: Program) async throws
    -> [ArchiveEntry]
  {
    try await restore.run(["--list", "--create", "--section=\(section)", file.path])
      .split(separator: "\n").compactMap { ArchiveEntry(line: $0) }
  }

  /// For `--use-list`.
  private func list(of entries: [ArchiveEntry]) throws -> NamelessFile {
    try NamelessFile(entries.map { "\($0.id);\n" }.joined())
  }

  /// Creates the objects of these entries, in their order.
  func restore(
    _ entries: [ArchiveEntry], into database: String, of target: Endpoint, settings: [String: String] = [:],
    arguments: [String] = []
  ) async throws {
    guard !entries.isEmpty else { return }
    let list = try list(of: entries)
    _ = try await attempting("creating objects", target, database: database) {
      try await restore.run(
        ["--exit-on-error", "--use-list", list.path] + arguments + [file.path],
        over: target.program(database: database, settings: settings))
    }
  }

  /// Creates the objects of these entries, in their order, as far as that can be done.
  ///
  /// - Returns: whether all could be created, and what the program said.
  func tryRestoring(
    _ entries: [ArchiveEntry], into database: String, of target: Endpoint, arguments: [String]
  ) async throws -> (isSuccess: Bool, said: String) {
    guard !entries.isEmpty else { return (true, "") }
    let list = try list(of: entries)
    return try await restore.attempt(
      ["--verbose", "--use-list", list.path] + arguments + [file.path],
      over: target.program(database: database, settings: ["synchronous_commit": "off"]))
  }

  /// The statement that creates the database, with its encoding and locale, by another name.
  ///
  /// - Parameter name: one that needs no quotes.
  func databaseCreation(named name: String) async throws -> String {
    let list = try list(of: beforeData.filter { $0.isKind("DATABASE") })
    let text = try await restore.run(
      ["--file=-", "--create", "--no-tablespaces", "--use-list", list.path, file.path])
    // The name that it has there may be of any words: the first end of a statement after the last of these is its end.
    guard text.contains("CREATE DATABASE "),
      let options = text.ranges(of: " WITH TEMPLATE = template0").last,
      let end = text[options.upperBound...].firstRange(of: ";")
    else { throw MigrationError("the dump of the schema does not say how the database is created") }
    return "CREATE DATABASE \(name)" + text[options.lowerBound..<end.lowerBound]
  }

  /// The statements of the schema that is moved, as text, to be compared with those of another day.
  func text() async throws -> String {
    let list = try list(of: (beforeData + afterData).filter { !$0.isOfLargeObject })
    let text = try await restore.run(["--file=-", "--use-list", list.path, file.path])
    // A random word stands there in newer minor releases.
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("\\restrict ") && !$0.hasPrefix("\\unrestrict ") && !$0.hasPrefix("-- ") }
      .joined(separator: "\n")
  }
}
