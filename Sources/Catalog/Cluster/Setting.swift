/// A row of `pg_settings`, less the values that may be secret.
///
/// Rows of settings that only superusers may see are missing, not NULL, for a role without `pg_read_all_settings`.
/// Source: PostgreSQL documentation, "pg_settings".
public struct Setting: CatalogRow {
  public var name: String
  /// nil where the value is withheld: customized options and commands may hold secrets.
  public var setting: String?
  public var resetVal: String?
  public var unit: String?
  public var pendingRestart: Bool
  /// Where the value in force comes from: `configuration file`, `database`, `user`, `client`, …
  public var source: String

  public static let subject = "the settings"

  // What this very session has set says nothing of others: where the value that it would have comes from is looked up in
  // the order in which the server takes them (documentation, "ALTER ROLE").
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT s.name, CASE s.source WHEN 'session' THEN s.reset_val ELSE s.setting END AS setting, s.reset_val, s.unit,
           s.pending_restart,
           CASE s.source WHEN 'session' THEN coalesce((
             SELECT CASE WHEN d.setrole <> 0::oid AND d.setdatabase <> 0::oid THEN 'database user'
                         WHEN d.setrole <> 0::oid THEN 'user' WHEN d.setdatabase <> 0::oid THEN 'database'
                         ELSE 'global' END
               FROM pg_catalog.pg_db_role_setting d CROSS JOIN LATERAL pg_catalog.unnest(d.setconfig) c(entry)
              WHERE pg_catalog.lower(pg_catalog.split_part(c.entry, '=', 1)) = pg_catalog.lower(s.name)
                AND (d.setrole = 0::oid OR d.setrole = (
                     SELECT m.oid FROM pg_catalog.pg_roles m WHERE m.rolname = session_user))
                AND (d.setdatabase = 0::oid OR d.setdatabase = (
                     SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database()))
              ORDER BY d.setrole <> 0::oid DESC, d.setdatabase <> 0::oid DESC LIMIT 1), 'session')
           ELSE s.source END AS source
      FROM pg_catalog.pg_settings s
     WHERE s.name IN (
             'data_directory', 'port', 'wal_level', 'effective_wal_level', 'max_replication_slots', 'max_wal_senders',
             'max_connections', 'superuser_reserved_connections', 'reserved_connections',
             'max_active_replication_origins', 'max_logical_replication_workers', 'max_sync_workers_per_subscription',
             'max_worker_processes', 'default_transaction_read_only', 'shared_preload_libraries',
             'cluster_name', 'unix_socket_directories', 'listen_addresses', 'hot_standby', 'output_plugin_libraries',
             'max_slot_wal_keep_size', 'wal_keep_size', 'idle_replication_slot_timeout', 'wal_sender_timeout', 'wal_receiver_timeout',
             'statement_timeout', 'idle_session_timeout', 'transaction_timeout', 'temp_file_limit',
             'autovacuum_freeze_max_age', 'password_encryption', 'TimeZone', 'DateStyle', 'IntervalStyle',
             'bytea_output', 'standard_conforming_strings', 'array_nulls', 'transform_null_equals', 'xmloption',
             'default_text_search_config', 'backslash_quote', 'default_transaction_isolation',
             'default_table_access_method', 'lc_monetary', 'lc_numeric', 'lc_time',
             'rds.extensions', 'rds.allowed_extensions', 'rds.logical_replication', 'extwlist.extensions',
             'azure.extensions', 'supautils.privileged_extensions', 'cloudsql.logical_decoding',
             'alloydb.logical_decoding', 'aiven.pg_security_agent', 'cron.database_name',
             'max_locks_per_transaction', 'max_prepared_transactions', 'data_checksums', 'logical_decoding_work_mem',
             'maintenance_work_mem', 'max_wal_size', 'checkpoint_timeout', 'autovacuum', 'fsync', 'full_page_writes',
             'synchronous_standby_names', 'synchronous_commit')
    """
  }
}
