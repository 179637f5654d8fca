/// A user table, as far as a table filter needs to know it; read only when there is a filter.
public struct Table: CatalogRow {
  public var nspname: String
  public var relname: String
  /// `r` for an ordinary table, `p` for a partitioned one.
  public var kind: String
  /// Heap, TOAST and indexes in bytes; 0 for a partitioned table, whose partitions have rows of their own.
  public var sizeBytes: Int

  /// nil where the connected role has the owner's rights; else the owner.
  public var otherOwner: String?

  /// Whether the connected role may read it.
  public var readable: Bool

  public static let subject = "the tables"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT n.nspname, c.relname, c.relkind::text AS kind,
           CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_total_relation_size(c.oid) ELSE 0 END AS size_bytes,
           CASE WHEN NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') AND c.relpersistence = 'p'
                THEN pg_catalog.pg_get_userbyid(c.relowner) END AS other_owner,
           pg_catalog.has_schema_privilege(n.oid, 'USAGE')
             AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable
      \(userRelations(where: "c.relkind IN ('r', 'p')"))
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
    """
  }
}
