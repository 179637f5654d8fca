/// A table whose rows logical replication can't tell apart: once published, UPDATE and DELETE on it fail.
///
/// Source: PostgreSQL documentation, "Replica Identity".
public struct UnidentifiedTable: CatalogRow {
  /// How many there are that the table filter selects; rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  /// `d`, `n` or `i`, as in `pg_class.relreplident`.
  public var replident: String
  /// Has a primary key that could serve.
  public var hasPrimaryKey: Bool
  /// Has a primary key that is deferrable, which can't.
  public var hasDeferrableKey: Bool
  /// Could be named in REPLICA IDENTITY USING INDEX.
  public var candidateIndex: String?
  /// Columns that can't be compared, with their types; with one of them REPLICA IDENTITY FULL is no way out.
  public var incomparable: [String]
  /// Rows updated or deleted, as the statistics have it.
  public var changes: Int
  /// Heap, TOAST and indexes in bytes; nil where it has just been dropped, or an older snapshot does not tell.
  public var sizeBytes: Int?
  /// Has an index by which a subscriber could find rows: B-trees for 16 and newer.
  public var hasBTree: Bool?
  /// Likewise, hash indexes for 17 and newer.
  public var hasHash: Bool?
  /// With REPLICA IDENTITY FULL, a source of 18 or newer would refuse to update such a table.
  public var hasGeneratedColumns: Bool?

  public static let subject = "the tables without a replica identity"

  /// So many tables that can't be replicated are told one by one. Of more, the copy would
  /// last long for their number alone.
  public static let mostPlanned = 10_000

  public static func sql(_ server: ServerVersion) -> String {
    return """
      WITH RECURSIVE chosen AS (
        \(firstUnidentified)
      ), \(incomparableColumns(server))
      SELECT c.n_total, c.nspname, c.relname, c.relreplident::text AS replident,
             EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
                        AND i.indimmediate AND i.indisvalid) AS has_primary_key,
             EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
                        AND NOT i.indimmediate) AS has_deferrable_key,
             (SELECT min(x.relname::text) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
               WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
                 AND i.indexprs IS NULL
                 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid
                                    AND a.attnum = ANY (i.indkey::int2[])
                                    AND (NOT a.attnotnull\(server.generatedColumn)))) AS candidate_index,
             ARRAY(SELECT DISTINCT b.attname || ' ' || b.typname FROM bad b WHERE b.oid = c.oid ORDER BY 1)
               AS incomparable,
             c.changes, \(tableSize(server, areMany: "c.n_total > \(mostMeasured)")) AS size_bytes,
             \(hasIndex("btree")) AS has_b_tree, \(hasIndex("hash")) AS has_hash,
             \(generatedColumnsThere(server)) AS has_generated_columns
        FROM chosen c
       ORDER BY c.changes DESC, c.nspname COLLATE "C", c.relname COLLATE "C"
      """
  }
}

/// The same, without a look at its indexes and columns, for the many that have no index and only columns of types that
/// everybody knows: it takes a seventh of the time.
public struct PlainUnidentifiedTable: CatalogRow {
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var replident: String
  public var changes: Int
  public var sizeBytes: Int?
  /// Nothing can be named as its replica identity, and all columns can be compared.
  public var isPlain: Bool

  public static let subject = UnidentifiedTable.subject

  // The types are bool, bytea, name, int8, int2, int4, text, oid, float4, float8, bpchar, varchar, date, time, timestamp,
  // timestamptz, interval, numeric, uuid and jsonb: all have an operator class.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT c.n_total, c.nspname, c.relname, c.relreplident::text AS replident, c.changes,
           \(tableSize(server, areMany: "c.n_total > \(mostMeasured)")) AS size_bytes,
           NOT c.relhasindex AND NOT \(generatedColumnsThere(server)) AND NOT EXISTS (
             SELECT 1 FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0::int2 AND NOT a.attisdropped
                AND a.atttypid <> ALL ('{16,17,19,20,21,23,25,26,700,701,1042,1043,1082,1083,1114,1184,1186,1700,2950,\
    3802}'::oid[])) AS is_plain
      FROM (\(firstUnidentified)) c
     ORDER BY c.changes DESC, c.nspname COLLATE "C", c.relname COLLATE "C"
    """
  }
}

extension UnidentifiedTable {
  public init(_ table: PlainUnidentifiedTable) {
    self.init(
      nTotal: table.nTotal, nspname: table.nspname, relname: table.relname, replident: table.replident,
      hasPrimaryKey: false, hasDeferrableKey: false, candidateIndex: nil, incomparable: [], changes: table.changes,
      sizeBytes: table.sizeBytes, hasBTree: false, hasHash: false,
      hasGeneratedColumns: false)
  }
}

/// The tables without a replica identity, those that are changed most first: only of as many as are listed is it asked
/// how large they are, and what could identify their rows.
private let firstUnidentified = """
  SELECT count(*) OVER () AS n_total, c.oid, n.nspname, c.relname, c.relreplident, c.relhasindex,
         c.relpages, c.reltuples, c.reltoastrelid,
         pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS changes
    \(userRelations(where: "c.relkind = 'r'::\"char\" AND c.relpersistence = 'p'::\"char\" AND \(isUnidentified)", isSelected: true))
   ORDER BY changes DESC, n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $4::int8
  """

/// Of a table `c`: that it has no replica identity.
let isUnidentified = """
  CASE c.relreplident
     WHEN 'f'::"char" THEN false
     WHEN 'n'::"char" THEN true
     WHEN 'd'::"char" THEN NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid
                                          AND i.indisprimary AND i.indimmediate AND i.indisvalid)
     ELSE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid
                         AND i.indisreplident AND i.indimmediate AND i.indisvalid) END
  """

/// A table with REPLICA IDENTITY FULL.
public struct FullIdentityTable: CatalogRow {
  /// How many there are that the table filter selects; rows are given for the largest only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  /// Has a primary key, by which a subscriber finds the rows.
  public var hasPrimaryKey: Bool
  /// Has an index by which a subscriber could find rows: B-trees for 16 and newer.
  public var hasBTree: Bool
  /// Likewise, hash indexes for 17 and newer.
  public var hasHash: Bool
  /// Columns that can't be compared, with their types.
  public var incomparable: [String]
  public var relpages: Int
  public var changes: Int
  /// Heap, TOAST and indexes in bytes; nil where it has just been dropped, or an older snapshot does not tell.
  public var sizeBytes: Int?

  public static let subject = "the tables with REPLICA IDENTITY FULL"

  public static func sql(_ server: ServerVersion) -> String {
    return """
      WITH RECURSIVE chosen AS (
        SELECT count(*) OVER () AS n_total, c.oid, n.nspname, c.relname, c.relpages, c.reltuples, c.reltoastrelid
          \(userRelations(
            where: "c.relkind = 'r' AND c.relpersistence = 'p' AND c.relreplident = 'f'", isSelected: true))
         ORDER BY \(pages("c")) DESC, n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $4::int8
      ), \(incomparableColumns(server))
      SELECT c.n_total, c.nspname, c.relname,
             EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
                        AND i.indimmediate AND i.indisvalid) AS has_primary_key,
             \(hasIndex("btree")) AS has_b_tree, \(hasIndex("hash")) AS has_hash,
             ARRAY(SELECT DISTINCT b.attname || ' ' || b.typname FROM bad b WHERE b.oid = c.oid ORDER BY 1)
               AS incomparable,
             \(pages("c")) AS relpages,
             pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS changes,
             \(tableSize(server, areMany: "c.n_total > \(mostMeasured)")) AS size_bytes
        FROM chosen c
       ORDER BY \(pages("c")) DESC, c.nspname COLLATE "C", c.relname COLLATE "C"
      """
  }
}

/// Of a table `c`: that it has generated columns, which are new in 12.
private func generatedColumnsThere(_ server: ServerVersion) -> String {
  guard server.major >= 12 else { return "false" }
  return """
    EXISTS (SELECT 1 FROM pg_catalog.pg_attribute g WHERE g.attrelid = c.oid AND g.attnum > 0::int2
               AND NOT g.attisdropped AND g.attgenerated <> ''::"char")
    """
}

/// Of a table `c`: that it has an index of that access method by which a subscriber may find rows.
private func hasIndex(_ method: String) -> String {
  """
  EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
            JOIN pg_catalog.pg_am am ON am.oid = x.relam
           WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND am.amname = '\(method)'
             AND i.indkey[0] <> 0)
  """
}

/// `bad (oid, attname, typname)`: the columns of the tables `chosen` whose type, or the type of whose elements, has no
/// operator that a subscriber could compare by: no default operator class for B-trees (403) or hash indexes (405).
private func incomparableColumns(_ server: ServerVersion) -> String {
  """
  col (oid, attname, typ) AS (
    SELECT c.oid, a.attname, a.atttypid FROM chosen c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
     WHERE a.attnum > 0 AND NOT a.attisdropped\(server.major >= 12 ? " AND a.attgenerated = ''" : "")
    UNION ALL
    SELECT col.oid, col.attname, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END
      FROM col JOIN pg_catalog.pg_type t ON t.oid = col.typ
     WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0)
  ), bad AS (
    SELECT col.oid, col.attname, t.typname FROM col JOIN pg_catalog.pg_type t ON t.oid = col.typ
     WHERE t.typtype = 'b' AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_opclass o
                        WHERE o.opcdefault AND o.opcmethod IN (403, 405)
                          AND (o.opcintype = t.oid
                               OR EXISTS (SELECT 1 FROM pg_catalog.pg_cast k
                                           WHERE k.castsource = t.oid AND k.casttarget = o.opcintype
                                             AND k.castmethod = 'b' AND k.castcontext = 'i')))
  )
  """
}

extension ServerVersion {
  // Their values are not sent below 18: no row can be found by them.
  fileprivate var generatedColumn: String { major >= 12 ? " OR a.attgenerated <> ''" : "" }
}
