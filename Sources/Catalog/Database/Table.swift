/// A user table that a table filter selects; read only when there is a filter.
public struct Table: CatalogRow {
  public var nspname: String
  public var relname: String
  /// `r` for an ordinary table, `p` for a partitioned one.
  public var kind: String
  /// Heap, TOAST and indexes in bytes; 0 for a partitioned table, whose partitions have rows of their own. Of very many
  /// tables, as of the last VACUUM or ANALYZE.
  public var sizeBytes: Int

  /// nil where the connected role has the owner's rights; else the owner.
  public var otherOwner: String?

  /// Whether the connected role may read it.
  public var readable: Bool

  public static let subject = "the tables"

  // Parameters as those of `FilterDependency`.
  public static func sql(_ server: ServerVersion) -> String {
    """
    WITH chosen AS (
      SELECT count(*) OVER () AS n_total, c.oid, c.relname, c.relkind, c.relpersistence, c.relowner, c.relnamespace,
             c.relpages, c.reltuples, c.reltoastrelid, n.nspname
        \(userRelations(where: "c.relkind IN ('r', 'p')", isSelected: true))
    )
    SELECT c.nspname, c.relname, c.relkind::text AS kind,
           CASE WHEN c.relkind = 'p' THEN 0
                ELSE \(tableSize(server, areMany: "c.n_total > \(mostMeasured)")) END AS size_bytes,
           CASE WHEN NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') AND c.relpersistence = 'p'
                THEN pg_catalog.pg_get_userbyid(c.relowner) END AS other_owner,
           pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
             AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable
      FROM chosen c ORDER BY c.nspname COLLATE "C", c.relname COLLATE "C"
    """
  }
}
