/// Something built in that a later version lacks.
public struct RemovedBuiltin: Sendable, Equatable {
  public enum Kind: String, Codable, Sendable {
    case function, `operator`, column
  }

  public var kind: Kind
  /// With argument types, or the view's name before the column's.
  public var name: String
  /// The first version without it.
  public var since: Int
  /// What does the same, where something does.
  public var replacement: String?

  /// The newest version of which it is known what it lacks.
  public static let newestKnown = 18

  /// Those that a source has and a target lacks; of an unknown target, all that some later version lacks.
  public static func between(_ source: ServerVersion, _ target: ServerVersion?) -> [RemovedBuiltin] {
    all.filter { source.major < $0.since && $0.since <= target?.major ?? .max }
  }

  /// The same of columns of system tables; with an empty name after the point, of the table.
  public static func tableColumns(between source: ServerVersion, _ target: ServerVersion?) -> [RemovedBuiltin] {
    tableColumns.filter { source.major < $0.since && $0.since <= target?.major ?? .max }
  }

  // The catalogs of 13.16, 15.20, 16.14, 17.10 and 18.6 were compared; before 13, by the release notes.
  private static let tableColumns = [
    ("pg_class.relhaspkey", 11, nil), ("pg_proc.proisagg", 11, "prokind"), ("pg_proc.proiswindow", 11, "prokind"),
    ("pg_class.relhasoids", 12, nil), ("pg_proc.protransform", 12, "prosupport"),
    ("pg_constraint.consrc", 12, "pg_get_constraintdef(oid)"), ("pg_attrdef.adsrc", 12, "pg_get_expr(adbin, adrelid)"),
    ("pg_pltemplate.", 13, nil), ("pg_database.datlastsysoid", 15, nil),
    ("pg_database.daticulocale", 17, "datlocale"), ("pg_collation.colliculocale", 17, "colllocale"),
    ("pg_attribute.attcacheoff", 18, nil),
  ].map { RemovedBuiltin(kind: .column, name: $0.0, since: $0.1, replacement: $0.2) }

  // From 13 on this is what the catalogs of the servers differ by, less what was only widened (as by a default), what
  // is for the server's own use, and what never worked. Before 13: release notes of 10, 12 and 13.
  static let all: [RemovedBuiltin] =
    functions.map { RemovedBuiltin(kind: .function, name: $0.0, since: $0.1, replacement: $0.2) }
    + operators.map { RemovedBuiltin(kind: .operator, name: $0.0, since: $0.1, replacement: $0.2) }
    + columns.map { RemovedBuiltin(kind: .column, name: $0.0, since: $0.1, replacement: $0.2) }

  private static let functions: [(String, Int, String?)] = [
    ("pg_switch_xlog()", 10, "pg_switch_wal()"), ("pg_xlogfile_name(pg_lsn)", 10, "pg_walfile_name(pg_lsn)"),
    ("pg_xlogfile_name_offset(pg_lsn)", 10, "pg_walfile_name_offset(pg_lsn)"),
    ("pg_current_xlog_location()", 10, "pg_current_wal_lsn()"),
    ("pg_current_xlog_insert_location()", 10, "pg_current_wal_insert_lsn()"),
    ("pg_current_xlog_flush_location()", 10, "pg_current_wal_flush_lsn()"),
    ("pg_last_xlog_receive_location()", 10, "pg_last_wal_receive_lsn()"),
    ("pg_last_xlog_replay_location()", 10, "pg_last_wal_replay_lsn()"),
    ("pg_xlog_location_diff(pg_lsn,pg_lsn)", 10, "pg_wal_lsn_diff(pg_lsn, pg_lsn)"),
    ("pg_xlog_replay_pause()", 10, "pg_wal_replay_pause()"),
    ("pg_xlog_replay_resume()", 10, "pg_wal_replay_resume()"),
    ("pg_is_xlog_replay_paused()", 10, "pg_is_wal_replay_paused()"),
    ("timenow()", 12, "now()"),
    ("numeric_fac(bigint)", 14, "factorial(bigint)"), ("currtid(oid,tid)", 14, nil),
    ("pg_start_backup(text,boolean,boolean)", 15, "pg_backup_start(text, boolean)"),
    ("pg_stop_backup()", 15, "pg_backup_stop(boolean)"),
    ("pg_stop_backup(boolean,boolean)", 15, "pg_backup_stop(boolean)"),
    ("pg_is_in_backup()", 15, nil), ("pg_backup_start_time()", 15, nil),
    ("interval_accum(interval[],interval)", 17, nil), ("interval_accum_inv(interval[],interval)", 17, nil),
    ("interval_combine(interval[],interval[])", 17, nil), ("interval_avg(interval[])", 17, nil),
    ("pg_read_file_old(text,bigint,bigint)", 17, "pg_read_file(text, bigint, bigint)"),
    ("pg_rotate_logfile_old()", 17, "pg_rotate_logfile()"),
    ("pg_stat_get_bgwriter_timed_checkpoints()", 17, "pg_stat_get_checkpointer_num_timed()"),
    ("pg_stat_get_bgwriter_requested_checkpoints()", 17, "pg_stat_get_checkpointer_num_requested()"),
    ("pg_stat_get_bgwriter_buf_written_checkpoints()", 17, "pg_stat_get_checkpointer_buffers_written()"),
    ("pg_stat_get_checkpoint_write_time()", 17, "pg_stat_get_checkpointer_write_time()"),
    ("pg_stat_get_checkpoint_sync_time()", 17, "pg_stat_get_checkpointer_sync_time()"),
    ("pg_stat_get_buf_written_backend()", 17, "pg_stat_io"), ("pg_stat_get_buf_fsync_backend()", 17, "pg_stat_io"),
    ("pg_timezone_abbrevs()", 18, "pg_timezone_abbrevs, the view"),
  ]

  private static let operators: [(String, Int, String?)] = [
    ("!(bigint,NONE)", 14, "factorial(bigint)"), ("!!(NONE,bigint)", 14, "factorial(bigint)"),
    ("@(box,box)", 14, "<@"), ("@(circle,circle)", 14, "<@"), ("@(lseg,box)", 14, "<@"), ("@(lseg,line)", 14, "<@"),
    ("@(point,box)", 14, "<@"), ("@(point,circle)", 14, "<@"), ("@(point,line)", 14, "<@"),
    ("@(point,lseg)", 14, "<@"), ("@(point,path)", 14, "<@"), ("@(point,polygon)", 14, "<@"),
    ("@(polygon,polygon)", 14, "<@"), ("~(box,box)", 14, "@>"), ("~(circle,circle)", 14, "@>"),
    ("~(circle,point)", 14, "@>"), ("~(path,point)", 14, "@>"), ("~(polygon,point)", 14, "@>"),
    ("~(polygon,polygon)", 14, "@>"), ("~(aclitem[],aclitem)", 14, "@>"),
  ]

  private static let columns: [(String, Int, String?)] = [
    ("pg_stat_replication.sent_location", 10, "sent_lsn"), ("pg_stat_replication.write_location", 10, "write_lsn"),
    ("pg_stat_replication.flush_location", 10, "flush_lsn"), ("pg_stat_replication.replay_location", 10, "replay_lsn"),
    ("pg_stat_wal_receiver.received_lsn", 13, "flushed_lsn"), ("pg_stat_ssl.compression", 14, nil),
    ("pg_stat_bgwriter.checkpoints_timed", 17, "pg_stat_checkpointer.num_timed"),
    ("pg_stat_bgwriter.checkpoints_req", 17, "pg_stat_checkpointer.num_requested"),
    ("pg_stat_bgwriter.checkpoint_write_time", 17, "pg_stat_checkpointer.write_time"),
    ("pg_stat_bgwriter.checkpoint_sync_time", 17, "pg_stat_checkpointer.sync_time"),
    ("pg_stat_bgwriter.buffers_checkpoint", 17, "pg_stat_checkpointer.buffers_written"),
    ("pg_stat_bgwriter.buffers_backend", 17, "pg_stat_io"),
    ("pg_stat_bgwriter.buffers_backend_fsync", 17, "pg_stat_io"),
    ("pg_stat_progress_vacuum.max_dead_tuples", 17, "max_dead_tuple_bytes"),
    ("pg_stat_progress_vacuum.num_dead_tuples", 17, "num_dead_item_ids"),
    ("element_types.domain_default", 17, nil),
    ("pg_backend_memory_contexts.parent", 18, "path"), ("pg_stat_io.op_bytes", 18, "read_bytes"),
    ("pg_stat_wal.wal_write", 18, "pg_stat_io"), ("pg_stat_wal.wal_sync", 18, "pg_stat_io"),
    ("pg_stat_wal.wal_write_time", 18, "pg_stat_io"), ("pg_stat_wal.wal_sync_time", 18, "pg_stat_io"),
  ]
}
