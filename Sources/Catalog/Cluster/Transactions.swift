/// A transaction that was prepared for two-phase commit and waits for its end.
///
/// It outlives its session and a restart of the server (documentation, "PREPARE TRANSACTION").
public struct PreparedTransaction: CatalogRow {
  public var gid: String
  public var database: String
  public var owner: String
  public var seconds: Int
  /// Of all of them; no more than a hundred are listed.
  public var nTotal: Int

  public static let subject = "the prepared transactions"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT p.gid, p.database, p.owner, extract(epoch FROM clock_timestamp() - p.prepared)::bigint AS seconds,
           count(*) OVER () AS n_total
      FROM pg_catalog.pg_prepared_xacts p ORDER BY p.prepared, p.gid COLLATE "C" LIMIT 100
    """
  }
}

/// A transaction that has written and shows no sign of an early end, or of which such a sign is hidden.
public struct WritingTransaction: CatalogRow {
  public var pid: Int
  public var datname: String?
  public var usename: String?
  public var applicationName: String?
  /// nil where the connected role may not see it, nor what follows.
  public var state: String?
  /// Since its begin.
  public var seconds: Int?
  /// Since the state was entered.
  public var stateSeconds: Int?
  /// Of all of them; no more than a hundred are listed.
  public var nTotal: Int

  /// Whose session does nothing at the moment.
  public var isIdle: Bool { state?.hasPrefix("idle in transaction") ?? false }

  public static let subject = "the transactions that write"

  // Only transactions that have written have an identifier, and everybody may see that. `backend_type` is new in 10,
  // and hidden together with the times.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT a.pid, a.datname, a.usename, a.application_name, a.state,
           extract(epoch FROM clock_timestamp() - a.xact_start)::bigint AS seconds,
           extract(epoch FROM clock_timestamp() - a.state_change)::bigint AS state_seconds,
           count(*) OVER () AS n_total
      FROM pg_catalog.pg_stat_activity a
     WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
       \(server.major >= 10 ? "AND (a.backend_type = 'client backend' OR a.backend_type IS NULL)" : "")
       AND (a.xact_start IS NULL OR a.xact_start < clock_timestamp() - interval '5 minutes'
            OR a.state LIKE 'idle in transaction%' AND a.state_change < clock_timestamp() - interval '5 seconds')
     ORDER BY a.xact_start, a.pid LIMIT 100
    """
  }
}
