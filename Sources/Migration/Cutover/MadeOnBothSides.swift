import Catalog
import Postgres

/// What was made on both sides since the replication was set up, as this program advises where it can't make it itself:
/// it is carried from then on. What the target had before, or has put rows into, is somebody else's.
struct MadeOnBothSides: Sendable {
  /// Their rows are copied at cutover.
  var tables: [ReplicatedTables.New] = []
  /// Names of sequences whose values are set at cutover.
  var sequences: Set<String> = []
  /// What stands in the way, in words.
  var obstacles: [String] = []

  private struct Sequence: Decodable, Sendable {
    @QuotedName var name: String
    /// The table whose column owns it.
    var oid: Int?
    @QuotedName var relation: String?
    var column: String?
  }

  static let sequencesSQL = """
    SELECT c.oid::pg_catalog.regclass::text AS name, d.refobjid AS oid,
           CASE WHEN d.refobjid IS NOT NULL THEN d.refobjid::pg_catalog.regclass::text END AS relation,
           a.attname AS "column"
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND c.oid >= 16384
       AND n.nspname !~ '^(pg_|\(Journal.prefix))' AND n.nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid
                          AND e.deptype = 'e')
    """

  /// Of these tables of the target: those that have never held a row.
  static let emptyTables = """
    SELECT x.name FROM pg_catalog.unnest($1::text[]) x (name)
     WHERE pg_catalog.pg_relation_size(pg_catalog.to_regclass(x.name)) = 0
    """

  /// - Throws: `PostgresError`, `CancellationError`.
  init(
    _ tables: ReplicatedTables, _ manifest: Manifest, _ relations: [Manifest.Relation], source: Connection,
    target: Connection
  ) async throws {
    let journal = Journal(run: manifest.run)
    if !tables.onBoth.isEmpty {
      let rows = try await target.query(Self.emptyTables, [arrayLiteral(tables.onBoth.map(\.name))])
      let empty = Set((0..<rows.count).compactMap { rows.text($0, 0) })
      let before = try await journal.names(of: .target, among: tables.onBoth.map { "table \($0.name)" }, over: target)
      for table in tables.onBoth {
        if let before, !before.contains(Quoting.withoutUnequalQuotes("table \(table.name)")), empty.contains(table.name)
        {
          self.tables.append(table)
        } else {
          obstacles.append(
            "table \(table.name) was made on the source since, and the target has one of that name which is not the "
              + "migration's; drop or empty it there")
        }
      }
    }
    try await findSequences(manifest, relations, journal, source, target)
  }

  private mutating func findSequences(
    _ manifest: Manifest, _ relations: [Manifest.Relation], _ journal: Journal, _ source: Connection,
    _ target: Connection
  ) async throws {
    let known = Set(relations.lazy.filter { $0.kind == .sequence }.map(\.name))
    let carried = Set(relations.lazy.filter { $0.kind == .table }.map(\.source)).union(tables.map(\.oid))
    let here = try await source.query(Self.sequencesSQL).decode(Sequence.self).filter { !known.contains($0.name) }
    guard !here.isEmpty else { return }
    let there = try await target.query(Self.sequencesSQL).decode(Sequence.self)
    let names = Set(there.map(\.name))
    var free: [String] = []
    for sequence in here {
      if let table = sequence.oid {
        guard carried.contains(table) else { continue }
        if names.contains(sequence.name) {
          sequences.insert(sequence.name)
        } else if let other = there.first(where: { $0.relation == sequence.relation && $0.column == sequence.column }) {
          obstacles.append(
            "sequence \(sequence.name) of the source is called \(other.name) on the target: rename it there")
        }
        continue
      }
      if manifest.tables == .all, names.contains(sequence.name) { free.append(sequence.name) }
    }
    guard !free.isEmpty else { return }
    // One that was there before, and is in no manifest, was left out.
    let named = free.map { "sequence \($0)" }
    guard let here = try await journal.names(of: .source, among: named, over: target),
      let there = try await journal.names(of: .target, among: named, over: target)
    else { return }
    sequences.formUnion(free.filter { !here.union(there).contains(Quoting.withoutUnequalQuotes("sequence \($0)")) })
  }
}
