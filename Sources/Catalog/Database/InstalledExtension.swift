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

/// What hangs on an extension; read only where it matters: in a source database with one that the target does not offer.
public struct ExtensionUse: CatalogRow {
  public var extname: String
  /// Whether the connected role may use what lies in its schema.
  public var schemaUsable: Bool
  /// User objects that would be lost with it.
  public var dependents: Int

  public static let subject = "what depends on the extensions"

  // The operators and functions of an operator class are no members of its extension: 2602 and 2603 list them. Nor are
  // the constraints, defaults, rules, triggers and indexes of its tables and views.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.extname, pg_catalog.has_schema_privilege(x.extnamespace, 'USAGE') AS schema_usable,
           (SELECT count(DISTINCT (d.classid, d.objid)) FROM pg_catalog.pg_depend m
              JOIN pg_catalog.pg_depend d
                ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('n', 'a')
             WHERE m.refclassid = 'pg_catalog.pg_extension'::regclass AND m.refobjid = x.oid AND m.deptype = 'e'
               AND d.objid >= 16384 AND d.classid NOT IN (2602, 2603)
               AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend y
                                WHERE y.classid = d.classid AND y.objid = d.objid AND y.deptype = 'e')
               AND NOT EXISTS (
                   SELECT 1 FROM (
                     SELECT k.conrelid FROM pg_catalog.pg_constraint k WHERE d.classid = 2606 AND k.oid = d.objid
                     UNION ALL SELECT k.adrelid FROM pg_catalog.pg_attrdef k WHERE d.classid = 2604 AND k.oid = d.objid
                     UNION ALL SELECT k.ev_class FROM pg_catalog.pg_rewrite k WHERE d.classid = 2618 AND k.oid = d.objid
                     UNION ALL SELECT k.tgrelid FROM pg_catalog.pg_trigger k WHERE d.classid = 2620 AND k.oid = d.objid
                     UNION ALL SELECT k.indrelid FROM pg_catalog.pg_index k WHERE d.classid = 1259 AND k.indexrelid = d.objid
                   ) AS o(relation)
                   JOIN pg_catalog.pg_depend y ON y.classid = 1259 AND y.objid = o.relation AND y.deptype = 'e'))
             AS dependents
      FROM pg_catalog.pg_extension x WHERE x.extname <> 'plpgsql'
    """
  }
}
