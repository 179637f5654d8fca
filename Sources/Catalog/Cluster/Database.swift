/// A row of `pg_database`, and what the connected role may do there.
public struct Database: CatalogRow {
  public var oid: Int
  public var datname: String
  public var owner: String?
  public var encoding: String
  public var datcollate: String
  public var datctype: String
  /// `c` for libc, `i` for ICU, `b` for the built-in provider (17 and newer).
  public var localeProvider: String
  public var locale: String?
  public var datistemplate: Bool
  public var datallowconn: Bool
  /// -1 for no limit, -2 for a database whose DROP was interrupted, which can only be dropped.
  public var datconnlimit: Int
  public var canConnect: Bool
  public var canCreate: Bool
  /// For how long the statistics of its tables have been gathered; nil where nobody knows.
  public var statisticsDays: Int? = nil

  public var isInvalid: Bool { datconnlimit == -2 }

  public static let subject = "the list of databases"

  // A privilege is NULL where the database has been dropped since this transaction's snapshot: it is gone, then.
  // `datlocprovider` is new in 15; `daticulocale` (15) became `datlocale` in 17.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT d.oid, d.datname, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
           pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
           d.datcollate, d.datctype,
           \(server.major >= 15 ? "d.datlocprovider::text" : "'c'::text") AS locale_provider,
           \(server.major >= 17 ? "d.datlocale" : server.major >= 15 ? "d.daticulocale" : "NULL::text") AS locale,
           d.datistemplate, d.datallowconn, d.datconnlimit,
           coalesce(pg_catalog.has_database_privilege(d.oid, 'CONNECT'), false) AS can_connect,
           coalesce(pg_catalog.has_database_privilege(d.oid, 'CREATE'), false) AS can_create,
           floor(extract(epoch FROM now() - pg_catalog.pg_stat_get_db_stat_reset_time(d.oid)) / 86400)::int8
             AS statistics_days
      FROM pg_catalog.pg_database d
     WHERE pg_catalog.has_database_privilege(d.oid, 'CONNECT') IS NOT NULL
     ORDER BY d.datname COLLATE "C"
    """
  }
}

/// How much a database takes on disk.
public struct DatabaseSize: CatalogRow {
  public var datname: String
  /// nil where the connected role may not see it: neither CONNECT there nor `pg_read_all_stats`.
  public var sizeBytes: Int?

  public static let subject = "the sizes of the databases"

  // `$1` holds the databases' identifiers: it costs a look at every file of a database. `pg_read_all_stats` is new
  // in 10.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT d.datname,
           CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT')
                  OR EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = 'pg_read_all_stats'
                                AND pg_catalog.pg_has_role(r.oid, 'USAGE'))
                THEN pg_catalog.pg_database_size(d.oid) END AS size_bytes
      FROM pg_catalog.pg_database d WHERE d.oid = ANY ($1::oid[])
    """
  }
}
