import Catalog
import Postgres

/// The tables of a replicated database as both sides have them now: what is published, what has to be copied at
/// cutover, and what has changed since the replication was set up, as logical replication carries no DDL.
struct ReplicatedTables: Sendable {
  /// On the source, all that are on both sides.
  let oids: [Int]
  /// Those whose rows are copied at cutover, as they are not published.
  let copied: Set<Int>
  let published: [String]
  /// Those of the source that the target has not, though they belong to what is moved: made since it was set up.
  let new: [New]
  /// Quoted names of the others that the target has not.
  let onlyOnSource: [String]
  /// What keeps rows from arriving as they are.
  let differences: [String]

  struct New: Sendable, Equatable {
    var nspname: String
    var relname: String
    /// Qualified, quoted by the server.
    var name: String
  }

  private struct Table: Decodable, Sendable {
    var oid: Int
    var nspname: String
    var relname: String
    var name: String
    var isOfExtension: Bool
    var columns: String?
    var isPublished: Bool
  }

  static func sql(isSource: Bool) -> String {
    let published =
      isSource
      ? """
      EXISTS (SELECT FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
                   WHERE r.prrelid = c.oid AND p.pubname = $1)
      """ : "$1::text IS NULL"
    return """
      SELECT c.oid, n.nspname, c.relname, c.oid::pg_catalog.regclass::text AS name, \(published) AS is_published,
             EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)) AS is_of_extension,
             (SELECT string_agg(pg_catalog.quote_ident(a.attname) || ' '
                                || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attname)
                FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384
         AND n.nspname !~ '^pg_' AND n.nspname !~ '^\(Journal.prefix)' AND n.nspname <> 'information_schema'
         AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                           WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                             AND d.deptype = 'e')
              OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
       ORDER BY name
      """
  }

  /// - Parameter database: of both, for which tables are selected.
  static func read(
    _ name: ReplicationName, of database: String, source: Connection, target: Connection
  ) async throws -> ReplicatedTables {
    // Without a memo nobody knows what was left out when it was set up.
    let filter = try await PublicationMemo.read(of: name, over: source)?.tables
    let here = try await source.query(sql(isSource: true), ["\(name)"]).decode(Table.self)
    let there = Dictionary(
      try await target.query(sql(isSource: false), ["\(name)"]).decode(Table.self).map { ($0.name, $0) },
      uniquingKeysWith: { first, _ in first })
    let both = here.filter { there[$0.name] != nil }
    let others = here.filter { there[$0.name] == nil && !$0.isPublished }
    func isNew(_ table: Table) -> Bool {
      !table.isOfExtension && filter?.selects(schema: table.nspname, table: table.relname, in: database) == true
    }
    return ReplicatedTables(
      oids: both.map(\.oid), copied: Set(both.lazy.filter { !$0.isPublished }.map(\.oid)),
      published: here.filter(\.isPublished).map(\.name),
      new: others.filter(isNew).map { New(nspname: $0.nspname, relname: $0.relname, name: $0.name) },
      onlyOnSource: others.filter { !isNew($0) }.map(\.name),
      differences: here.compactMap { table in
        guard let other = there[table.name] else {
          return table.isPublished ? "table \(table.name) is published, and the target has it no more" : nil
        }
        guard table.columns != other.columns else { return nil }
        return """
          table \(table.name) has other columns on the target: \(table.columns ?? "none") on the source, \
          \(other.columns ?? "none") there
          """
      })
  }
}
