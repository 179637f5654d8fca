import Catalog
import Postgres

/// What a database can do without, and a server may refuse, as rules warn: labels of providers that are not loaded
/// (`security-labels`), what is about a schema or an extension that somebody else has made on the target, and what only a superuser creates, event triggers and publications of all tables or of whole
/// schemas (`superuser-only-objects`), or sets, default privileges of other roles (`default-privileges`).
struct OptionalEntries: Sendable {
  /// With what belongs to them, in the order of the archive.
  private(set) var optional: [ArchiveEntry] = []
  private(set) var rest: [ArchiveEntry] = []
  /// Of the rest, what comes last.
  private(set) var last: [ArchiveEntry] = []

  private struct Publication: Decodable, Sendable { var oid: Int }

  /// - Parameters:
  ///   - isSuperuser: of the role that restores.
  ///   - heldBack: of what comes before the rows, what may be refused.
  ///   - last: what acts on all that is created after it.
  init(
    of entries: [ArchiveEntry], heldBack: [ArchiveEntry], last: [ArchiveEntry] = [], isSuperuser: Bool,
    _ snapshot: SourceSnapshot
  ) async throws {
    var ofAllTables: Set<Int> = []
    if !isSuperuser, entries.contains(where: { $0.isKind("PUBLICATION") }) {
      let rows = try await snapshot.rows(
        of: Publication.self, for: "listing the publications",
        "SELECT p.oid FROM pg_catalog.pg_publication p WHERE p.puballtables")
      ofAllTables = Set(rows.map(\.oid))
    }
    for entry in entries {
      let isPublication = entry.isKind("PUBLICATION") && !entry.isKind("PUBLICATION TABLE")
      let isOfSuperuser = entry.mayTakeSuperuser || isPublication && ofAllTables.contains(entry.oid)
      if entry.isKind("SECURITY LABEL") || isOfSuperuser && !isSuperuser {
        optional.append(entry)
      } else {
        rest.append(entry)
      }
    }
    optional += heldBack
    for entry in last {
      if entry.mayTakeSuperuser && !isSuperuser { optional.append(entry) } else { self.last.append(entry) }
    }
    optional = optional.filter { !$0.isOfEventTrigger } + optional.filter(\.isOfEventTrigger)
  }
}

extension ArchiveEntry {
  fileprivate var isOfEventTrigger: Bool {
    description.hasPrefix("EVENT TRIGGER ") || description.hasPrefix("COMMENT - EVENT TRIGGER ")
  }

  /// Of a kind that only a superuser creates, or sets, at least for other roles. Publications are told apart by what they
  /// publish.
  var mayTakeSuperuser: Bool {
    [
      "EVENT TRIGGER ", "PUBLICATION TABLES IN SCHEMA ", "COMMENT - EVENT TRIGGER ", "COMMENT - PUBLICATION ",
      "DEFAULT ACL ",
    ].contains { description.hasPrefix($0) }
  }
}

extension DatabaseMigration {
  /// What is restored when all rows, indexes and constraints are there.
  func entries(
    _ after: EntriesAfterData, _ archive: SchemaArchive, _ snapshot: SourceSnapshot
  ) async throws -> OptionalEntries {
    // Labels were held back, as they may be refused.
    let labels = archive.beforeData.filter { $0.isKind("SECURITY LABEL") && !$0.isOfDatabase }
    let isSuperuser = context.pair.target.me.ifKnown?.rolsuper == true
    let heldBack = archive.beforeData.filter { isHeldBack($0) }
    return try await OptionalEntries(
      of: after.rest, heldBack: labels + missing(heldBack, snapshot), last: after.last, isSuperuser: isSuperuser,
      snapshot)
  }

  /// First what has to be, then what may be refused, as it may need the first. Materialized views are filled when
  /// everything is there that their queries run by: policies, rules, privileges.
  func restoreRest(
    _ entries: OptionalEntries, _ after: EntriesAfterData, _ archive: SchemaArchive, _ owned: OwnersEntries,
    _ resumption: Resumption
  ) async throws {
    try await slots.run {
      if resumption.steps["rest"] == nil {
        try await restoreInBatches(entries.rest, archive, owned, step: "rest", resumption)
      }
      if resumption.steps["views"] == nil, !after.views.isEmpty {
        try await MaterializedViewRefresh(database: name, target: target).run(after.views)
        try await note("views")
      }
    }
    if after.codedReads {
      try await slots.run(inUpTo: settings.jobs) { places in
        let missing = after.coded.filter { !resumption.indexes.contains($0.id) }
        try await restore(missing, archive, owned, arguments: ["--jobs=\(places)"])
      }
    }
    try await slots.run {
      if resumption.steps["last"] == nil, !entries.last.isEmpty {
        try await restoreInBatches(entries.last, archive, owned, step: "last", resumption)
        target.forgetEventTriggers(in: name)
      }
      if resumption.steps["optional"] == nil { try await restoreOptional(entries.optional, archive) }
    }
  }

  private func restoreOptional(_ entries: [ArchiveEntry], _ archive: SchemaArchive) async throws {
    try await tryRestoring(entries, archive)
    try await note("optional")
  }

  /// Tells of each that is refused.
  func tryRestoring(_ entries: [ArchiveEntry], _ archive: SchemaArchive) async throws {
    do {
      try await archive.restore(
        entries, into: name, of: target, arguments: ["--single-transaction"] + reservations)
    } catch is MigrationError {
      // Some services let their administrators create some of them: only the server knows.
      for entry in entries {
        do {
          try await archive.restore([entry], into: name, of: target, arguments: reservations)
        } catch let error as MigrationError {
          record.note("not created: \(entry.description): \(error)")
        }
      }
    }
  }
}
