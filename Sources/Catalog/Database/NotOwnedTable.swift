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
    let isNotOwned = """
      c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
      """
    return """
      SELECT count(*) OVER () AS n_total, n.nspname, c.relname,
             (SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.oid = c.relowner) AS owner
        \(userRelations(where: isNotOwned))
       ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT 20
      """
  }
}
