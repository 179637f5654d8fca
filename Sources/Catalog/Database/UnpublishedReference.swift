/// A foreign key by which a table that is not replicated refers to one that is.
public struct UnpublishedReference: CatalogRow {
  /// How many there are in all; rows are given for the first of them only.
  public var nTotal: Int
  /// Of the table that has the key.
  public var nspname: String
  public var relname: String
  public var conname: String
  /// Of the table that it refers to.
  public var referencedSchema: String
  public var referencedTable: String

  public static let subject = "the foreign keys of tables that are not replicated"

  // Keys of partitions have parents since 11, and foreign keys to partitioned tables are new in 12.
  public static func sql(_ server: ServerVersion) -> String {
    let isTopmost = server.major >= 11 ? "AND k.conparentid = 0::oid" : ""
    return """
      SELECT count(*) OVER () AS n_total, x.nspname, x.relname, k.conname, s.nspname AS referenced_schema,
             r.relname AS referenced_table
        FROM (SELECT c.oid, n.nspname, c.relname
                \(userRelations(where: "c.relkind = 'r'::\"char\" AND c.relhastriggers AND (c.relpersistence = 'u'::\"char\" OR \(isUnidentified))"))
             ) x
        JOIN pg_catalog.pg_constraint k ON k.conrelid = x.oid AND k.contype = 'f'::"char" \(isTopmost)
        JOIN pg_catalog.pg_class r ON r.oid = k.confrelid AND r.oid <> x.oid AND r.relpersistence = 'p'::"char"
        JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace
       WHERE r.relkind = 'p'::"char" OR NOT (\(isUnidentified.replacing("c.", with: "r.")))
       ORDER BY x.nspname COLLATE "C", x.relname COLLATE "C", k.conname COLLATE "C" LIMIT $1::int8
      """
  }
}
