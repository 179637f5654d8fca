/// An extension of a database.
public struct InstalledExtension: CatalogRow {
  public var extname: String
  public var extversion: String
  public var schema: String
  /// Whether the connected role may use what lies in its schema.
  public var schemaUsable: Bool
  /// User objects that would be lost with it.
  public var dependents: Int

  public static let subject = "the installed extensions"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.extname, x.extversion, n.nspname AS schema,
           pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usable,
           (SELECT count(DISTINCT (d.classid, d.objid)) FROM pg_catalog.pg_depend m
              JOIN pg_catalog.pg_depend d
                ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('n', 'a')
             WHERE m.refclassid = 'pg_catalog.pg_extension'::regclass AND m.refobjid = x.oid AND m.deptype = 'e'
               AND d.objid >= 16384
               AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend y
                                WHERE y.classid = d.classid AND y.objid = d.objid AND y.deptype = 'e')) AS dependents
      FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace
     ORDER BY x.extname COLLATE "C"
    """
  }
}
