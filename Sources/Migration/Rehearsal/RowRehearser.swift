import Catalog
import Postgres

/// Loads a sample of each table of one source database into a scratch database, by the statements of a migration, and
/// restores over it what a migration creates after the rows: indexes, constraints, triggers and the contents of
/// materialized views. So each function runs that a CHECK, a domain, a generated column or an index needs.
///
/// That is code of users. It runs as `ScratchRole`, in a database that holds only extensions that give no way out of it.
struct RowRehearser: Sendable {
  let database: String
  let source: Endpoint
  let target: Endpoint
  /// A database of the server to be connected to.
  let entrance: String
  /// The scratch database, and the role that owns it.
  let scratch: String
  let role: String
  /// Of each table.
  let limit: Int
  let excludedExtensions: [String]
  /// Roles of the source, to tell names of objects from those of owners.
  let roles: [String]

  /// Extensions of PostgreSQL itself, and others in wide use, of which no function opens a connection, reads or writes
  /// files, or runs programs for a role that is no superuser.
  ///
  /// Source: PostgreSQL documentation, appendix "Additional Supplied Modules and Extensions", and the extensions' own.
  private static let harmless: Set<String> = [
    "plpgsql", "amcheck", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dict_int", "dict_xsyn",
    "earthdistance", "fuzzystrmatch", "hll", "hstore", "intagg", "intarray", "isn", "lo", "ltree", "pg_buffercache",
    "pg_freespacemap", "pg_stat_statements", "pg_trgm", "pg_visibility", "pg_walinspect", "pgcrypto", "pgrowlocks",
    "pgstattuple", "plperl", "pltcl", "postgis", "postgis_topology", "seg", "sslinfo", "tablefunc", "tcn",
    "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp", "vector",
  ]

  /// Bytes of a table after which no more of its rows are read.
  private static let longestSample = 16 << 20

  /// - Parameters:
  ///   - entries: of the archive, those that were restored without an error when there were no rows.
  ///   - creation: the statement that makes the scratch database.
  ///   - prepare: gives it the extensions that the target has already.
  /// - Throws: `MigrationError`, `CancellationError`; database and role are the caller's to remove in any case.
  func run(
    _ archive: SchemaArchive, _ entries: [ArchiveEntry], creation: String, prepare: () async throws -> Void
  ) async throws -> RowsRehearsal {
    let role: ScratchRole
    do {
      role = try await target.session(in: entrance, for: "creating a role for the rehearsal of rows") {
        let role = try await ScratchRole.make(self.role, of: target, over: $0)
        _ = try await $0.query("\(creation) OWNER = \(role.name)")
        return role
      }
    } catch let error as MigrationError {
      return .init(notTried: "Rows were not loaded: no role and database could be made for it alone: \(error).")
    }
    let names = Set(entries.map(\.id))
    let before = archive.beforeData.filter { names.contains($0.id) }
    try await prepare()
    if let reason = try await restore(archive, before, as: role) { return .init(notTried: reason) }
    var rehearsal = try await load(archive, as: role)
    try await finish(
      archive, archive.afterData.filter { names.contains($0.id) || $0.isKind("MATERIALIZED VIEW DATA") }, as: role,
      &rehearsal)
    return rehearsal
  }

  /// What comes before the rows.
  ///
  /// - Returns: why rows can't be loaded.
  private func restore(
    _ archive: SchemaArchive, _ before: [ArchiveEntry], as role: ScratchRole
  ) async throws -> String? {
    // Who creates an extension is often a superuser; it then belongs to that role.
    let first = before.filter { $0.isKind("SCHEMA") || $0.isKind("EXTENSION") }
    _ = try await archive.tryRestoring(first, into: scratch, of: target, arguments: Self.plain)
    let extensions = try await target.session(in: scratch, for: "handing the schemas over") { connection in
      let rows = try await connection.query(
        """
        SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_namespace n
         WHERE n.oid >= 16384 OR n.nspname = 'public' AND n.nspowner = 10
        """)
      for name in (0..<rows.count).compactMap({ rows.text($0, 0) }) {
        // One of an extension's that isn't ours to hand over is used as it is.
        _ = try? await connection.query("ALTER SCHEMA \(name) OWNER TO \(role.name)")
      }
      let found = try await connection.query("SELECT e.extname FROM pg_catalog.pg_extension e ORDER BY e.extname")
      return (0..<found.count).compactMap { found.text($0, 0) }
    }
    if let other = extensions.first(where: { !Self.harmless.contains($0) }) {
      return
        "Rows were not loaded: with extension \(quotedIdentifier(other)), code that runs for them could perhaps reach "
        + "out of the scratch database."
    }
    let rest = before.filter { entry in
      !first.contains(entry) && !["COMMENT", "ACL", "DEFAULT ACL", "USER MAPPING"].contains { entry.isKind($0) }
    }
    do {
      let (isSuccess, said) = try await archive.tryRestoring(
        rest, into: scratch, of: role.endpoint, arguments: Self.plain)
      guard !isSuccess else { return nil }
      let object = RestoreErrors(in: said, of: rest, owners: roles).errors.first
      return "Rows were not loaded: a role without any other rights could not create "
        + (object.map { "\($0.object): \($0.message)" } ?? "the schema") + "."
    } catch let error as MigrationError {
      return "Rows were not loaded: \(error)."
    }
  }

  private static let plain = ["--no-owner", "--no-privileges", "--no-tablespaces"]

  // MARK: Rows

  private func load(_ archive: SchemaArchive, as role: ScratchRole) async throws -> RowsRehearsal {
    let tables = try await source.session(in: database, for: "listing the tables", purpose: .reading) { connection in
      try await connection.query(
        SourceTable.sql(ServerVersion(rawValue: connection.session.serverVersion)),
        [
          arrayLiteral(archive.beforeData.lazy.filter { $0.isKind("TABLE") }.map(\.oid)),
          arrayLiteral(excludedExtensions),
        ]
      ).decode(SourceTable.self)
    }.filter { !$0.isOfExtension }
    var rehearsal = RowsRehearsal()
    var reader = try await source.connect(to: database, for: .reading)
    var loader = try await role.endpoint.connect(to: scratch)
    do {
      for table in tables {
        try Task.checkCancellation()
        if await reader.isClosed { reader = try await source.connect(to: database, for: .reading) }
        if await loader.isClosed { loader = try await role.endpoint.connect(to: scratch) }
        let part = TablePart(table: table, number: 0, count: 1, blocks: nil, sizeBytes: table.sizeBytes)
        try await load(part, from: reader, into: loader, &rehearsal)
      }
      await reader.close()
      await loader.close()
      return rehearsal
    } catch {
      await reader.close()
      await loader.close()
      throw error
    }
  }

  private func load(
    _ part: TablePart, from reader: Connection, into loader: Connection, _ rehearsal: inout RowsRehearsal
  ) async throws {
    let object = "TABLE \(part.table.name)"
    let format = RowFormat(from: reader.session, to: loader.session)
    let sample: Sample
    do {
      sample = try await read(part, format, from: reader)
    } catch let error as PostgresError {
      // COPY goes on with a session that has failed.
      if error.isConnectionLost { await reader.close() }
      rehearsal.unread.append(RehearsalError(object: object, message: error.messageWithoutValues))
      rehearsal.isComplete = false
      return
    }
    rehearsal.isComplete = rehearsal.isComplete && sample.isComplete
    guard sample.rows > 0 else { return }
    do {
      let preparation = [part].preparation(setsReplica: false).map { Statement($0) }
      _ = try await loader.pipeline([[Statement("BEGIN")] + preparation])[0].get()
      try await loader.beginCopyIn(part.copyIn(format))
      try await loader.writeCopyData(CopyData(bytes: sample.bytes))
      let count = try await loader.endCopyIn()
      _ = try await loader.pipeline([[part].completion.map { Statement($0) } + [Statement("COMMIT")]])[0].get()
      rehearsal.rows += count
      rehearsal.tables += count > 0 ? 1 : 0
    } catch let error as PostgresError {
      if error.isConnectionLost { await loader.close() } else { _ = try? await loader.query("ROLLBACK") }
      let said = RehearsalError(object: object, message: error.messageWithoutValues)
      // Syntax errors and names that nothing has: other rows change nothing about them.
      let isOfNames = error.sqlstate?.hasPrefix("42") == true && error.sqlstate != "42501"
      if isOfNames || sample.isComplete && rehearsal.isComplete && error.sqlstate != "42501" {
        rehearsal.errors.append(said)
      } else {
        rehearsal.doubtfulErrors.append(said)
      }
    }
  }

  private struct Sample {
    var bytes: [UInt8] = []
    var rows = 0
    /// Whether the table has no more.
    var isComplete = true
  }

  /// The first rows. Where a query over the table would run code of somebody, COPY of all of it is not read to its end.
  private func read(_ part: TablePart, _ format: RowFormat, from reader: Connection) async throws -> Sample {
    let table = part.table
    let isBinary = format.isBinary(table)
    let isLimited = !table.hasCode && table.columns != nil
    let query = "SELECT \(table.columns ?? "") FROM ONLY \(table.name) LIMIT \(limit + 1)"
    try await reader.beginCopyOut(
      isLimited ? "COPY (\(query)) TO STDOUT WITH \(format.options(isBinary: isBinary))" : part.copyOut(format))
    // The end of the data of COPY in binary form (documentation of COPY, "File Trailer"), which is a message of its own.
    let trailer: [UInt8] = [0xFF, 0xFF]
    var sample = Sample()
    var hasTrailer = !isBinary
    // At least one byte is one row.
    while let row = try await reader.readCopyData(atLeast: 1) {
      let isTrailer = isBinary && row.bytes == trailer
      guard sample.rows < limit && sample.bytes.count < Self.longestSample || isTrailer else {
        sample.isComplete = false
        break
      }
      sample.bytes += row.bytes
      if isTrailer { hasTrailer = true } else { sample.rows += 1 }
    }
    if !sample.isComplete, isLimited {
      while try await reader.readCopyData(atLeast: Self.longestSample) != nil {}
    }
    if sample.isComplete || isLimited { _ = try await reader.endCopyOut() } else { await reader.close() }
    if !hasTrailer, !sample.isComplete { sample.bytes += trailer }
    return sample
  }

  // MARK: After the rows

  private func finish(
    _ archive: SchemaArchive, _ after: [ArchiveEntry], as role: ScratchRole, _ rehearsal: inout RowsRehearsal
  ) async throws {
    let kept = after.filter { entry in
      !entry.mayTakeSuperuser && !["PUBLICATION", "COMMENT", "ACL", "SECURITY LABEL"].contains { entry.isKind($0) }
    }
    var found = try await failures(archive, kept, as: role)
    // A view that reads another one through a function comes before it in the archive.
    var views = found.filter { $0.entry.isKind("MATERIALIZED VIEW DATA") }
    while !views.isEmpty {
      let again = try await failures(archive, views.map(\.entry), as: role)
      guard again.count < views.count else { break }
      found = found.filter { !$0.entry.isKind("MATERIALIZED VIEW DATA") } + again
      views = again
    }
    for (entry, error) in found {
      // The rows that a key refers to are perhaps not among those of the sample.
      if entry.isKind("FK CONSTRAINT"), !rehearsal.isComplete { continue }
      let isOfRights = error.message.hasPrefix("permission denied")
      if !isOfRights, rehearsal.isComplete || error.message.contains("does not exist") {
        rehearsal.errors.append(error)
      } else {
        rehearsal.doubtfulErrors.append(error)
      }
    }
  }

  private func failures(
    _ archive: SchemaArchive, _ entries: [ArchiveEntry], as role: ScratchRole
  ) async throws -> [(entry: ArchiveEntry, error: RehearsalError)] {
    let (isSuccess, said) = try await archive.tryRestoring(
      entries, into: scratch, of: role.endpoint, arguments: Self.plain)
    guard !isSuccess else { return [] }
    let byName = Dictionary(entries.map { ($0.name(owners: roles), $0) }, uniquingKeysWith: { first, _ in first })
    return RestoreErrors(in: said, of: entries, owners: roles, hasRows: true).errors.compactMap { error in
      byName[error.object].map { ($0, error) }
    }
  }
}
