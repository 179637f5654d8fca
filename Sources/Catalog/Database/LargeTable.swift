/// A table whose rows hold more than 100 MB on average, as far as the server knows how many there are.
public struct WideTable: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var rows: Int
  /// As of the last VACUUM or ANALYZE.
  public var toastBytes: Int

  public static let subject = "the tables with wide rows"

  public static let limit = 100_000_000

  // Few rows never make a table worth an ANALYZE: then the rows that are counted as they come are all there is.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname, s.rows, s.toast_bytes
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
     CROSS JOIN LATERAL (
             SELECT \(pages("t")) * pg_catalog.current_setting('block_size')::int8 AS toast_bytes,
                    CASE WHEN c.reltuples > 0 THEN c.reltuples::int8
                         ELSE pg_catalog.pg_stat_get_live_tuples(c.oid) END AS rows) s
     WHERE c.relkind = 'r'::"char" AND c.relpersistence <> 't'::"char" AND c.oid >= 16384::oid
       AND s.rows > 0 AND s.toast_bytes / s.rows > \(limit) AND \(isNoMember("c.oid", of: "pg_class"))
     ORDER BY s.toast_bytes / s.rows DESC, n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $1::int8
    """
  }
}

/// A table of more than 100 GB, as of the last VACUUM or ANALYZE; read where the summary says that there may be some.
public struct LargeTable: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  /// Heap and TOAST.
  public var sizeBytes: Int
  /// Of all tables and materialized views of the database.
  public var databaseBytes: Int

  public static let subject = "the large tables"

  public static let limit = 100_000_000_000

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname, s.size_bytes,
           (SELECT sum(\(pages("a"))) * pg_catalog.current_setting('block_size')::int8 FROM pg_catalog.pg_class a
             WHERE a.relkind IN ('r', 't', 'm'))::int8 AS database_bytes
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
     CROSS JOIN LATERAL (SELECT (\(pages("c")) + coalesce(\(pages("t")), 0))
                                * pg_catalog.current_setting('block_size')::int8 AS size_bytes) s
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384::oid AND s.size_bytes > \(limit)
     ORDER BY s.size_bytes DESC, n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $1::int8
    """
  }
}
