import Catalog
import Postgres

/// What of a dump can't be restored without running code of an owner who is no superuser: the server computes constant
/// parts of expressions when a table with a generated column or a partition key is created, when partitions and their
/// indexes are attached, when triggers and foreign keys of such a partitioned table are created, and when a check that is
/// created by itself looks at rows; an aggregate's initial value is read as its type; and so is a literal wherever an
/// expression is parsed, also in a view or a default: an array of a domain looks at the domain's checks. (`DefineRelation`,
/// `RelationGetPartitionKey`, `ATExecAttachPartition`, `DefineAggregate`, `coerce_type` in PostgreSQL's source; computing
/// the expressions of an index is safe, as `DefineIndex` becomes the table's owner.)
struct OwnersEntries: Sendable {
  /// Entries that follow each other, and are restored by the same role.
  struct Run: Sendable, Equatable {
    /// nil: the connected role.
    var owner: String?
    var entries: [ArchiveEntry]
    /// Those in which the owner creates something.
    var schemas: Set<String> = []
  }

  private struct Found: Decodable, Sendable {
    var catalog: Int
    var oid: Int
    /// As `pg_restore --list` shows it, where it has no identifier there.
    var description: String?
    var owner: String
    var schema: String
    var name: String
    /// Of what is attached, where it is another one.
    var other: String?

    var words: String {
      let others = other.map { " and role \(quotedIdentifier($0))" } ?? ""
      return "\(quotedIdentifier(schema)).\(quotedIdentifier(name)) of role \(quotedIdentifier(owner))\(others)"
    }
  }

  private struct Address: Hashable {
    var catalog: Int
    var oid: Int
  }

  private var byAddress: [Address: Found] = [:]
  private var byDescription: [String: Found] = [:]

  /// None, where all objects belong to the role that restores them.
  init() {}

  /// - Parameters:
  ///   - source: a session in the database that is dumped.
  ///   - me: the role that restores, whose own code runs with its rights in any case.
  ///   - isLate: whether foreign keys come after indexes, also those that are on the target already: to check a key, the
  ///     server plans a query over both tables.
  init(of source: Connection, except me: String?, isLate: Bool = false) async throws {
    let sql = Self.sql(ServerVersion(rawValue: source.session.serverVersion))
    let found = try await source.query(sql, [isLate ? "t" : "f"]).decode(Found.self)
    for each in found where each.owner != me || each.other != nil {
      if let description = each.description {
        byDescription[description] = each
      } else {
        byAddress[Address(catalog: each.catalog, oid: each.oid)] = each
      }
    }
  }

  private func found(for entry: ArchiveEntry) -> Found? {
    guard entry.isKind("TABLE ATTACH") || entry.isKind("INDEX ATTACH") else {
      return byAddress[Address(catalog: entry.catalog, oid: entry.oid)]
    }
    // An owner follows the name, or none, by the version of pg_dump; either may have spaces.
    var line = entry.description[...]
    while true {
      if let found = byDescription[String(line)] { return found }
      guard let end = line.lastIndex(of: " ") else { return nil }
      line = line[..<end]
    }
  }

  /// The entries in their order.
  func runs(of entries: [ArchiveEntry]) -> [Run] {
    var runs: [Run] = []
    for entry in entries {
      // What belongs to two roles has none by whose rights it could be restored.
      let found = found(for: entry).flatMap { $0.other == nil ? $0 : nil }
      if runs.isEmpty || runs[runs.count - 1].owner != found?.owner {
        runs.append(Run(owner: found?.owner, entries: []))
      }
      runs[runs.count - 1].entries.append(entry)
      if let found { runs[runs.count - 1].schemas.insert(found.schema) }
    }
    return runs
  }

  /// The owners by whose rights some of the entries are restored, with what they are.
  func owners(of entries: [ArchiveEntry]) -> [(name: String, words: String)] {
    entries.compactMap { found(for: $0) }.filter { $0.other == nil }.map { ($0.owner, $0.words) }
  }

  /// One of them, in words.
  var first: String? { (byAddress.values.first ?? byDescription.values.first)?.words }

  /// What would run code of some owner, in words.
  func coded(of entries: [ArchiveEntry]) -> [String] { entries.compactMap { found(for: $0)?.words } }

  /// What belongs to two roles, in words.
  func divided(of entries: [ArchiveEntry]) -> String? {
    entries.lazy.compactMap { found(for: $0) }.first { $0.other != nil }?.words
  }

  // Before 14, pg_dump attaches a partition where it creates the table (release notes of 14).
  //
  // 1247 is pg_type, 1255 pg_proc, 1259 pg_class, 2604 pg_attrdef, 2606 pg_constraint, 2618 pg_rewrite, 2620 pg_trigger,
  // 3256 pg_policy, 3381 pg_statistic_ext.
  static func sql(_ version: ServerVersion) -> String {
    let inherited = """
      pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
      """
    func line(_ kind: String, _ name: String) -> String {
      "pg_catalog.regexp_replace('\(kind) ' || n.nspname || ' ' || \(name), '[\\r\\n]', ' ', 'g')"
    }
    let isAggregate = version.major >= 11 ? "p.prokind = 'a'" : "p.proisagg"
    return """
      WITH RECURSIVE \(codeOfTables(version)), parsed (catalog, oid, owner, schema, name, tree) AS (
        \(parsed(version).joined(separator: " UNION ALL "))
      ), entry (catalog, oid, description, owner, schema, name, other) AS (
        -- What a superuser has written may have a literal of a type that another role has.
        SELECT p.catalog, p.oid, NULL::text, p.owner, p.schema, p.name,
               CASE WHEN s.rolsuper AND l.is_planted THEN l.owner ELSE p.owner END
          FROM parsed p JOIN pg_catalog.pg_roles s ON s.oid = p.owner
         CROSS JOIN LATERAL (
               SELECT bool_or(h.is_planted) AS is_planted,
                      (array_agg(t.typowner) FILTER (WHERE h.is_planted))[1] AS owner, count(*) AS n
                 FROM pg_catalog.regexp_matches(p.tree, ':consttype ([0-9]{5,10})\\M', 'g') m(found)
                 JOIN holding h ON h.oid::int8 = m.found[1]::int8 JOIN pg_catalog.pg_type t ON t.oid = h.oid) l
         WHERE EXISTS (SELECT FROM holding) AND l.n > 0
        UNION ALL
        SELECT 1259, c.oid, NULL, c.relowner, c.relnamespace, c.relname::text, c.relowner
          FROM pg_catalog.pg_class c
         WHERE c.relkind IN ('r', 'p', 'f') AND c.oid IN (
               SELECT o.relation FROM own o WHERE o.kind IN ('generated column', 'partition key'))
        UNION ALL
        SELECT 1259, c.oid, NULL, c.relowner, c.relnamespace, c.relname, p.relowner
          FROM \(inherited)
         WHERE p.relkind = 'p' AND (p.oid IN (SELECT d.relation FROM code d) OR c.oid IN (SELECT d.relation FROM code d))
        UNION ALL
        SELECT 0, 0, \(line("TABLE ATTACH", "c.relname")), p.relowner, c.relnamespace, c.relname, c.relowner
          FROM \(inherited) JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE p.relkind = 'p' AND (p.oid IN (SELECT d.relation FROM code d) OR c.oid IN (SELECT d.relation FROM code d))
        UNION ALL
        SELECT 0, 0, \(line("INDEX ATTACH", "c.relname")), p.relowner, c.relnamespace, c.relname, c.relowner
          FROM \(inherited) JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
         WHERE p.relkind = 'I' AND x.indrelid IN (
               SELECT b.relation FROM below b UNION ALL SELECT o.relation FROM own o WHERE o.kind = 'index')
        UNION ALL
        SELECT 2620, t.oid, NULL, c.relowner, c.relnamespace, t.tgname, c.relowner
          FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
         WHERE NOT t.tgisinternal AND t.tgrelid IN (SELECT b.relation FROM below b)
        UNION ALL
        SELECT 2606, k.oid, NULL, c.relowner, c.relnamespace, k.conname, c.relowner
          FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
         WHERE k.contype = 'f' AND k.conrelid IN (SELECT b.relation FROM below b)
            OR $1::bool AND k.contype = 'f' AND EXISTS (
               SELECT FROM own o WHERE o.kind = 'index' AND o.relation IN (k.conrelid, k.confrelid))
            OR k.contype = 'c' AND (k.conrelid, k.conname::text) IN (
               SELECT o.relation, o.name FROM own o WHERE o.kind = 'check')
        UNION ALL
        SELECT 2606, k.oid, NULL, t.typowner, t.typnamespace, k.conname, t.typowner
          FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid
         WHERE k.contype = 'c' AND k.contypid IN (SELECT r.domain FROM running r)
        UNION ALL
        SELECT 1255, p.oid, NULL, p.proowner, p.pronamespace, p.proname, p.proowner
          FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
         WHERE \(isAggregate) AND (a.agginitval IS NOT NULL OR a.aggminitval IS NOT NULL) AND (
               a.aggtranstype IN (SELECT h.oid FROM holding h) OR a.aggmtranstype IN (SELECT h.oid FROM holding h)))
      SELECT e.catalog, e.oid, e.description, r.rolname AS owner, n.nspname AS schema, e.name,
             CASE WHEN e.other <> e.owner THEN o.rolname END AS other
        FROM entry e JOIN pg_catalog.pg_roles r ON r.oid = e.owner JOIN pg_catalog.pg_namespace n ON n.oid = e.schema
        JOIN pg_catalog.pg_roles o ON o.oid = e.other
       WHERE NOT (r.rolsuper AND o.rolsuper)
      """
  }

  /// Queries for the expressions that are parsed when an object is created.
  private static func parsed(_ version: ServerVersion) -> [String] {
    func of(_ catalog: String, _ oid: String, _ tree: String, _ table: String, by relation: String) -> String {
      """
      SELECT \(catalog), \(oid), c.relowner, c.relnamespace, c.relname::text, \(tree)
        FROM \(table) x JOIN pg_catalog.pg_class c ON c.oid = x.\(relation) WHERE c.oid >= 16384
      """
    }
    let action = "concat(x.ev_action::text, x.ev_qual::text)"
    let indexed = "concat(x.indexprs::text, x.indpred::text)"
    var queries = [
      // A default, a check or a rule stands in the entry of its table, view or domain, or in one of its own.
      of("1259", "c.oid", action, "pg_catalog.pg_rewrite", by: "ev_class"),
      of("2618", "x.oid", action, "pg_catalog.pg_rewrite", by: "ev_class"),
      of("1259", "c.oid", "x.adbin::text", "pg_catalog.pg_attrdef", by: "adrelid"),
      of("2604", "x.oid", "x.adbin::text", "pg_catalog.pg_attrdef", by: "adrelid"),
      of("1259", "c.oid", "x.conbin::text", "pg_catalog.pg_constraint", by: "conrelid"),
      of("2606", "x.oid", "x.conbin::text", "pg_catalog.pg_constraint", by: "conrelid"),
      of("1259", "x.indexrelid", indexed, "pg_catalog.pg_index", by: "indrelid"),
      """
      SELECT 2606, k.oid, c.relowner, c.relnamespace, c.relname::text, \(indexed)
        FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_index x ON x.indexrelid = k.conindid
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      """,
      of("2620", "x.oid", "x.tgqual::text", "pg_catalog.pg_trigger", by: "tgrelid"),
      """
      SELECT 1247, t.oid, t.typowner, t.typnamespace, t.typname::text, concat(t.typdefaultbin::text, k.conbin::text)
        FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid
       WHERE t.typtype = 'd' AND t.oid >= 16384
      """,
      """
      SELECT 1255, p.oid, p.proowner, p.pronamespace, p.proname::text,
             concat(p.proargdefaults::text\(version.major >= 14 ? ", p.prosqlbody::text" : ""))
        FROM pg_catalog.pg_proc p WHERE p.oid >= 16384
      """,
    ]
    if version.major >= 10 {
      queries.append(of("1259", "c.oid", "x.partexprs::text", "pg_catalog.pg_partitioned_table", by: "partrelid"))
    }
    if version.major >= 14 {
      queries.append(of("3381", "x.oid", "x.stxexprs::text", "pg_catalog.pg_statistic_ext", by: "stxrelid"))
    }
    let policy = "concat(x.polqual::text, x.polwithcheck::text)"
    queries.append(of("3256", "x.oid", policy, "pg_catalog.pg_policy", by: "polrelid"))
    return queries
  }
}

extension DatabaseMigration {
  func ownersEntries(_ snapshot: SourceSnapshot) async throws -> OwnersEntries {
    let me = context.pair.target.me.ifKnown?.rolname ?? ""
    return try await attempting("looking for code that a restore would run", source, database: name) {
      let entries = try await OwnersEntries(of: snapshot.connection, except: me)
      guard !ownership.isEmpty else { return entries }
      // All of it belongs to the connected role then, and its code runs as that.
      let tables = try await snapshot.connection.query(TableOwner.sql(snapshot.version), [me]).decode(TableOwner.self)
      if let coded = tables.first?.words ?? entries.first, !settings.acceptsCode(name) {
        throw LoadingRoles.refusal(of: coded, "not all owners can be given what is theirs, so that nobody is")
      }
      return OwnersEntries()
    }
  }

  /// Creates the objects of these entries, in their order, those with code of their owners as the owners.
  ///
  /// - Parameter arguments: for what the connected role creates.
  func restore(
    _ entries: [ArchiveEntry], _ archive: SchemaArchive, _ owned: OwnersEntries, arguments: [String] = []
  ) async throws {
    try await asOwners(of: entries, owned) { roles in
      for run in owned.runs(of: entries) { try await restore(run, archive, owned, roles, arguments: arguments) }
    }
  }

  /// With roles for the owners by whose rights some of the entries are restored.
  func asOwners(
    of entries: [ArchiveEntry], _ owned: OwnersEntries, _ body: (LoadingRoles) async throws -> Void
  ) async throws {
    if let divided = owned.divided(of: entries), !settings.acceptsCode(name) {
      throw LoadingRoles.refusal(of: divided, "what is attached to it belongs to another role")
    }
    try await LoadingRoles.with(
      owners: owned.owners(of: entries), in: name, of: target, run: journal.run,
      acceptsCode: settings.acceptsCode(name), body)
  }

  func restore(
    _ run: OwnersEntries.Run, _ archive: SchemaArchive, _ owned: OwnersEntries, _ roles: LoadingRoles,
    arguments: [String]
  ) async throws {
    if let owner = run.owner, let endpoint = try await roles.endpoint(of: owner) {
      do {
        return try await granting(run.schemas.sorted(), to: owner) {
          try await archive.restore(
            run.entries, into: name, of: endpoint, settings: restoreSettings,
            arguments: (["--single-transaction", "--role=\(owner)", "--no-owner"] + reservations).uniqued)
        }
      } catch let error as MigrationError {
        guard settings.acceptsCode(name) else {
          throw LoadingRoles.refusal(of: owned.owners(of: run.entries).first?.words ?? owner, "\(error)")
        }
      }
    }
    try await archive.restore(
      run.entries, into: name, of: target, settings: restoreSettings, arguments: arguments + reservations)
  }

  /// Lets an owner create objects in some schemas while `body` runs. The journal knows what is to be taken back.
  private func granting(_ schemas: [String], to owner: String, _ body: () async throws -> Void) async throws {
    try await target.session(in: name, for: "granting privileges on schemas") { connection in
      let role = try await connection.quote(identifier: owner)
      for schema in schemas {
        let quoted = try await connection.quote(identifier: schema)
        for privilege in ["CREATE", "USAGE"] {
          let has = try await connection.query(
            "SELECT pg_catalog.has_schema_privilege($1, $2, $3)", [owner, schema, privilege])
          guard has.text(0, 0) != "t" else { continue }
          let step = "\(Journal.granted)\(privilege) \(quoted) \(role)"
          let grant = Statement("GRANT \(privilege) ON SCHEMA \(quoted) TO \(role)")
          let record = journal.record(step, arrayLiteral([privilege, schema, owner]))
          _ = try await connection.pipeline([[journal.forget([step]), record, grant]])[0].get()
        }
      }
    }
    do {
      try await body()
    } catch {
      try? await revokeGranted()
      throw error
    }
    try await revokeGranted()
  }

  /// Also of an interrupted run.
  func revokeGranted() async throws {
    try await target.session(in: name, for: "revoking privileges on schemas") { [journal] in
      try await journal.revokeGranted(over: $0)
    }
  }
}
