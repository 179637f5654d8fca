/// A sequence that has given more than 90 % of its values, or whose value the role may not read.
public struct SequenceUse: CatalogRow {
  public var nspname: String
  public var relname: String
  /// Of the column that owns it.
  public var tableSchema: String?
  public var tableName: String?
  public var columnName: String?
  /// The column holds less than `bigint`.
  public var isNarrowColumn: Bool
  public var isDescending: Bool
  /// nil where it can't be read.
  public var lastValue: Int?
  /// The last that the sequence may give and its column can hold.
  public var finalValue: Int

  public static let subject = "the values of sequences"

  /// How many are read in one transaction, and in how many transactions at most.
  public static let (rowsAtOnce, rounds) = (500, 10)
  public static var mostRead: Int { rowsAtOnce * rounds }

  // Other transactions read those before `$1`. `pg_sequence_last_value` takes RowExclusiveLock on each sequence until
  // the transaction ends (measured with 13.16, 15.20 and 18.6): so do nextval() and setval(), which don't wait for it,
  // but ALTER SEQUENCE, DROP and TRUNCATE … RESTART IDENTITY would. 500 take 10 ms; far more would fill the lock table
  // that all sessions share. 21 is smallint, 23 integer. Before 10 each sequence keeps its bounds itself.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT n.nspname, q.relname, tn.nspname AS table_schema, t.relname AS table_name, a.attname AS column_name,
           w.column_max < 9223372036854775807 AS is_narrow_column, q.seqincrement < 0 AS is_descending, w.last_value,
           v.final_value
      FROM (SELECT s.*, c.relname, c.relnamespace FROM pg_catalog.pg_sequence s
              JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
             WHERE c.relpersistence <> 't'::"char" AND s.seqrelid >= 16384::oid
             ORDER BY s.seqrelid OFFSET $1::int8 LIMIT \(rowsAtOnce)) q
      JOIN pg_catalog.pg_namespace n ON n.oid = q.relnamespace
      LEFT JOIN pg_catalog.pg_depend d ON d.classid = 1259::oid AND d.objid = q.seqrelid AND d.objsubid = 0
            AND d.refclassid = 1259::oid AND d.refobjsubid > 0 AND d.deptype IN ('a'::"char", 'i'::"char")
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
      LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
     CROSS JOIN LATERAL (
             SELECT pg_catalog.has_sequence_privilege(q.seqrelid, 'USAGE, SELECT') AS is_readable,
                    CASE WHEN pg_catalog.has_sequence_privilege(q.seqrelid, 'USAGE, SELECT')
                         THEN pg_catalog.pg_sequence_last_value(q.seqrelid) END AS last_value,
                    CASE a.atttypid WHEN 21::oid THEN 32767::int8 WHEN 23::oid THEN 2147483647::int8
                         ELSE 9223372036854775807::int8 END AS column_max) w
     CROSS JOIN LATERAL (
             SELECT CASE WHEN q.seqincrement > 0 THEN q.seqmin ELSE q.seqmax END AS first_value,
                    CASE WHEN q.seqincrement > 0 THEN least(q.seqmax, w.column_max)
                         ELSE greatest(q.seqmin, -w.column_max - 1) END AS final_value) v
     WHERE NOT q.seqcycle
       AND (NOT w.is_readable
            OR pg_catalog.abs(w.last_value::numeric - v.first_value)
               > 0.9 * pg_catalog.abs(v.final_value::numeric - v.first_value))
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 1259::oid AND e.objid = q.seqrelid
                          AND e.deptype = 'e'::"char")
     ORDER BY n.nspname COLLATE "C", q.relname COLLATE "C"
    """
  }
}
