/// A session that keeps even readers from tables of users, and has done so for a while.
public struct ExclusiveLock: CatalogRow {
  public var pid: Int
  public var datname: String?
  public var usename: String?
  public var applicationName: String?
  /// nil where the connected role may not see it, nor what follows.
  public var state: String?
  /// Since its transaction began.
  public var seconds: Int?
  public var relations: Int
  /// Of all of them; no more than a hundred are listed.
  public var nTotal: Int

  public static let subject = "the sessions that hold exclusive locks"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.pid, x.datname, x.usename, x.application_name, x.state, x.seconds, x.relations, count(*) OVER () AS n_total
      FROM (SELECT l.pid, d.datname, a.usename, a.application_name, a.state,
                   extract(epoch FROM clock_timestamp() - a.xact_start)::bigint AS seconds, count(*) AS relations
              FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
              LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
             WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.relation >= 16384::oid
               AND l.pid <> pg_catalog.pg_backend_pid()
               AND (a.xact_start IS NULL OR a.xact_start < clock_timestamp() - interval '1 minute'
                    OR a.state LIKE 'idle in transaction%' AND a.state_change < clock_timestamp() - interval '5 seconds')
             GROUP BY 1, 2, 3, 4, 5, 6) x
     ORDER BY x.datname COLLATE "C", x.pid LIMIT 100
    """
  }
}
