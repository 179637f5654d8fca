import Assessment
import Catalog
import FoundationEssentials
import Postgres
import Synchronization

/// What stood in the target's database before a run created anything in it. It stays as it is, and is not compared with
/// the source.
struct FoundBefore: Codable, Sendable, Equatable {
  struct Schema: Codable, Sendable, Equatable {
    var nspname: String
    var owner: String
    /// Whether the connected role has the rights of the owner.
    var isMine: Bool
    /// An extension lies in it, or has made it.
    var isOfExtension: Bool

    /// It is there without the dump, and is not the dump's to change.
    var stays: Bool { isOfExtension || !isMine }
  }

  /// Those that a dump of the source need not create: of extensions, and `public`.
  var schemas: [Schema] = []
  /// Objects by kind, and their names.
  var counts: [String: Int] = [:]
  var objects: [String] = []

  /// Of the journal.
  static let step = "found"

  init() {}

  /// - Parameter isNew: whether this program has just created the database, in which nothing of others is, then.
  init(over connection: Connection, isNew: Bool) async throws {
    schemas = try await Self.schemas(over: connection)
    guard !isNew else { return }
    counts = try await ObjectCounts.counts(over: connection, leavingOut: kept)
    let rows = try await SchemaReading.fingerprints(over: connection)
    objects = (0..<rows.count).compactMap { rows.text($0, 0) }
  }

  /// From the journal; nothing where an earlier version began it.
  init(detail: String?) {
    self = detail.flatMap { try? JSONDecoder().decode(Self.self, from: Data($0.utf8)) } ?? FoundBefore()
  }

  var detail: String {
    get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
  }

  static func schemas(over connection: Connection) async throws -> [Schema] {
    try await connection.query(ReadingStatements.foundSchemas).decode(Schema.self)
  }

  /// The schemas that stay as they are.
  var kept: [String] { schemas.filter(\.stays).map(\.nspname) }
  /// Whose they are, where they are somebody else's.
  func owner(of schema: String) -> String? { schemas.first { $0.nspname == schema && !$0.isMine }?.owner }

  /// It is known only once the database is there.
  final class Holder: Sendable {
    private let state = Mutex(FoundBefore())
    var value: FoundBefore { state.withLock { $0 } }
    func set(_ value: FoundBefore) { state.withLock { $0 = value } }
  }
}

extension ArchiveEntry {
  /// Of a schema itself, not of what is in it.
  func isOf(schemas: [String]) -> Bool {
    // The tag of a comment or of privileges is quoted (`--quote-all-identifiers`), that of the schema is not.
    schemas.contains { name in
      let quoted = "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
      return description.hasPrefix("SCHEMA - \(name) ")
        || ["ACL", "COMMENT"].contains { description.hasPrefix("\($0) - SCHEMA \(quoted) ") }
    }
  }

  var isCommentOnExtension: Bool { description.hasPrefix("COMMENT - EXTENSION ") }
}

extension DatabaseMigration {
  /// What may be refused as it is about something that somebody else has made, and is tried at the end.
  func isHeldBack(_ entry: ArchiveEntry) -> Bool {
    let isSuperuser = context.pair.target.me.ifKnown?.rolsuper == true
    return !isSuperuser && entry.isCommentOnExtension
      || !entry.isKind("SCHEMA") && entry.isOf(schemas: found.value.kept)
  }

  /// Tells of the schemas that keep another owner than the source's.
  func noteKeptOwners(_ archive: SchemaArchive, _ snapshot: SourceSnapshot) async throws {
    let dropped = archive.beforeData.filter { $0.isKind("SCHEMA") && $0.isOf(schemas: found.value.kept) }.map(\.oid)
    guard !dropped.isEmpty else { return }
    struct Owner: Decodable, Sendable {
      var nspname: String
      var owner: String
    }
    let owners = try await snapshot.rows(
      of: Owner.self, for: "reading the owners of schemas", ReadingStatements.schemaOwners, [arrayLiteral(dropped)])
    for schema in found.value.schemas where schema.stays {
      guard let owner = owners.first(where: { $0.nspname == schema.nspname })?.owner, owner != schema.owner else {
        continue
      }
      record.note(
        "schema \(quotedIdentifier(schema.nspname)) was there and keeps its owner \(schema.owner) (\(owner) on the source)"
      )
    }
  }

  /// Without the comments that extensions and `public` have on the target already. With `--quote-all-identifiers`,
  /// pg_dump writes that of `public` also where it is initdb's (`dumpNamespace` of pg_dump.c).
  func missing(_ comments: [ArchiveEntry], _ snapshot: SourceSnapshot) async throws -> [ArchiveEntry] {
    guard !comments.isEmpty else { return [] }
    struct Comment: Decodable, Hashable, Sendable {
      var entry: String
      var text: String?
    }
    let here = try await snapshot.rows(
      of: Comment.self, for: "reading the comments of extensions", ReadingStatements.extensionComments, [])
    let there = try await target.session(in: name, for: "reading the comments of extensions", purpose: .reading) {
      try await $0.query(ReadingStatements.extensionComments).decode(Comment.self)
    }
    let same = Set(here).intersection(there).map(\.entry)
    return comments.filter { comment in
      !same.contains { comment.description == $0 || comment.description.hasPrefix($0 + " ") }
    }
  }

  /// Whether the database is there, and the dump has nothing to create in it: then nothing is written to it that takes
  /// a privilege on it, a journal neither.
  func createsNothing(_ archive: SchemaArchive, _ snapshot: SourceSnapshot) async throws -> Bool {
    guard entriesBeforeData(archive).isEmpty, archive.afterData.allSatisfy(\.isOfDatabaseItself) else { return false }
    guard carriesLargeObjects else { return true }
    return try await attempting("looking for large objects", source, database: name) {
      try await snapshot.alone { try await !hasLargeObjects(over: $0) }
    }
  }

  /// The database of which the source has nothing to be created.
  func finishEmpty(_ archive: SchemaArchive, _ snapshot: SourceSnapshot) async throws -> MigratedDatabase {
    let after = try await EntriesAfterData([], tables: [], snapshot)
    let optional = try await entries(after, archive, snapshot).optional
    try await slots.run { try await tryRestoring(optional, archive) }
    record.note("nothing to migrate: the source's database is empty")
    if settings.verification != .none {
      record.verified(Verification(mode: settings.verification, tables: 0, mismatches: []))
    }
    await snapshot.close()
    return record.done()
  }
}
