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

  public static let subject = "the replication slots"

  public static func sql(_ server: ServerVersion) -> String {
    let lag =
      server.major >= 10
      ? "pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)"
      : "pg_catalog.pg_xlog_location_diff(pg_catalog.pg_current_xlog_location(), restart_lsn)"
    return """
      SELECT slot_name, plugin, slot_type, database, active,
             \(server.major >= 10 ? "temporary" : "false") AS temporary,
             CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN \(lag) END::bigint AS retained_bytes
        FROM pg_catalog.pg_replication_slots ORDER BY slot_name COLLATE "C"
      """
  }
}

/// Who is connected just now, as far as capacity is concerned.
public struct Activity: CatalogRow {
  public var clientBackends: Int
  /// Physical standbys, backups and logical subscribers: every one takes a WAL sender.
  public var walsenders: Int

  public static let subject = "the running sessions"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) FILTER (WHERE \(server.major >= 10
        ? "a.backend_type = 'client backend'" : "a.usesysid IS NOT NULL")) AS client_backends,
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
