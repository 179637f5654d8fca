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

  /// So many tables are measured one by one: it takes up to 20 looks at files for each.
  private static let mostMeasured = 10_000

  // Parameters as those of `FilterDependency`. Up to 13 it can't be told from pg_class whether a table, or its TOAST
  // table, is empty or was never looked at.
  public static func sql(_ server: ServerVersion) -> String {
    func isKnown(_ relation: String) -> String {
      server.major >= 14 ? "\(relation).reltuples >= 0" : "\(relation).relpages > 0"
    }
    let isSelected = "c.relkind IN ('r', 'p') AND ($1::text = 'only') = (f.oid IS NOT NULL)"
    return """
      WITH named AS (
        \(namedRelations)
      ), chosen AS (
        SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relowner, c.relnamespace, c.relpages, c.reltuples,
               c.reltoastrelid, n.nspname
          \(userRelations(where: isSelected, joining: "LEFT JOIN named f ON f.oid = c.oid"))
      ), indexes AS (
        SELECT i.indrelid, sum(x.relpages)::int8 AS pages
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
         WHERE (SELECT count(*) FROM chosen) > \(mostMeasured) GROUP BY i.indrelid
      )
      SELECT c.nspname, c.relname, c.relkind::text AS kind,
             CASE WHEN c.relkind = 'p' THEN 0
                  WHEN (SELECT count(*) FROM chosen) > \(mostMeasured) AND \(isKnown("c"))
                       AND (c.reltoastrelid = 0 OR \(isKnown("t")))
                  THEN (c.relpages + coalesce(i.pages, 0) + coalesce(t.relpages, 0) + coalesce(ti.pages, 0))
                       * pg_catalog.current_setting('block_size')::int8
                  ELSE pg_catalog.pg_total_relation_size(c.oid) END AS size_bytes,
             CASE WHEN NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') AND c.relpersistence = 'p'
                  THEN pg_catalog.pg_get_userbyid(c.relowner) END AS other_owner,
             pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
               AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable
        FROM chosen c LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
        LEFT JOIN indexes i ON i.indrelid = c.oid LEFT JOIN indexes ti ON ti.indrelid = t.oid
       ORDER BY c.nspname COLLATE "C", c.relname COLLATE "C"
      """
  }
}
