import Catalog
import Postgres

/// Statements about the sessions of both servers, their locks and who may end them.
extension ReadingStatements {
  static let takeCutoverLock = "SELECT pg_catalog.pg_try_advisory_lock($1::int4, $2::int4)"

  /// Of a session that has such a lock in this database, and no other one.
  static let endLockHolder = """
    SELECT pg_catalog.pg_terminate_backend(l.pid) FROM pg_catalog.pg_locks l
     WHERE l.locktype = 'advisory' AND l.granted AND l.pid = $1::int4 AND l.objsubid = 2
       AND l.classid = '\(CutoverLock.space)'::oid
       AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    """

  static let cutoverLockHolder = """
    SELECT l.pid, a.usename, pg_catalog.host(a.client_addr) AS address, a.backend_start::text AS since
      FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1::oid AND l.objid = $2::oid AND l.objsubid = 2
       AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    """

  /// Databases from which another one can be closed, always in the same order.
  static let entrances = """
    SELECT d.datname FROM pg_catalog.pg_database d
     WHERE d.datallowconn AND d.datname <> $1 AND pg_catalog.has_database_privilege(d.oid, 'CONNECT')
     ORDER BY d.datname <> 'postgres', d.datistemplate, d.datname
    """

  static let databaseAccess = """
    SELECT d.oid, d.datallowconn AS is_open, pg_catalog.pg_has_role(d.datdba, 'USAGE') AS is_mine
      FROM pg_catalog.pg_database d WHERE d.datname = $1
    """

  static let beginningSessions = """
    SELECT DISTINCT l.pid FROM pg_catalog.pg_locks l
     WHERE l.locktype = 'object' AND l.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND l.objid = $1::oid
       AND l.pid IS NOT NULL AND l.pid <> pg_catalog.pg_backend_pid()
    """

  /// `$1` is the database, `$2` the processes that serve this program.
  static let otherSessions = """
    SELECT a.pid, a.usename, a.application_name, pg_catalog.host(a.client_addr) AS address, a.backend_type AS kind,
           a.backend_start::text AS since, a.state
      FROM pg_catalog.pg_stat_activity a
     WHERE a.datid = $1::oid AND NOT a.pid = ANY ($2::int4[])
       AND coalesce(a.backend_type, '') <> 'autovacuum worker'
       AND NOT (a.backend_type IS NULL AND a.usesysid IS NULL)
       AND NOT (\(readsSlot))
     ORDER BY a.backend_start
    """

  /// A walsender that reads a slot runs nothing else until it ends. Not one with a temporary slot, which a session has for
  /// as long as it likes.
  private static let readsSlot = """
    a.backend_type = 'walsender' AND EXISTS (
      SELECT FROM pg_catalog.pg_replication_slots s WHERE s.active_pid = a.pid AND NOT s.temporary)
    """

  /// Of the same: those that the role may not end (PostgreSQL documentation, `pg_terminate_backend`).
  static let unendableSessions = """
    SELECT a.pid, a.usename, a.application_name, pg_catalog.host(a.client_addr) AS address, a.backend_type AS kind,
           a.backend_start::text AS since, a.state
      FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
     WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
       AND NOT (\(readsSlot))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles m WHERE m.rolname = current_user AND (
             m.rolsuper OR NOT r.rolsuper AND (pg_catalog.pg_has_role(r.oid, 'USAGE')
                                               OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))))
     ORDER BY a.backend_start
    """

  static let backendPID = "SELECT pg_catalog.pg_backend_pid()"

  static let endSessions = """
    SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY ($1::int4[])
    """

  static let preparedTransactions = """
    SELECT p.gid, p.owner, p.prepared::text FROM pg_catalog.pg_prepared_xacts p
     WHERE p.database = pg_catalog.current_database() ORDER BY p.prepared
    """

  /// Of these tables: those on which somebody else holds a lock that a copy would wait for.
  static let lockHolders = """
    SELECT l.relation::pg_catalog.regclass::text AS table, l.pid, a.usename, a.application_name, a.state,
           a.xact_start::text AS since
      FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.granted AND l.relation = ANY ($1::oid[])
       AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
       AND l.pid <> pg_catalog.pg_backend_pid() AND coalesce(a.backend_type, '') <> 'autovacuum worker'
     ORDER BY a.xact_start
    """

  /// Of these tables: those on which the role may take a lock that keeps writers off.
  static let lockableAgainstWriters = """
    SELECT c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c
     WHERE c.oid = ANY ($1::oid[]) AND pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') ORDER BY c.oid
    """

  static let isInTheWay = """
    SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l
                    WHERE NOT l.granted AND pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(l.pid)))
    """

  /// By session of others that waits to alter, empty or drop a table: what it waits for, with what belongs to the table,
  /// and how many wait behind it. `$1` is what this program's sessions are called.
  ///
  /// Of the statement only the first words are read, as the rest may hold values.
  static func lockWaiters(_ version: ServerVersion) -> String {
    // New in 14.
    let since = version.major >= 14 ? "coalesce(l.waitstart, a.query_start)" : "a.query_start"
    return """
      SELECT l.pid, a.usename, a.application_name, l.relation::pg_catalog.regclass::text AS table,
             coalesce(
               pg_catalog.substring(a.query, '^[[:space:]]*([A-Za-z]+(?:[[:space:]]+[A-Za-z]+){0,3})'), '') AS beginning,
             pg_catalog."left"((\(since))::text, 19) AS since,
             extract(epoch FROM pg_catalog.clock_timestamp() - \(since))::float8 AS seconds,
             (SELECT count(*) FROM pg_catalog.pg_locks b
               WHERE NOT b.granted AND b.locktype = 'relation' AND b.database = l.database
                 AND b.relation = l.relation AND b.pid <> l.pid) AS behind,
             ARRAY(WITH RECURSIVE tree AS (
                     SELECT l.relation AS oid
                     UNION SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid)
                   SELECT t.oid FROM tree t) AS tables
        FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
       WHERE NOT l.granted AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
         AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
         AND NOT coalesce(\(isOfRun("a")), false)
         AND EXISTS (SELECT FROM pg_catalog.pg_stat_activity o
                      WHERE o.pid = ANY (pg_catalog.pg_blocking_pids(l.pid)) AND \(isOfRun("o")))
       ORDER BY l.pid
      """
  }

  /// What the sessions of a run are called, and those of the programs that it runs. `$1` is the first of it.
  static func isOfRun(_ activity: String) -> String {
    "(\(activity).application_name = $1 OR pg_catalog.strpos(\(activity).application_name, $1 || ' ') = 1)"
  }

  /// Of this name, how many the server works for, other than waiting for their programs (`pg_stat_activity`).
  static let workingSessions = """
    SELECT count(*) FROM pg_catalog.pg_stat_activity a
     WHERE a.application_name = $1
       AND NOT coalesce(a.state LIKE 'idle%' OR (a.wait_event_type = 'Client'
                          AND a.wait_event IN ('ClientRead', 'ClientWrite')), false)
    """

  /// What is read of sessions is kept until the end of the transaction.
  static let forgetActivity = "SELECT pg_catalog.pg_stat_clear_snapshot()"
}
