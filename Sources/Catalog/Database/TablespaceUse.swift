/// A relation that is not in the database's own tablespace.
public struct TablespaceUse: CatalogRow {
  /// How many there are in the tablespace; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var tablespace: String
  public var nspname: String
  /// Of an index, its table.
  public var relname: String

  public static let subject = "what is in other tablespaces"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT u.n_total, u.tablespace, u.nspname, u.relname FROM (
      SELECT t.spcname AS tablespace, n.nspname, coalesce(x.relname, c.relname) AS relname,
             count(*) OVER (PARTITION BY t.oid) AS n_total,
             row_number() OVER (PARTITION BY t.oid ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C") AS i
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
        LEFT JOIN pg_catalog.pg_index j ON j.indexrelid = c.oid LEFT JOIN pg_catalog.pg_class x ON x.oid = j.indrelid
       WHERE c.reltablespace <> 0::oid AND t.oid >= 16384::oid AND c.oid >= 16384::oid
         AND pg_catalog.textne(pg_catalog.left(n.nspname::text, 3), 'pg_')
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                            AND e.objid = c.oid AND e.objsubid = 0 AND e.deptype = 'e'::"char")) u
     WHERE u.i <= $1::int8 ORDER BY u.tablespace COLLATE "C", u.i
    """
  }
}
