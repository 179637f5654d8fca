import Catalog
import Postgres

/// The tables of a replicated database as both sides have them now: what is published, what has to be copied at
/// cutover, and what has changed since the replication was set up, as logical replication carries no DDL.
struct ReplicatedTables: Sendable {
  /// On the source, of those that are carried and on both sides.
  let oids: [Int]
  /// Those whose rows are copied at cutover, as they are not published.
  let copied: Set<Int>
  /// Those of the source that the target has not, though they belong to what is moved: made since it was set up.
  let new: [New]
  /// Those that the target has too, with the same columns, and that are in no manifest.
  let onBoth: [New]
  /// Quoted names of the others that the target has not.
  let onlyOnSource: [String]
  /// What keeps rows from arriving as they are.
  let differences: [String]

  struct New: Sendable, Equatable {
    var oid: Int
    var nspname: String
    var relname: String
    /// Qualified, quoted by the server.
    var name: String
  }

  private struct Table: Decodable, Sendable {
    var oid: Int
    var nspname: String
    var relname: String
    @QuotedName var name: String
    var isOfExtension: Bool
    @QuotedName var columnNames: [String]?
    var columnTypes: [String]?
    var isPublished: Bool

    /// In words, and the same on both sides where they are the same.
    var columns: String? {
      columnNames.map { names in
        zip(names, columnTypes ?? []).map { "\($0) \(Quoting.withoutUnequalQuotes($1))" }.joined(separator: ", ")
      }
    }
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
             k.column_names, k.column_types
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL (
             SELECT array_agg(pg_catalog.quote_ident(a.attname) ORDER BY a.attname) AS column_names,
                    array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY a.attname) AS column_types
               FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) k ON true
       WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384
         AND n.nspname !~ '^pg_' AND n.nspname !~ '^\(Journal.prefix)' AND n.nspname <> 'information_schema'
         AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                           WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                             AND d.deptype = 'e')
              OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
       ORDER BY name
      """
  }

  /// What the manifest carries, by the identifiers that the tables have on both sides, and nothing else.
  static func read(
    _ manifest: Manifest, _ relations: [Manifest.Relation], source: Connection, target: Connection
  ) async throws -> ReplicatedTables {
    let here = try await source.query(sql(isSource: true), ["\(manifest.name)"]).decode(Table.self)
    let there = try await target.query(sql(isSource: false), ["\(manifest.name)"]).decode(Table.self)
    return ReplicatedTables(manifest, relations.filter { $0.kind == .table }, here: here, there: there)
  }

  private init(_ manifest: Manifest, _ relations: [Manifest.Relation], here: [Table], there: [Table]) {
    let onSource = Dictionary(here.map { ($0.oid, $0) }, uniquingKeysWith: { first, _ in first })
    let onTarget = Dictionary(there.map { ($0.oid, $0) }, uniquingKeysWith: { first, _ in first })
    let carried = Set(relations.map(\.source))
    let taken = Dictionary(there.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let others = here.filter { !carried.contains($0.oid) }
    let isSelected = { (table: Table) in
      !table.isOfExtension
        && manifest.tables.selects(schema: table.nspname, table: table.relname, in: manifest.source.database)
    }
    let made = others.filter(isSelected)
    let both = relations.filter { onSource[$0.source] != nil && onTarget[$0.target] != nil }
    oids = both.map(\.source)
    copied = Set(both.lazy.filter { $0.way == .copied }.map(\.source))
    func new(_ table: Table) -> New {
      New(oid: table.oid, nspname: table.nspname, relname: table.relname, name: table.name)
    }
    self.new = made.filter { taken[$0.name] == nil }.map(new)
    onBoth = made.filter { table in taken[table.name].map { $0.columns == table.columns } ?? false }.map(new)
    onlyOnSource = others.filter { !isSelected($0) && taken[$0.name] == nil }.map(\.name)
    differences =
      relations.compactMap { Self.difference($0, onSource[$0.source], onTarget[$0.target]) }
      + made.filter { table in taken[table.name].map { $0.columns != table.columns } ?? false }.map {
        "table \($0.name) was made on the source since, and the target has one of that name which is not the migration's"
      }
  }

  private static func difference(_ relation: Manifest.Relation, _ here: Table?, _ there: Table?) -> String? {
    // Dropped on the source: schema drift, as any other object.
    guard let here else { return nil }
    guard let there else {
      return "table \(relation.name) that the migration made is not on the target any more"
    }
    if here.name != relation.name { return "table \(relation.name) is called \(here.name) on the source now" }
    if there.name != relation.name { return "table \(relation.name) is called \(there.name) on the target now" }
    if relation.way == .replicated, !here.isPublished { return "table \(relation.name) is not published any more" }
    guard here.columns != there.columns else { return nil }
    return """
      table \(relation.name) has other columns on the target: \(here.columns ?? "none") on the source, \
      \(there.columns ?? "none") there
      """
  }
}
