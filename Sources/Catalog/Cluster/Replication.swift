/// A row of `pg_replication_slots`.
public struct ReplicationSlot: CatalogRow {
  public var slotName: String
  public var plugin: String?
  public var slotType: String
  public var database: String?
  public var active: Bool
  public var temporary: Bool
  /// WAL that the slot holds back, in bytes; nil on a standby, or where it holds none.
  public var retainedBytes: Int?
  /// Transactions since the oldest one whose rows it keeps VACUUM from removing.
  public var xminAge: Int?
  /// `reserved`, `extended`, `unreserved` or `lost` (13 and newer).
  public var walStatus: String?
  /// Why nobody can use it any more (17 and newer).
  public var invalidationReason: String?

  public static let subject = "the replication slots"

  public static func sql(_ server: ServerVersion) -> String {
    let lag =
      server.major >= 10
      ? "pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)"
      : "pg_catalog.pg_xlog_location_diff(pg_catalog.pg_current_xlog_location(), restart_lsn)"
    return """
      SELECT slot_name, plugin, slot_type, database, active,
             \(server.major >= 10 ? "temporary" : "false") AS temporary,
             CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN \(lag) END::bigint AS retained_bytes,
             greatest(pg_catalog.age(xmin), pg_catalog.age(catalog_xmin)) AS xmin_age,
             \(server.major >= 13 ? "wal_status" : "NULL::text") AS wal_status,
             \(server.major >= 17 ? "invalidation_reason" : "NULL::text") AS invalidation_reason
        FROM pg_catalog.pg_replication_slots ORDER BY slot_name COLLATE "C"
      """
  }
}

/// Who is connected just now, as far as capacity is concerned.
public struct Activity: CatalogRow {
  public var clientBackends: Int
  /// Those among them that read this, as far as they are of one run.
  public var ownBackends: Int
  /// Physical standbys, backups and logical subscribers: every one takes a WAL sender.
  public var walsenders: Int

  public static let subject = "the running sessions"

  // Of other roles' sessions the type is hidden from a role without `pg_read_all_stats`; those that have a database
  // and stream to nobody are counted then.
  public static func sql(_ server: ServerVersion) -> String {
    let clientBackend =
      server.major >= 10
      ? """
      (a.backend_type = 'client backend' OR a.backend_type IS NULL AND a.usesysid IS NOT NULL AND a.datid IS NOT NULL
              AND a.pid NOT IN (SELECT w.pid FROM pg_catalog.pg_stat_replication w))
      """ : "a.usesysid IS NOT NULL"
    return """
      SELECT count(*) FILTER (WHERE \(clientBackend)) AS client_backends,
             count(*) FILTER (WHERE \(clientBackend) AND a.usename = current_user
               AND a.application_name = pg_catalog.current_setting('application_name')) AS own_backends,
             (SELECT count(*) FROM pg_catalog.pg_stat_replication) AS walsenders
        FROM pg_catalog.pg_stat_activity a
      """
  }
}

/// A row of `pg_subscription`: only columns that everybody may read.
public struct Subscription: CatalogRow {
  public var datname: String
  public var subname: String
  public var subenabled: Bool
  public var subslotname: String?

  public static let subject = "the subscriptions"

  // Subscriptions are new in 10.
  public static func sql(_ server: ServerVersion) -> String {
    guard server.major >= 10 else {
      return "SELECT ''::text AS datname, ''::text AS subname, false AS subenabled, ''::text AS subslotname WHERE false"
    }
    return """
      SELECT d.datname, s.subname, s.subenabled, s.subslotname
        FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
       ORDER BY d.datname COLLATE "C", s.subname COLLATE "C"
      """
  }
}

/// How many replication origins there are.
public struct ReplicationOrigins: CatalogRow {
  public var origins: Int

  public static let subject = "the replication origins"

  public static func sql(_ server: ServerVersion) -> String {
    "SELECT count(*) AS origins FROM pg_catalog.pg_replication_origin"
  }
}
