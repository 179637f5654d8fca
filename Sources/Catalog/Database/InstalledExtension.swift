/// An extension of a database.
public struct InstalledExtension: CatalogRow {
  public var extname: String
  public var extversion: String
  /// `pg_catalog` for those that come with the server.
  public var schema = "pg_catalog"
  public var isRelocatable = false
  /// Some of its tables hold rows of the database's own, which a dump takes along.
  public var hasConfiguration = false

  public init(extname: String, extversion: String) {
    self.extname = extname
    self.extversion = extversion
  }

  public static let subject = "the installed extensions"

  // Read in every database: the plainer the query, the less a new session pays for its first look at catalogs. A name
  // of a schema is looked up only where there is an extension of the database's own.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT extname, extversion, extrelocatable AS is_relocatable, extconfig IS NOT NULL AS has_configuration,
           CASE WHEN pg_catalog.oidge(oid, 16384::oid)
                THEN (pg_catalog.parse_ident(extnamespace::pg_catalog.regnamespace::text))[1]
                ELSE 'pg_catalog' END AS schema
      FROM pg_catalog.pg_extension
    """
  }
}
