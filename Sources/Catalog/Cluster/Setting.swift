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

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT s.name, s.setting, s.reset_val, s.unit, s.pending_restart, s.source
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
