// Tables that a subscription copies, or applies changes to, otherwise than one would think.

/// A table whose rows a subscriber could not find, as a generated column is part of what they are found by.
public struct GeneratedKeyTable: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  /// Generated ones, of the index that the rows are found by or, where it is the whole row, of the table.
  public var columns: [String]
  /// REPLICA IDENTITY FULL.
  public var isFull: Bool
  /// Has a primary key without generated columns that is not the replica identity.
  public var hasPlainPrimaryKey: Bool
  /// A unique index over columns that are NOT NULL and not generated.
  public var candidateIndex: String?
  /// Rows updated or deleted since the statistics began.
  public var changes: Int
  /// Heap, TOAST and indexes in bytes; nil where it has just been dropped, or an older snapshot does not tell.
  public var sizeBytes: Int?

  public static let subject = "the tables that are identified by generated columns"

  // A subscriber looks for the primary key, if there is one, also under REPLICA IDENTITY FULL. From 18 on, a publication
  // that leaves generated columns out refuses to update a table of which the whole row is the identity.
  // Generated columns are new in 12.
  public static func sql(_ server: ServerVersion) -> String {
    let isWholeRow = server.major >= 18 ? "c.relreplident = 'f'::\"char\"" : "false"
    let isIdentity = """
      CASE WHEN c.relreplident = 'i'::"char" THEN i.indisreplident ELSE i.indisprimary AND i.indimmediate END
      """
    func isPlain(_ index: String) -> String {
      """
      NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute p WHERE p.attrelid = c.oid AND p.attnum = ANY (\(index).indkey)
                     AND (NOT p.attnotnull OR p.attgenerated <> ''::"char"))
      """
    }
    return """
      SELECT count(*) OVER () AS n_total, x.nspname, x.relname, x.columns, x.is_full, x.has_plain_primary_key,
             x.candidate_index, x.changes, pg_catalog.pg_total_relation_size(x.oid) AS size_bytes
        FROM (
        SELECT c.oid, n.nspname, c.relname, c.relreplident = 'f'::"char" AS is_full,
               ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attgenerated <> ''::"char" AND NOT a.attisdropped
                        AND (\(isWholeRow) OR EXISTS (
                          SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid
                             AND a.attnum = ANY (i.indkey) AND \(isIdentity)))
                      ORDER BY a.attnum) AS columns,
               EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid
                          AND i.indimmediate AND \(isPlain("i"))) AS has_plain_primary_key,
               (SELECT min(x.relname::text) FROM pg_catalog.pg_index i
                  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                 WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
                   AND i.indexprs IS NULL AND \(isPlain("i"))) AS candidate_index,
               pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS changes
          \(userRelations(where: "c.relkind = 'r'::\"char\" AND c.relpersistence = 'p'::\"char\" AND c.relreplident <> 'n'::\"char\" AND c.oid IN (SELECT d.adrelid FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute g ON g.attrelid = d.adrelid AND g.attnum = d.adnum WHERE g.attgenerated <> ''::\"char\")"))
        ) x
       WHERE x.columns <> '{}'::text[]
       ORDER BY x.changes DESC, x.nspname COLLATE "C", x.relname COLLATE "C" LIMIT $1::int8
      """
  }
}

/// A table that is partitioned by the hash of an enum value, which is that of its OID and so differs between servers.
public struct EnumHashedTable: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  /// The columns of the partition key that are enums.
  public var columns: [String]
  /// Of all partitions, indexes included, in bytes; nil in an older snapshot.
  public var sizeBytes: Int?

  public static let subject = "the tables that are partitioned by hash"

  // New in 11. A domain over an enum hashes like the enum.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, x.nspname, x.relname, x.columns,
           (WITH RECURSIVE tree AS (
              SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = x.oid
              UNION ALL SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.inhrelid)
            SELECT coalesce(sum(pg_catalog.pg_total_relation_size(t.inhrelid)), 0)::int8 FROM tree t) AS size_bytes
      FROM (
      SELECT c.oid, n.nspname, c.relname,
             ARRAY(SELECT a.attname::text FROM pg_catalog.pg_partitioned_table p
                     JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs)
                     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                     LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd'::"char" AND b.oid = t.typbasetype
                    WHERE p.partrelid = c.oid AND p.partstrat = 'h'::"char" AND a.attnum > 0::int2
                      AND (t.typtype = 'e'::"char" OR b.typtype = 'e'::"char") ORDER BY a.attnum) AS columns
        \(userRelations(where: "c.relkind = 'p'::\"char\"")) ) x
     WHERE x.columns <> '{}'::text[]
     ORDER BY x.nspname COLLATE "C", x.relname COLLATE "C" LIMIT $1::int8
    """
  }
}

/// A table whose row security holds for its owner too, unless the owner may bypass it.
public struct ForcedRowSecurityTable: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var owner: String

  public static let subject = "the tables with FORCE ROW LEVEL SECURITY"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner) AS owner
      \(userRelations(where: "c.relkind = 'r' AND c.relpersistence = 'p' AND c.relrowsecurity AND c.relforcerowsecurity"))
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $1::int8
    """
  }
}

/// A constraint that rows of the table may violate: it was not checked for those that were there.
public struct UnvalidatedConstraint: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var conname: String
  /// `c` for CHECK, `f` for a foreign key, `n` for NOT NULL (18 and newer).
  public var contype: String

  public static let subject = "the constraints that are not valid"

  // What is not enforced (new in 18) is not valid either, but no row is checked for it.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, c.nspname, c.relname, k.conname, k.contype::text AS contype
      FROM pg_catalog.pg_constraint k, LATERAL (
        SELECT n.nspname, c.relname \(userRelations(where: "c.oid = k.conrelid AND c.relkind IN ('r', 'p')"))) c
     WHERE NOT k.convalidated\(server.major >= 18 ? " AND k.conenforced" : "")
     ORDER BY k.contype = 'f'::"char", c.nspname COLLATE "C", c.relname COLLATE "C", k.conname COLLATE "C"
     LIMIT $1::int8
    """
  }
}

/// An index that is not used, and that a dump does not carry.
public struct InvalidIndex: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  /// Of the table.
  public var relname: String
  public var indexname: String
  public var isUnique: Bool

  public static let subject = "the invalid indexes"

  // An index of a partitioned table is invalid until each partition has its own; a dump carries it all the same.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, c.nspname, c.relname, x.relname AS indexname, i.indisunique AS is_unique
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid, LATERAL (
        SELECT n.nspname, c.relname \(userRelations(where: "c.oid = i.indrelid AND c.relkind IN ('r', 'm')"))) c
     WHERE NOT (i.indisvalid AND i.indisready)
     ORDER BY c.nspname COLLATE "C", c.relname COLLATE "C", x.relname COLLATE "C" LIMIT $1::int8
    """
  }
}
