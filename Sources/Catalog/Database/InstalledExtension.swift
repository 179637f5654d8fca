/// An extension of a database.
public struct InstalledExtension: CatalogRow {
  public var extname: String
  public var extversion: String

  public static let subject = "the installed extensions"

  // Read in every database: the plainer the query, the less a new session pays for its first look at catalogs.
  public static func sql(_ server: ServerVersion) -> String {
    "SELECT extname, extversion FROM pg_catalog.pg_extension"
  }
}

/// What hangs on an extension; read only where it matters: in a source database with one that the target does not offer.
public struct ExtensionUse: CatalogRow {
  public var extname: String
  /// Whether the connected role may use what lies in its schema.
  public var schemaUsable: Bool
  /// User objects that would be lost with it.
  public var dependents: Int

  public static let subject = "what depends on the extensions"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.extname, pg_catalog.has_schema_privilege(x.extnamespace, 'USAGE') AS schema_usable,
           (SELECT count(DISTINCT (d.classid, d.objid)) FROM pg_catalog.pg_depend m
              JOIN pg_catalog.pg_depend d
                ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('n', 'a')
             WHERE m.refclassid = 'pg_catalog.pg_extension'::regclass AND m.refobjid = x.oid AND m.deptype = 'e'
               AND d.objid >= 16384
               AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend y
                                WHERE y.classid = d.classid AND y.objid = d.objid AND y.deptype = 'e')) AS dependents
      FROM pg_catalog.pg_extension x WHERE x.extname <> 'plpgsql'
    """
  }
}
