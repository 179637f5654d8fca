/// A column of type `money`, of an array of it, or of a domain over it.
public struct MoneyColumn: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var attname: String

  public static let subject = "the columns of type money"

  // 790 is money, 791 its array.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname, a.attname
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE a.attrelid >= 16384::oid AND a.attnum > 0 AND NOT a.attisdropped
       AND c.relkind IN ('r'::"char", 'p'::"char") AND c.relpersistence <> 't'::"char"
       AND (a.atttypid IN (790::oid, 791::oid)
            OR a.atttypid IN (SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype IN (790::oid, 791::oid)))
       AND \(isNoMember("c.oid", of: "pg_class"))
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum LIMIT $1::int8
    """
  }
}
