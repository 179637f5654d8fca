import Catalog
import Postgres

/// What a database can do without, and only a superuser creates, as the rule `superuser-only-objects` has it: event
/// triggers, and publications of all tables or of whole schemas (PostgreSQL documentation, CREATE PUBLICATION).
struct SuperuserEntries: Sendable {
  /// With what belongs to them, in the order of the archive.
  private(set) var optional: [ArchiveEntry] = []
  private(set) var rest: [ArchiveEntry] = []

  private struct Publication: Decodable, Sendable { var oid: Int }

  init(of entries: [ArchiveEntry], _ snapshot: SourceSnapshot) async throws {
    var ofAllTables: Set<Int> = []
    if entries.contains(where: { $0.isKind("PUBLICATION") }) {
      let rows = try await snapshot.rows(
        of: Publication.self, for: "listing the publications",
        "SELECT p.oid FROM pg_catalog.pg_publication p WHERE p.puballtables")
      ofAllTables = Set(rows.map(\.oid))
    }
    for entry in entries {
      let isPublication = entry.isKind("PUBLICATION") && !entry.isKind("PUBLICATION TABLE")
      let isOptional =
        ["EVENT TRIGGER ", "PUBLICATION TABLES IN SCHEMA ", "COMMENT - EVENT TRIGGER ", "COMMENT - PUBLICATION "]
        .contains { entry.description.hasPrefix($0) } || isPublication && ofAllTables.contains(entry.oid)
      if isOptional { optional.append(entry) } else { rest.append(entry) }
    }
  }
}

extension DatabaseMigration {
  /// What is left of the schema when all rows, indexes and constraints are there.
  func restoreRest(
    _ entries: [ArchiveEntry], _ archive: SchemaArchive, _ snapshot: SourceSnapshot
  ) async throws {
    guard context.pair.target.me.ifKnown?.rolsuper != true else {
      return try await slots.run { try await restoreAtOnce(entries, archive, step: "rest") }
    }
    let parts = try await SuperuserEntries(of: entries, snapshot)
    try await slots.run {
      // Some services let their administrators create them: only the server knows.
      for entry in parts.optional {
        do {
          try await archive.restore([entry], into: name, of: target, arguments: reservations)
        } catch let error as MigrationError {
          record.note("not created: \(entry.description): \(error)")
        }
      }
      try await restoreAtOnce(parts.rest, archive, step: "rest")
    }
  }
}
