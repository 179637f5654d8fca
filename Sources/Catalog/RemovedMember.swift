/// What versions of PostgreSQL's own extensions lack that older ones have.
///
/// Source: the members of every version that servers of 13, 15 and 18 can create were compared, one with the next; of
/// pgcrypto 1.4, its script, which only adds to 1.3. Left out are functions that can still be called the same way: with
/// an argument more that has a default, or with a wider type of integer.
public enum RemovedMember {
  /// What the version `new` lacks of what `old` has, and what takes its place.
  ///
  /// - Returns: nil where that is not known: of an extension of others, of a version that was not compared, or where the
  ///   new version is the older one.
  public static func between(_ old: String, _ new: String, of name: String) -> [String: String?]? {
    guard let versions = compared[name], let first = versions.firstIndex(of: old),
      let last = versions.firstIndex(of: new), first <= last
    else { return nil }
    return Dictionary(
      removed.filter { $0.name == name && versions[(first + 1)...].prefix(last - first).contains($0.version) }
        .map { ($0.member, $0.replacement) }, uniquingKeysWith: { first, _ in first })
  }

  // swift-format-ignore
  private static let compared: [String: [String]] = [
    "adminpack": ["1.0", "1.1", "2.0", "2.1"], "amcheck": ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"],
    "btree_gin": ["1.0", "1.1", "1.2", "1.3"],
    "btree_gist": ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8"], "citext": ["1.4", "1.5", "1.6", "1.7", "1.8"],
    "cube": ["1.2", "1.3", "1.4", "1.5"], "earthdistance": ["1.1", "1.2"], "fuzzystrmatch": ["1.1", "1.2"],
    "hstore": ["1.4", "1.5", "1.6", "1.7", "1.8"], "intarray": ["1.2", "1.3", "1.4", "1.5"],
    "isn": ["1.1", "1.2", "1.3"], "lo": ["1.1", "1.2"], "ltree": ["1.1", "1.2", "1.3"],
    "pageinspect": ["1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "1.12", "1.13"],
    "pg_buffercache": ["1.2", "1.3", "1.4", "1.5", "1.6"], "pg_freespacemap": ["1.1", "1.2", "1.3"],
    "pg_prewarm": ["1.1", "1.2"],
    "pg_stat_statements": ["1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "1.12"],
    "pg_trgm": ["1.3", "1.4", "1.5", "1.6"], "pg_visibility": ["1.1", "1.2"], "pg_walinspect": ["1.0", "1.1"],
    "pgcrypto": ["1.3", "1.4"], "pgstattuple": ["1.4", "1.5"], "postgres_fdw": ["1.0", "1.1", "1.2"],
    "seg": ["1.1", "1.2", "1.3", "1.4"],
  ]

  private static let removed: [(name: String, version: String, member: String, replacement: String?)] = [
    ("adminpack", "2.0", "function pg_file_length(text)", nil),
    ("adminpack", "2.0", "function pg_file_read(text,int8,int8)", "pg_read_file"),
    ("adminpack", "2.0", "function pg_logfile_rotate()", "pg_rotate_logfile"),
    ("cube", "1.4", "function g_cube_compress(internal)", nil),
    ("cube", "1.4", "function g_cube_decompress(internal)", nil),
    ("cube", "1.5", "operator @ (cube,cube)", "@>"), ("cube", "1.5", "operator ~ (cube,cube)", "<@"),
    ("hstore", "1.8", "operator @ (hstore,hstore)", "@>"), ("hstore", "1.8", "operator ~ (hstore,hstore)", "<@"),
    ("intarray", "1.5", "operator @ (int4,int4)", "@>"), ("intarray", "1.5", "operator ~ (int4,int4)", "<@"),
    ("pageinspect", "1.9", "result bt_metap(text).oldest_xact", "last_cleanup_num_delpages"),
    ("pageinspect", "1.9", "result bt_page_stats(text,int4).btpo", "btpo_level"),
    ("pg_stat_statements", "1.8", "column pg_stat_statements.max_time", "max_exec_time"),
    ("pg_stat_statements", "1.8", "column pg_stat_statements.mean_time", "mean_exec_time"),
    ("pg_stat_statements", "1.8", "column pg_stat_statements.min_time", "min_exec_time"),
    ("pg_stat_statements", "1.8", "column pg_stat_statements.stddev_time", "stddev_exec_time"),
    ("pg_stat_statements", "1.8", "column pg_stat_statements.total_time", "total_exec_time"),
    ("pg_stat_statements", "1.8", "result pg_stat_statements(bool).max_time", "max_exec_time"),
    ("pg_stat_statements", "1.8", "result pg_stat_statements(bool).mean_time", "mean_exec_time"),
    ("pg_stat_statements", "1.8", "result pg_stat_statements(bool).min_time", "min_exec_time"),
    ("pg_stat_statements", "1.8", "result pg_stat_statements(bool).stddev_time", "stddev_exec_time"),
    ("pg_stat_statements", "1.8", "result pg_stat_statements(bool).total_time", "total_exec_time"),
    ("pg_stat_statements", "1.11", "column pg_stat_statements.blk_read_time", "shared_blk_read_time"),
    ("pg_stat_statements", "1.11", "column pg_stat_statements.blk_write_time", "shared_blk_write_time"),
    ("pg_stat_statements", "1.11", "result pg_stat_statements(bool).blk_read_time", "shared_blk_read_time"),
    ("pg_stat_statements", "1.11", "result pg_stat_statements(bool).blk_write_time", "shared_blk_write_time"),
    ("pg_walinspect", "1.1", "function pg_get_wal_records_info_till_end_of_wal(pg_lsn)", "pg_get_wal_records_info"),
    ("pg_walinspect", "1.1", "function pg_get_wal_stats_till_end_of_wal(pg_lsn,bool)", "pg_get_wal_stats"),
    ("seg", "1.3", "function gseg_compress(internal)", nil), ("seg", "1.3", "function gseg_decompress(internal)", nil),
    ("seg", "1.4", "operator @ (seg,seg)", "@>"), ("seg", "1.4", "operator ~ (seg,seg)", "<@"),
  ]
}
