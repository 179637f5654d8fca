/// A table or materialized view that is kept by an access method which is not built in.
public struct AccessMethodUse: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var isMaterialized: Bool
  public var amname: String
  /// That the method is a member of.
  public var `extension`: String?

  public static let subject = "the access methods of tables"

  // Tables have an access method from 12 on.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname, c.relkind = 'm'::"char" AS is_materialized, m.amname,
           (SELECT x.extname FROM pg_catalog.pg_depend e JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid
             WHERE e.classid = 2601::oid AND e.objid = m.oid AND e.deptype = 'e'::"char") AS extension
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_am m ON m.oid = c.relam
     WHERE c.oid >= 16384::oid AND c.relam >= 16384::oid AND c.relkind IN ('r'::"char", 'p'::"char", 'm'::"char")
       AND c.relpersistence <> 't'::"char" AND \(isNoMember("c.oid", of: "pg_class"))
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $1::int8
    """
  }
}
