import Catalog
import Postgres

/// The statements by which `status`, `verify`, `cutover` and `migrate` look at both servers.
///
/// They name nothing but `pg_catalog`; none plans or executes anything of a user's. What reads the rows of tables and
/// sequences, where that is a command's purpose, is in `rows`: COPY of a table plans nothing either.
public enum ReadingStatements {
  static let flushPosition = "SELECT pg_catalog.pg_current_wal_flush_lsn()::text"
  static let hasPassed = "SELECT $1::pg_catalog.pg_lsn >= $2::pg_catalog.pg_lsn"

  static let subscriptions = """
    SELECT s.subname, d.datname FROM pg_catalog.pg_subscription s
      JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE s.subname ~ '\(ReplicationName.pattern)'
    """

  static let slots = """
    SELECT s.slot_name, s.database, s.active FROM pg_catalog.pg_replication_slots s
     WHERE s.slot_name ~ '\(ReplicationName.pattern)'
    """

  static let publications = """
    SELECT p.pubname, pg_catalog.current_database() FROM pg_catalog.pg_publication p
     WHERE p.pubname ~ '\(ReplicationName.pattern)'
    """

  /// Those that can be connected to.
  static let databases = """
    SELECT d.datname FROM pg_catalog.pg_database d
     WHERE d.datallowconn AND NOT d.datistemplate AND d.datconnlimit <> -2
       AND pg_catalog.has_database_privilege(d.oid, 'CONNECT') ORDER BY d.datname
    """

  /// That the session is in.
  static let thisDatabase = """
    SELECT d.datname, d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
    """

  /// None on a standby, where it can't be asked for in this way.
  static let timeline = """
    SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery()
                THEN ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))
                     ::pg_catalog.bit(32)::int4 END
    """

  static let systemIdentifier = "SELECT c.system_identifier::text FROM pg_catalog.pg_control_system() c"

  static let roleNames = "SELECT r.rolname FROM pg_catalog.pg_roles r"

  /// Whether the role may alter it, and whether there is an extension that may.
  static let subscriptionOwner = """
    SELECT coalesce((SELECT pg_catalog.pg_has_role(s.subowner, 'USAGE') FROM pg_catalog.pg_subscription s
                       JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
                      WHERE d.datname = pg_catalog.current_database() AND s.subname = $1), false),
           EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'aiven_extras')
    """

  /// Tables and sequences of users, also of extensions, or large objects.
  static let hasContent = """
    SELECT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'S', 'm') AND c.oid >= 16384
                      AND c.relpersistence <> 't')
           OR EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)
    """

  /// Schemas of a database in which extensions lie, or which they have made, and `public`.
  static let foundSchemas = """
    SELECT x.nspname, x.owner, x.is_mine, x.is_of_extension FROM (
      SELECT n.nspname::text AS nspname, pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner,
             pg_catalog.pg_has_role(n.nspowner, 'USAGE') AS is_mine,
             n.nspname <> 'public' AND (
               EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid)
               OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                           WHERE d.classid = 2615 AND d.objid = n.oid AND d.deptype = 'e')) AS is_of_extension
        FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema') x
     WHERE x.is_of_extension OR x.nspname = 'public' ORDER BY x.nspname
    """

  static let schemaOwners = """
    SELECT n.nspname::text AS nspname, pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner
      FROM pg_catalog.pg_namespace n WHERE n.oid = ANY ($1::oid[])
    """

  static let schemaNames = "SELECT n.nspname::text FROM pg_catalog.pg_namespace n"

  /// As `pg_restore --list` shows them.
  static let extensionComments = """
    SELECT 'COMMENT - EXTENSION "' || pg_catalog.replace(e.extname::text, '"', '""') || '"' AS entry,
           pg_catalog.obj_description(e.oid, 'pg_extension') AS text
      FROM pg_catalog.pg_extension e
    UNION ALL
    SELECT 'COMMENT - SCHEMA "public"', pg_catalog.obj_description(n.oid, 'pg_namespace')
      FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public'
    """

  static let populatedViews = """
    SELECT c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c
     WHERE c.relkind = 'm' AND c.relispopulated AND c.oid >= 16384 ORDER BY c.oid
    """

  static let names = """
    SELECT c.oid, c.oid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])
    """

  static let databaseSize = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"

  static let relation = "SELECT pg_catalog.to_regclass($1) IS NOT NULL"

  static let publishedRelations = """
    SELECT r.prrelid FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
     WHERE p.pubname = $1
    """

  /// `$1` are those of the dump, `$2` the extensions that are left out: those of other extensions are the user's where
  /// the extension says so.
  static let carriedSequences = """
    SELECT c.oid, c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c
     WHERE c.relkind = 'S' AND (c.oid = ANY ($1::oid[]) OR EXISTS (
           SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig) AND NOT e.extname = ANY ($2::text[])))
     ORDER BY c.oid
    """

  static let database = "SELECT FROM pg_catalog.pg_database WHERE datname = $1"

  static let journals = """
    SELECT substr(n.nspname, \(Journal.prefix.count + 1)) FROM pg_catalog.pg_namespace n
     WHERE n.nspname ~ '^\(Journal.prefix)[0-9a-f]{8}$' ORDER BY n.nspname
    """

  /// How transactions have ended, of which `$1` are the identifiers.
  static let endsOfTransactions = """
    SELECT x.id, pg_catalog.pg_xact_status(x.id::pg_catalog.xid8) FROM pg_catalog.unnest($1::text[]) AS x (id)
    """

  /// Roles that runs load tables by.
  static let loadingRoles = """
    SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolname ~ '\(LoadingRoles.pattern)' ORDER BY r.rolname
    """

  /// The role whose member such a role is, quoted.
  static let loadedOwner = """
    SELECT pg_catalog.quote_ident(o.rolname) FROM pg_catalog.pg_auth_members m
      JOIN pg_catalog.pg_roles o ON o.oid = m.roleid JOIN pg_catalog.pg_roles r ON r.oid = m.member
     WHERE r.rolname = $1
    """

  /// Whether a journal holds the objects of both sides, in a table and nothing else.
  static let keptObjects = """
    SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = 'objects' AND c.relkind = 'r' AND c.relowner = n.nspowner
    """

  static let publication = "SELECT FROM pg_catalog.pg_publication p WHERE p.pubname = $1"

  static let publicationComment = """
    SELECT pg_catalog.obj_description(p.oid, 'pg_publication') FROM pg_catalog.pg_publication p
     WHERE p.pubname = $1
    """

  /// With the apply worker; those that it has others work for receive nothing themselves.
  static let subscription = """
    SELECT s.subenabled AS is_enabled, w.pid IS NOT NULL AS has_worker, w.pid,
           (SELECT count(*) FROM pg_catalog.pg_subscription_rel r WHERE r.srsubid = s.oid) AS tables,
           (SELECT count(*) FROM pg_catalog.pg_subscription_rel r
             WHERE r.srsubid = s.oid AND r.srsubstate = 'r') AS tables_ready,
           extract(epoch FROM pg_catalog.clock_timestamp() - w.last_msg_receipt_time)::float8 AS silent_seconds
      FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
      LEFT JOIN LATERAL (
           SELECT w.pid, w.last_msg_receipt_time FROM pg_catalog.pg_stat_subscription w
            WHERE w.subid = s.oid AND w.relid IS NULL ORDER BY w.received_lsn IS NULL LIMIT 1) w ON true
     WHERE d.datname = pg_catalog.current_database() AND s.subname = $1
    """

  // These columns are new in 13 (release notes, "max_slot_wal_keep_size").
  static func slot(_ version: ServerVersion) -> String {
    let status =
      version.major >= 13
      ? "s.wal_status, s.safe_wal_size" : "NULL::text AS wal_status, NULL::int8 AS safe_wal_size"
    return """
      SELECT s.active AS is_active, \(status), s.confirmed_flush_lsn::text AS confirmed,
             pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_flush_lsn(), s.confirmed_flush_lsn)::int8
               AS lag_bytes,
             extract(epoch FROM r.flush_lag)::float8 AS lag_seconds
        FROM pg_catalog.pg_replication_slots s LEFT JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid
       WHERE s.slot_name = $1
      """
  }

  /// Of an interrupted run, in the session's database: where it begins, and whether the role may change its publication.
  static func keptSlot(_ version: ServerVersion) -> String {
    """
    SELECT s.confirmed_flush_lsn::text AS position,
           s.plugin = 'pgoutput' AND s.database = pg_catalog.current_database()
             \(version.major >= 13 ? "AND s.wal_status <> 'lost'" : "") AS is_whole,
           EXISTS (SELECT FROM pg_catalog.pg_publication p
                    WHERE p.pubname = $1 AND pg_catalog.pg_has_role(p.pubowner, 'USAGE')) AS can_publish
      FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1
    """
  }

  /// For how much WAL a slot is to blame, in bytes.
  static let keptWAL = """
    SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)::int8
      FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1
    """

  /// Of these tables: those of extensions.
  static let ofExtensions = """
    SELECT FROM pg_catalog.pg_depend d
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = ANY ($1::oid[]) AND d.deptype = 'e'
    """

  /// Foreign keys from tables of one list to those of the other, either way.
  static let keysBetween = """
    SELECT FROM pg_catalog.pg_constraint k
     WHERE k.contype = 'f'
       AND (k.conrelid = ANY ($1::oid[]) AND k.confrelid = ANY ($2::oid[])
            OR k.conrelid = ANY ($2::oid[]) AND k.confrelid = ANY ($1::oid[]))
    """

  /// Errors are counted since 15, by kind of conflict since 18 (PostgreSQL documentation, `pg_stat_subscription_stats`).
  static func errorColumns(_ version: ServerVersion) -> [String] {
    guard version.major >= 15 else { return [] }
    let conflicts = [
      "confl_insert_exists", "confl_update_origin_differs", "confl_update_exists", "confl_update_missing",
      "confl_delete_origin_differs", "confl_delete_missing", "confl_multiple_unique_conflicts",
    ]
    return ["apply_error_count", "sync_error_count"] + (version.major >= 18 ? conflicts : [])
  }

  static func errors(_ version: ServerVersion) -> String {
    "SELECT \(errorColumns(version).joined(separator: ", ")) FROM pg_catalog.pg_stat_subscription_stats "
      + "WHERE subname = $1"
  }

  static let sizes = """
    SELECT x.oid::pg_catalog.regclass::text AS name, pg_catalog.pg_total_relation_size(x.oid) AS size_bytes
      FROM (SELECT pg_catalog.unnest($1::oid[]) AS oid
            UNION SELECT pg_catalog.to_regclass(t)::oid FROM pg_catalog.unnest($2::text[]) t) x
     WHERE pg_catalog.pg_total_relation_size(x.oid) IS NOT NULL
    """

  static let hasLargeObjects = "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)"

  static let largeObjectSize = """
    SELECT count(*), pg_catalog.pg_table_size('pg_catalog.pg_largeobject'::pg_catalog.regclass)
      FROM pg_catalog.pg_largeobject_metadata
    """

  static let largeObjects = """
    SELECT count(*), pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT')
      FROM pg_catalog.pg_largeobject_metadata
    """

  /// Each with what `GRANT` takes: privileges and role, `{}` in place of the object. The owner has all without it.
  static let largeObjectEntries = """
    SELECT m.oid, pg_catalog.pg_get_userbyid(m.lomowner) AS owner,
           pg_catalog.obj_description(m.oid, 'pg_largeobject') AS comment,
           ARRAY(SELECT x.privilege_type || ' ON {} TO '
                        || CASE x.grantee WHEN 0 THEN 'PUBLIC'
                           ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END
                        || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
                   FROM pg_catalog.aclexplode(m.lomacl) x WHERE x.grantee <> m.lomowner ORDER BY 1) AS grants
      FROM pg_catalog.pg_largeobject_metadata m ORDER BY m.oid
    """

  static let largeObjectNumbers = "SELECT m.oid FROM pg_catalog.pg_largeobject_metadata m"

  /// To which this role may give what it owns.
  static let assignableRoles = """
    SELECT r.rolname FROM pg_catalog.pg_roles r WHERE pg_catalog.pg_has_role(r.oid, 'MEMBER')
    """

  /// Both sides compute the hash alike: the function gives the same on every version that has it (11 and newer).
  static func largeObjectChecksum(_ source: ServerVersion) -> String {
    let page = "x.loid || ' ' || x.pageno || ' ' || pg_catalog.encode(x.data, 'hex')"
    let hash =
      source.major >= 11
      ? "pg_catalog.hashtextextended((\(page)) COLLATE \"C\", 0)"
      : "('x' || pg_catalog.substr(pg_catalog.md5(\(page)), 1, 16))::bit(64)::int8"
    return "SELECT coalesce(sum(\(hash)::numeric), 0) FROM pg_catalog.pg_largeobject x"
  }

  /// Those of which rows are compared.
  static let comparableTables = """
    SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384
       AND n.nspname !~ '^(pg_|\(Journal.prefix))' AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
              AND d.objid = c.oid AND d.deptype = 'e')
    """

  static let lockableTables = """
    SELECT c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384
       AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND c.relnamespace NOT IN (
           SELECT n.oid FROM pg_catalog.pg_namespace n WHERE NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE'))
     ORDER BY c.oid
    """

  // The function looks at the catalog as it is, not as the snapshot sees it.
  static let rewrittenTables = """
    SELECT c.oid FROM pg_catalog.pg_class c
     WHERE c.relkind = 'r' AND c.oid >= 16384 AND c.relpersistence <> 't'
       AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode
    """

  static let exportSnapshot = """
    SELECT pg_catalog.pg_export_snapshot(),
           pg_catalog.txid_current_snapshot()::text
             || ' ' || CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.clock_timestamp()
                            ELSE pg_catalog.pg_postmaster_start_time() END::text
             || coalesce(' ' || (SELECT b.stats_reset FROM pg_catalog.pg_stat_bgwriter b)::text, '')
    """

  /// Of a table, or of the partitions of one: whether it has other files now than the snapshot sees.
  static let filesOfTable = """
    WITH RECURSIVE tree AS (
      SELECT pg_catalog.to_regclass($1)::oid AS oid
      UNION ALL SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_class p ON p.oid = t.oid AND p.relkind = 'p'
                  JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid)
    SELECT c.oid, pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode
      FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid WHERE c.relkind = 'r' ORDER BY c.oid
    """

  /// Of a partitioned table: those that hold rows.
  static let leafPartitions = """
    WITH RECURSIVE tree AS (
      SELECT pg_catalog.to_regclass($1)::oid AS oid
      UNION ALL SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid)
    SELECT c.oid::pg_catalog.regclass::text FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid
     WHERE c.relkind = 'r' ORDER BY c.oid
    """

  /// Of a partitioned table: itself and all below it.
  static let tree = """
    WITH RECURSIVE tree AS (
      SELECT pg_catalog.to_regclass($1)::oid AS oid
      UNION ALL SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid)
    SELECT t.oid::pg_catalog.regclass::text FROM tree t ORDER BY t.oid
    """

  /// Those of users, as far as the role may read them. Sequences that the target has not are left out: a filter, or
  /// what was made since, which the comparison of both schemas tells.
  static let sequences = """
    SELECT c.oid::pg_catalog.regclass::text AS name, s.seqincrement AS increment, s.seqmin AS minimum,
           s.seqmax AS maximum
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
       AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                           AND d.deptype = 'e')
            OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
     ORDER BY c.oid
    """

  /// The texts of all of them, for a server of that version.
  public static func all(on version: ServerVersion) -> [String] {
    let replication = [
      flushPosition, hasPassed, subscriptions, slots, publications, publication, publicationComment, subscription,
      slot(version), ReplicatedTables.sql(isSource: true), ReplicatedTables.sql(isSource: false), sequences,
      publishedRelations, subscriptionOwner, unendableSessions, keptSlot(version), keptWAL, keysBetween, ofExtensions,
      keptObjects, ObjectStatements.digests(version), ObjectStatements.fingerprints(version),
      ObjectStatements.some(version), ObjectStatements.all(version), WorkerSettings.effective,
    ]
    let loading = version.major >= 13 ? [endsOfTransactions, TableOwner.sql(version), FiringTrigger.sql] : []
    return loading + (version.major >= 10 ? replication + [plansNothing] : [])
      + (version.major >= 15 ? [errors(version)] : []) + [
        databases, roleNames, database, thisDatabase, systemIdentifier, timeline, relation, carriedSequences, journals,
        hasContent, foundSchemas, schemaOwners, schemaNames, extensionComments, loadingRoles, loadedOwner,
        takeCutoverLock, cutoverLockHolder, populatedViews, names, databaseSize,
        lockHolders, workingSessions,
        lockableAgainstWriters, backendPID,
        preparedTransactions, entrances, databaseAccess, beginningSessions, otherSessions, sizes, hasLargeObjects,
        largeObjectSize, largeObjects,
        largeObjectEntries, largeObjectNumbers, assignableRoles, MadeOnBothSides.sequencesSQL,
        MadeOnBothSides.emptyTables,
        largeObjectChecksum(version), comparableTables, lockableTables, rewrittenTables, exportSnapshot, isInTheWay,
        lockWaiters(version), forgetActivity, filesOfTable, leafPartitions, tree, sampleKey(version), tableActivity,
        activityTerms, SourceTable.sql(version), OwnersEntries.sql(version), LateTables.sql(version),
        ForeignKey.sql(version), ObjectCounts.sql(version), EventTriggerGuards.statement(version),
        EventTriggerGuards.startup(version),
      ] + Connection.inquiries
  }

  /// What reads rows of users' tables and sequences, or takes a lock on them that holds up no writer; and what begins and
  /// ends transactions. As patterns of regular expressions: the names are quoted by the server.
  public static let rows =
    [
      #"COPY [^(]+( \([^()]*\))? TO STDOUT( WITH \(FORMAT (text|binary), ENCODING '[A-Z0-9_]+'\))?"#,
      #"SELECT last_value, is_called FROM .+"#, #"SELECT EXISTS \(SELECT FROM ONLY .+\)"#,
      #"LOCK TABLE .+ IN ACCESS SHARE MODE( NOWAIT)?"#,
      #"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"#, #"SET TRANSACTION SNAPSHOT '[0-9A-F-]+'"#,
      #"SET LOCAL lock_timeout = '(5|60)s'"#, #"SAVEPOINT reading"#, #"RELEASE reading"#,
      #"ROLLBACK TO SAVEPOINT reading"#, #"ROLLBACK"#,
    ] + sampleRows
}
