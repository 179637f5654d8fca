import Catalog
import Postgres

/// What of the schema is created after the rows, by when it can be.
struct EntriesAfterData: Sendable {
  /// By table, of those whose rows are copied.
  private(set) var indexes: [Int: WorkQueue.Indexes] = [:]
  /// Indexes of partitioned tables, and what joins the partitions' ones to them.
  private(set) var attached: [ArchiveEntry] = []
  private(set) var foreignKeys: [ArchiveEntry] = []
  /// Indexes of expressions that have code of the tables' owners, and what joins them: the query that checks a foreign key
  /// would run it, with the rights of who creates the key, when it is planned. They come after the foreign keys.
  private(set) var coded: [ArchiveEntry] = []
  /// Whether what these compute reads relations: they come after materialized views, which they may read too.
  private(set) var codedReads = false
  private(set) var rest: [ArchiveEntry] = []
  /// What there is to be read and written for an index, and to be read for a foreign key, in bytes, by entry.
  private(set) var work: [Int: Int] = [:]
  /// Materialized views that hold something, as the server quotes their names, in an order in which they can be filled.
  private(set) var views: [String] = []
  /// What comes after these: event triggers, which would act on all that is created.
  private(set) var last: [ArchiveEntry] = []
  /// What code reads that a load runs.
  private(set) var readings: [LoadReading] = []

  private struct Owner: Decodable, Sendable {
    var oid: Int
    var table: Int
    var isPartitioned: Bool
    var hasCode: Bool
    /// As `pg_restore --list` shows what joins the index to its parent's, without an owner.
    var attachment: String
    var sizeBytes: Int
  }

  private struct View: Decodable, Sendable {
    var oid: Int
    var name: String
  }

  init(_ entries: [ArchiveEntry], tables: [SourceTable], _ snapshot: SourceSnapshot) async throws {
    readings = try await snapshot.rows(
      of: LoadReading.self, for: "looking for what code reads", LoadReading.sql(snapshot.version), LoadReading.noLimit)
    codedReads = readings.contains(where: \.isIndex)
    let constraints = entries.filter { $0.isKind("CONSTRAINT") }
    let plain = entries.filter { $0.isKind("INDEX") && !$0.isKind("INDEX ATTACH") }
    let owners = try await snapshot.rows(
      of: Owner.self, for: "listing the indexes",
      """
      WITH RECURSIVE \(codeOfTables(snapshot.version))
      SELECT x.oid, x.relation AS table, c.relkind = 'p' AS is_partitioned,
             i.indexrelid IS NOT NULL AND EXISTS (
               SELECT FROM own o WHERE o.relation = x.relation AND o.kind = 'index') AS has_code,
             coalesce(pg_catalog.regexp_replace('INDEX ATTACH ' || n.nspname || ' ' || a.relname, '[\r\n]', ' ', 'g'), '')
               AS attachment, coalesce(pg_catalog.pg_relation_size(a.oid), 0) AS size_bytes
        FROM (SELECT i.indexrelid AS oid, i.indrelid AS relation, i.indexrelid AS index FROM pg_catalog.pg_index i
               WHERE i.indexrelid = ANY ($1::oid[])
              UNION ALL
              SELECT k.oid, k.conrelid, k.conindid FROM pg_catalog.pg_constraint k WHERE k.oid = ANY ($2::oid[])
              UNION ALL
              SELECT k.oid, k.conrelid, 0::oid FROM pg_catalog.pg_constraint k WHERE k.oid = ANY ($3::oid[])) x
        JOIN pg_catalog.pg_class c ON c.oid = x.relation
        LEFT JOIN pg_catalog.pg_class a ON a.oid = x.index LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.relnamespace
        LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = x.index AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
      """,
      [
        arrayLiteral(plain.map(\.oid)), arrayLiteral(constraints.map(\.oid)),
        arrayLiteral(entries.filter { $0.isKind("FK CONSTRAINT") }.map(\.oid)),
      ])
    let byOID = Dictionary(owners.map { ($0.oid, $0) }, uniquingKeysWith: { first, _ in first })
    let copied = Set(tables.map(\.oid))
    let attachments = owners.filter(\.hasCode).map(\.attachment)
    let sizes = Dictionary(tables.map { ($0.oid, $0.sizeBytes) }, uniquingKeysWith: { first, _ in first })
    let filled = entries.filter { $0.isKind("MATERIALIZED VIEW DATA") }
    if !filled.isEmpty {
      let names = try await snapshot.rows(
        of: View.self, for: "listing the materialized views", ReadingStatements.names, [arrayLiteral(filled.map(\.oid))]
      )
      let byOID = Dictionary(names.map { ($0.oid, $0.name) }, uniquingKeysWith: { first, _ in first })
      let listed = filled.compactMap { byOID[$0.oid] }
      views = LoadOrder(readings.filter(\.isMaterializedView), of: listed).sorted(listed)
    }
    for entry in entries {
      if let owner = byOID[entry.oid] {
        let rows = sizes[owner.table] ?? 0
        work[entry.id] = entry.isKind("FK CONSTRAINT") ? rows : owner.sizeBytes + rows / 4
      }
      let isConstraint = entry.isKind("CONSTRAINT")
      if entry.isKind("MATERIALIZED VIEW DATA") { continue }
      if entry.isKind("EVENT TRIGGER") || entry.description.hasPrefix("COMMENT - EVENT TRIGGER ")
        || codedReads && entry.isKind("COMMENT")
      {
        last.append(entry)
      } else if entry.isKind("FK CONSTRAINT") {
        foreignKeys.append(entry)
      } else if entry.isKind("INDEX ATTACH") {
        if attachments.contains(where: { entry.description == $0 || entry.description.hasPrefix($0 + " ") }) {
          coded.append(entry)
        } else {
          attached.append(entry)
        }
      } else if isConstraint || entry.isKind("INDEX"), let owner = byOID[entry.oid] {
        if owner.hasCode {
          coded.append(entry)
        } else if copied.contains(owner.table) {
          if isConstraint {
            indexes[owner.table, default: WorkQueue.Indexes()].constraints.append(entry)
          } else {
            indexes[owner.table, default: WorkQueue.Indexes()].indexes.append(entry)
          }
        } else if owner.isPartitioned {
          attached.append(entry)
        } else {
          rest.append(entry)
        }
      } else {
        rest.append(entry)
      }
    }
  }

  func work(of entries: [ArchiveEntry]) -> Int { entries.sum { work[$0.id] ?? 0 } }

  /// Without those that are there already.
  func indexes(less there: Set<Int>) -> [Int: WorkQueue.Indexes] {
    indexes.mapValues { indexes in
      WorkQueue.Indexes(
        constraints: indexes.constraints.filter { !there.contains($0.id) },
        indexes: indexes.indexes.filter { !there.contains($0.id) })
    }
  }
}
