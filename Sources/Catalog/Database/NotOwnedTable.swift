/// A table that the connected role may not publish, as it belongs to somebody else.
///
/// Source: PostgreSQL documentation, "CREATE PUBLICATION": to add a table to a publication, the invoking user must have
/// ownership rights on it.
public struct NotOwnedTable: CatalogRow {
  /// How many there are in all; rows are given for some of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var owner: String?

  public static let subject = "the tables of other roles"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname, r.rolname AS owner
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.oid >= 16384
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::regclass
                          AND e.objid = c.oid AND e.objsubid = 0 AND e.deptype = 'e')
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT 20
    """
  }
}
