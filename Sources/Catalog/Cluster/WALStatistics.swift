/// How much WAL the server has written since its statistics were reset, or since it was started after a crash.
public struct WALStatistics: CatalogRow {
  /// nil where the server does not count it (13 and older).
  public var walBytes: Int?
  public var seconds: Int?

  public init(walBytes: Int?, seconds: Int?) {
    self.walBytes = walBytes
    self.seconds = seconds
  }

  public static let subject = "the statistics of WAL"

  // New in 14. The function, not the view over it.
  public static func sql(_ server: ServerVersion) -> String {
    server.major >= 14
      ? """
      SELECT w.wal_bytes::int8 AS wal_bytes,
             floor(extract(epoch FROM clock_timestamp() - w.stats_reset))::int8 AS seconds
        FROM pg_catalog.pg_stat_get_wal() w
      """ : "SELECT NULL::int8 AS wal_bytes, NULL::int8 AS seconds"
  }
}
