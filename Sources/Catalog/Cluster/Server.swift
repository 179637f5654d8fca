/// What a server tells of itself in any session.
public struct Server: CatalogRow {
  public var versionNum: Int
  public var versionText: String
  public var inRecovery: Bool
  /// To the microsecond; two sessions that see the same one see the same server.
  public var postmasterStartTime: String
  /// Of the snapshot, RFC 3339 in UTC.
  public var takenAt: String
  public var serverAddr: String?
  public var serverPort: Int?
  public var blockSize: Int
  public var serverEncoding: String
  /// nil where a snapshot does not tell it.
  public var lcMonetary: String?
  /// Hexadecimal; nil where the server does not tell it, as during recovery.
  public var walFileTimeline: String?

  public var version: ServerVersion { ServerVersion(rawValue: versionNum) }

  public static let subject = "what the server is"

  // to_char() would convert the names of months to the encoding of the database, which can fail.
  // Functions below 10 say "xlog" where later ones say "wal" (release notes 10).
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT current_setting('server_version_num')::int AS version_num,
           version() AS version_text,
           pg_is_in_recovery() AS in_recovery,
           replace((pg_postmaster_start_time() AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z' AS postmaster_start_time,
           replace(left((clock_timestamp() AT TIME ZONE 'UTC')::text, 19), ' ', 'T') || 'Z' AS taken_at,
           host(inet_server_addr()) AS server_addr,
           inet_server_port() AS server_port,
           current_setting('block_size')::int AS block_size,
           current_setting('server_encoding') AS server_encoding,
           current_setting('lc_monetary') AS lc_monetary,
           CASE WHEN NOT pg_is_in_recovery()
                THEN left(\(server.major >= 10
                  ? "pg_walfile_name(pg_current_wal_lsn())" : "pg_xlogfile_name(pg_current_xlog_location())"), 8)
           END AS wal_file_timeline
    """
  }
}
