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
  /// Whether the connected role has the rights of the owner; nil where an older snapshot does not tell.
  public var isMine: Bool? = nil

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
             AS statistics_days, coalesce(pg_catalog.pg_has_role(d.datdba, 'USAGE'), false) AS is_mine
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

  public init(datname: String, sizeBytes: Int?) {
    self.datname = datname
    self.sizeBytes = sizeBytes
  }

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

  public static func parameter(_ identifiers: [Int]) -> String {
    "{\(identifiers.map(String.init).joined(separator: ","))}"
  }
}

/// How much the database takes that the session is in.
public struct OwnDatabaseSize: CatalogRow {
  public var sizeBytes: Int

  public static let subject = "the size of the database"

  /// With more relations than that, it is as of the last VACUUM or ANALYZE: to look at half a million files takes
  /// seconds.
  private static let mostMeasured = 100_000

  /// - Parameter relations: how many there are, where that is known.
  public static func parameters(relations: Int?) -> [String] { ["\((relations ?? 0) > mostMeasured)"] }

  // Up to 13 it can't be told from pg_class whether a relation is empty or was never looked at. What is new since is
  // measured, and all of it where much is.
  public static func sql(_ server: ServerVersion) -> String {
    let measured = "pg_catalog.pg_database_size(pg_catalog.current_database())"
    guard server.major >= 14 else { return "SELECT \(measured) AS size_bytes WHERE $1::bool IS NOT NULL" }
    let hasFiles = "c.relkind IN ('r', 'i', 't', 'm', 'S') AND NOT c.relisshared"
    return """
      SELECT coalesce(CASE WHEN $1::bool THEN (
               SELECT sum(CASE WHEN c.reltuples >= 0
                               THEN \(pages("c")) * pg_catalog.current_setting('block_size')::int8
                               ELSE pg_catalog.pg_relation_size(c.oid) END)::int8
                 FROM pg_catalog.pg_class c
                WHERE \(hasFiles) AND (SELECT count(*) FROM pg_catalog.pg_class c
                                         WHERE \(hasFiles) AND c.reltuples < 0) <= 1000)
               END, \(measured)) AS size_bytes
      """
  }
}
