import Catalog
import Postgres
import Rules

/// Restores the schemas of source databases into scratch databases, which are dropped again, and tells what fails.
///
/// The only thing of a check that writes: on the target, or on another server that stands in for it.
public struct Rehearser: Sendable {
  /// What the names of scratch databases begin with; eight hexadecimal digits of the run and a number follow.
  public static let prefix = "pgpreflight_rehearsal_"

  private let pair: ClusterPair
  private let tools: ClientTools
  private let source: Endpoint
  private let target: Endpoint
  /// A database of the server to be connected to.
  private let entrance: String
  private let run: String
  private let jobs: Int
  /// Of each table, to be loaded too.
  private let rows: Int
  /// Whether the scratch databases are made on the target itself.
  private let isTarget: Bool

  /// - Parameters:
  ///   - target: where the scratch databases are made.
  ///   - rows: how many rows of each table are loaded too.
  ///   - run: eight hexadecimal digits.
  ///   - jobs: how many databases are restored at the same time.
  public init(
    _ pair: ClusterPair, tools: ClientTools, source: ConnectionString, target: ConnectionString, isTarget: Bool,
    rows: Int, run: String, jobs: Int, connectTimeout: Duration
  ) {
    self.pair = pair
    self.tools = tools
    self.run = run
    self.jobs = jobs
    self.rows = rows
    self.isTarget = isTarget
    if isTarget, case .connected(let facts) = pair.target.connection {
      entrance = facts.database
    } else {
      entrance = target.database ?? "postgres"
    }
    let name = "pgpreflight \(run)"
    self.source = Endpoint(side: .source, string: source, applicationName: name, connectTimeout: connectTimeout)
    self.target = Endpoint(side: .target, string: target, applicationName: name, connectTimeout: connectTimeout)
  }

  /// - Throws: only `CancellationError`; the scratch databases are gone then too.
  public func run(
    _ names: [String], progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> [String: Fact<Rehearsal>] {
    progress(0, names.count)
    return try await withThrowingTaskGroup(of: (String, Fact<Rehearsal>).self) { group in
      var done: [String: Fact<Rehearsal>] = [:]
      var waiting = names.enumerated().reversed().map { (number: $0.offset + 1, name: $0.element) }
      func startNext() {
        guard let next = waiting.popLast() else { return }
        group.addTask { (next.name, try await rehearse(next.name, number: next.number)) }
      }
      for _ in 0..<max(jobs, 1) { startNext() }
      while let (name, rehearsal) = try await group.next() {
        done[name] = rehearsal
        progress(done.count, names.count)
        startNext()
      }
      return done
    }
  }

  // MARK: One database

  private func rehearse(_ name: String, number: Int) async throws -> Fact<Rehearsal> {
    do {
      try Task.checkCancellation()
      let (roles, leftovers, me, isSuperuser) = try await lookAround()
      var rehearsal = Rehearsal()
      rehearsal.leftovers = leftovers
      rehearsal.missingRoles = try pair.source.roleReferences.value
        .filter { $0.datname.isSameName(as: name) && !roles.containsName($0.rolname) && !$0.rolname.hasPrefix("pg_") }
        .map(\.rolname).sorted()
      let (session, left, late, owned, tables) = try await source.session(
        in: name, for: "looking at what is restored"
      ) {
        (
          $0.session, try await ExtensionPrivileges.entries(of: pair.options.excludedExtensions, over: $0),
          try await LateTables(of: $0), try await OwnersEntries(of: $0, except: me),
          try await $0.query(TableOwner.sql(ServerVersion(rawValue: $0.session.serverVersion)), [me])
            .decode(TableOwner.self)
        )
      }
      let archive = try await SchemaArchive(
        of: name, from: source, dump: Program(folder: tools.folder, name: "pg_dump"),
        restore: Program(folder: tools.folder, name: "pg_restore"),
        encoding: SchemaArchive.encoding(from: session, into: try existing(name)?.encoding),
        arguments: ["--create"] + pair.options.dumpArguments(for: name), leavingOut: left,
        late: late)
      let entries = try await entries(of: archive, in: name, without: rehearsal.missingRoles)
        .filter { isSuperuser || !$0.mayTakeSuperuser && !$0.isKind("PUBLICATION") }
      // Where all belongs to the role, it is the role that creates the indexes.
      let inTables = isSuperuser ? [] : tables.map(\.words)
      if let coded = (owned.coded(of: entries) + inTables).first {
        throw Undetermined(
          "the schema was not rehearsed: \(coded) has code that would run with the rights of role "
            + "\(quotedIdentifier(me)) when it is created",
          remedy: "Check without --rehearse: the migration creates it with the rights of its owner.")
      }
      let scratch = "\(Self.prefix)\(run)_\(number)"
      var ended: Fact<Rehearsal>
      do {
        ended = try await restore(archive, entries, of: name, into: scratch, isSuperuser: isSuperuser, rehearsal)
      } catch {
        _ = await drop(scratch)
        throw error
      }
      var isDropped = await drop(scratch)
      if isDropped, rows > 0, case .known(var rehearsal) = ended, rehearsal.nErrors == 0 {
        let role = ScratchRole.name(run: run, number: number)
        do {
          rehearsal.rows = try await load(archive, entries, of: name, into: scratch, as: role)
        } catch {
          _ = await drop(scratch, role: role)
          throw error
        }
        isDropped = await drop(scratch, role: role)
        ended = .known(rehearsal)
      }
      guard isDropped, case .known = ended else {
        guard case .known(var rehearsal) = ended else { return ended }
        rehearsal.leftovers.append(scratch)
        return .known(rehearsal)
      }
      return ended
    } catch let error as CancellationError {
      throw error
    } catch let reason as Undetermined {
      return .unknown(reason)
    } catch {
      try Task.checkCancellation()
      return .unknown(
        Undetermined(
          "the schema could not be rehearsed: \(error)",
          remedy: "See the message; run the check again, or without --rehearse."))
    }
  }

  /// Which roles and which scratch databases of others the server has.
  private func lookAround() async throws -> (roles: [String], leftovers: [String], me: String, isSuperuser: Bool) {
    try await target.session(in: entrance, for: "looking around") { connection in
      let roles = try await connection.query("SELECT r.rolname FROM pg_catalog.pg_roles r")
      let databases = try await connection.query(
        "SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datname ~ '^\(Self.prefix)' ORDER BY d.datname")
      let me = try await connection.query(
        "SELECT r.rolname, r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user")
      let names = (0..<databases.count).compactMap { databases.text($0, 0) }
      return (
        (0..<roles.count).compactMap { roles.text($0, 0) }, names.filter { !$0.hasPrefix("\(Self.prefix)\(run)_") },
        me.text(0, 0) ?? "", me.text(0, 1) == "t"
      )
    }
  }

  private struct Named: Decodable, Sendable {
    var catalog: Int
    var oid: Int
  }

  /// All that is restored: neither the database itself nor large objects nor what fills materialized views, which can
  /// fail just because there are no rows; nor what can't be made in any but one database of a server; nor what names a
  /// role that is not there yet.
  private func entries(
    of archive: SchemaArchive, in name: String, without roles: [String]
  ) async throws -> [ArchiveEntry] {
    var namedIn: Set<[Int]> = []
    if !roles.isEmpty {
      // 1260 is pg_authid; `r` is a role in a policy.
      namedIn = try await source.session(in: name, for: "looking for what names roles") { connection in
        let rows = try await connection.query(
          """
          SELECT d.classid::int8 AS catalog, d.objid::int8 AS oid
            FROM pg_catalog.pg_shdepend d JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid
           WHERE d.refclassid = 1260 AND r.rolname = ANY ($1::name[]) AND d.deptype = 'r'
             AND d.dbid = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())
          """, [arrayLiteral(roles)])
        return Set(try rows.decode(Named.self).map { [$0.catalog, $0.oid] })
      }
    }
    let extensions = pair.options.excludedExtensions
    return (archive.beforeData + archive.afterData).filter { entry in
      let words = entry.description
      let isOfDatabase = entry.isKind("DATABASE") || words.hasPrefix("DATABASE PROPERTIES ")
      // A user mapping has no identifier there.
      let isMapping = roles.contains { words.hasPrefix("USER MAPPING - USER MAPPING \($0) SERVER ") }
      return !isMapping && !isOfDatabase && !entry.isOfLargeObject && !entry.isKind("SECURITY LABEL")
        && !words.hasPrefix("MATERIALIZED VIEW DATA ")
        && !namedIn.contains([entry.catalog, entry.oid])
        && !entry.isOf(extensions: extensions + ["pg_cron"])
    }
  }

  /// The target's database of that name, where it is the target that is rehearsed on.
  private func existing(_ name: String) throws -> Database? {
    isTarget ? try pair.databasePairs.first { $0.name.isSameName(as: name) }?.database(on: .target) : nil
  }

  private func restore(
    _ archive: SchemaArchive, _ entries: [ArchiveEntry], of name: String, into scratch: String, isSuperuser: Bool,
    _ rehearsal: Rehearsal
  ) async throws -> Fact<Rehearsal> {
    var rehearsal = rehearsal
    let existing = try existing(name)
    let creation =
      if let existing { existing.copy(named: scratch) } else { try await archive.databaseCreation(named: scratch) }
    if let error = try await create(scratch, by: creation) {
      let words = error.messageWithCode
      if error.sqlstate.map(Self.isAboutServer) ?? true {
        let remedy =
          error.sqlstate == "42501"
          ? "Give the role CREATEDB, or name a server where it has that by --rehearse-on." : "Run the check again."
        return .unknown(Undetermined("no scratch database could be created: \(words)", remedy: remedy))
      }
      rehearsal.errors = [RehearsalError(object: "DATABASE", message: words)]
      rehearsal.nErrors = 1
      return .known(rehearsal)
    }
    if existing != nil { try await prepare(scratch, as: name) }
    let tablespaces = pair.target.tablespaces.ifKnown?.count(where: \.canCreate) ?? 0
    let arguments =
      (tablespaces > 0 ? [] : ["--no-tablespaces"])
      // Whose objects it can give away is for other rules; without owners it creates them all the same.
      + (isSuperuser ? [] : ["--no-owner"])
      + (rehearsal.missingRoles.isEmpty ? [] : ["--no-owner", "--no-privileges"])
    let (isSuccess, said) = try await archive.tryRestoring(entries, into: scratch, of: target, arguments: arguments)
    rehearsal.entries = entries.count
    guard !isSuccess else { return .known(rehearsal) }
    let found = RestoreErrors(in: said, of: entries, owners: (pair.source.roles.ifKnown ?? []).map(\.rolname))
    guard found.isComplete, !found.errors.isEmpty else {
      let last = found.errors.last.map { ": \($0.message)" } ?? ""
      return .unknown(
        Undetermined("pg_restore did not come to the end of the schema\(last)", remedy: "Run the check again."))
    }
    rehearsal.nErrors = found.errors.count
    rehearsal.errors = Array(found.errors.prefix(Rehearsal.limit))
    return .known(rehearsal)
  }

  /// A sample of each table's rows, and what comes after them.
  private func load(
    _ archive: SchemaArchive, _ entries: [ArchiveEntry], of name: String, into scratch: String, as role: String
  ) async throws -> RowsRehearsal {
    let existing = try existing(name)
    let creation =
      if let existing { existing.copy(named: scratch) } else { try await archive.databaseCreation(named: scratch) }
    let rehearser = RowRehearser(
      database: name, source: source, target: target, entrance: entrance, scratch: scratch, role: role, limit: rows,
      excludedExtensions: pair.options.excludedExtensions, roles: (pair.source.roles.ifKnown ?? []).map(\.rolname))
    return try await rehearser.run(archive, entries, creation: creation) {
      if existing != nil { try await prepare(scratch, as: name) }
    }
  }

  // MARK: Scratch databases

  /// Gives it the extensions that the target's database has already, in their versions.
  private func prepare(_ scratch: String, as name: String) async throws {
    guard let known = try? pair.databasePairs.first(where: { $0.name.isSameName(as: name) })?.snapshot(on: .target),
      let extensions = known.extensions.ifKnown
    else { return }
    let apart = extensions.filter { $0.extname != "plpgsql" && ["public", "pg_catalog"].contains($0.schema) }
    guard !apart.isEmpty else { return }
    try await target.session(in: scratch, for: "creating the extensions of the target") { connection in
      for item in apart {
        let schema = try await connection.quote(identifier: item.schema)
        let version = try await connection.quote(identifier: item.extversion)
        // What can't be made here is the restore's to tell of.
        _ = try? await connection.query(
          "CREATE EXTENSION \(try await connection.quote(identifier: item.extname)) SCHEMA \(schema) VERSION \(version) CASCADE"
        )
      }
    }
  }

  /// Returns what the server refuses it with.
  private func create(_ scratch: String, by statement: String) async throws -> PostgresError? {
    try await target.session(in: entrance, for: "creating a scratch database") { connection in
      do {
        _ = try await connection.query(statement)
        return nil
      } catch let error as PostgresError where !error.isConnectionLost {
        try Task.checkCancellation()
        return error
      }
    }
  }

  /// Whether an error says nothing about the database: privileges, resources, who else is there, what interrupts.
  private static func isAboutServer(_ sqlstate: String) -> Bool {
    sqlstate == "42501" || ["25", "53", "55", "57", "58", "XX"].contains(String(sqlstate.prefix(2)))
  }

  /// Also when the task is cancelled: what `pg_restore` has left running is ended with it.
  ///
  /// - Parameter role: that goes with it.
  private func drop(_ scratch: String, role: String? = nil) async -> Bool {
    await Task { [target, entrance] in
      for attempt in 1...5 {
        let isDropped: Bool? = try? await target.session(in: entrance, for: "dropping a scratch database") {
          connection in
          let force = connection.session.serverVersion >= 130_000 ? " WITH (FORCE)" : ""
          _ = try await connection.query("DROP DATABASE IF EXISTS \(scratch)\(force)")
          if let role { _ = try await connection.query("DROP ROLE IF EXISTS \(role)") }
          return true
        }
        if isDropped == true { return true }
        try? await Task.sleep(for: .milliseconds(200 * attempt))
      }
      return false
    }.value
  }
}

extension Database {
  /// The statement that makes an empty database with the encoding and locale of this one.
  ///
  /// - Parameter scratch: one that needs no quotes.
  fileprivate func copy(named scratch: String) -> String {
    var options = [
      "ENCODING = \(Quoting.literal(encoding))", "LC_COLLATE = \(Quoting.literal(datcollate))",
      "LC_CTYPE = \(Quoting.literal(datctype))",
    ]
    // The options are new in 15 and, for the built-in provider, in 17, as the providers themselves.
    switch (localeProvider, locale) {
    case ("i", let locale?): options += ["LOCALE_PROVIDER = icu", "ICU_LOCALE = \(Quoting.literal(locale))"]
    case ("b", let locale?): options += ["LOCALE_PROVIDER = builtin", "BUILTIN_LOCALE = \(Quoting.literal(locale))"]
    default: break
    }
    return "CREATE DATABASE \(scratch) WITH TEMPLATE = template0 " + options.joined(separator: " ")
  }
}
