/// What `pg_database` tells of a database that matters only once it is to be moved.
public struct DatabaseProperties: CatalogRow {
  public var datname: String
  public var tablespace: String
  /// Of the oldest transaction identifier, and of the oldest multixact.
  public var xidAge: Int
  public var mxidAge: Int
  /// Of the default collation, as it was when the database was made or last refreshed; nil where none is kept.
  public var collationVersion: String? = nil
  /// As the server's libraries have it now.
  public var collationActualVersion: String? = nil
  /// Other privileges than every new database has.
  public var hasPrivileges: Bool
  public var comment: String? = nil

  public static let subject = "the properties of the databases"

  // `$1` holds the databases' identifiers. `datcollversion` is new in 15. The function fails for a database that has
  // been dropped since this transaction's snapshot.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT d.datname, t.spcname AS tablespace, age(d.datfrozenxid) AS xid_age,
           pg_catalog.mxid_age(d.datminmxid) AS mxid_age,
           \(server.major >= 15 ? "d.datcollversion" : "NULL::text") AS collation_version,
           \(server.major >= 15
              ? """
              CASE WHEN d.datcollversion IS NOT NULL AND pg_catalog.has_database_privilege(d.oid, 'CONNECT') IS NOT NULL
                        THEN pg_catalog.pg_database_collation_actual_version(d.oid) END
              """ : "NULL::text") AS collation_actual_version,
           d.datacl IS NOT NULL AND d.datacl::text <> pg_catalog.acldefault('d', d.datdba)::text AS has_privileges,
           pg_catalog.shobj_description(d.oid, 'pg_database') AS comment
      FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
     WHERE d.oid = ANY ($1::oid[]) ORDER BY d.datname COLLATE "C"
    """
  }
}

/// A tablespace that somebody has made.
public struct Tablespace: CatalogRow {
  public var spcname: String
  public var canCreate: Bool

  public static let subject = "the tablespaces"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT t.spcname, coalesce(pg_catalog.has_tablespace_privilege(t.oid, 'CREATE'), false) AS can_create
      FROM pg_catalog.pg_tablespace t WHERE t.oid >= 16384::oid ORDER BY t.spcname COLLATE "C"
    """
  }
}
