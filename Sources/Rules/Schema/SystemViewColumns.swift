import Catalog

extension Rule {
  static let systemViewColumns = Rule(
    "system-view-columns", "Views read no columns of system views that the target lacks",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/monitoring-stats.html",
    explanation: Explanation(
      why: """
        Columns of system views come and go with versions. A view that reads one which the target lacks is refused \
        there, and with it what depends on it.
        """,
      decides: """
        By what is known of the versions up to \(RemovedBuiltin.newestKnown): pg_stat_replication's …_location \
        (until 10), pg_stat_wal_receiver (13), pg_stat_ssl (14), the checkpoints of pg_stat_bgwriter, \
        pg_stat_progress_vacuum (17), pg_stat_wal, pg_stat_io, pg_backend_memory_contexts (18). \
        No view of a user reads a column that ended between the versions of both servers.
        """,
      fix: "Drop such views, and create them on the target as that needs them."),
    decide: .database { pair in
      let removed = RemovedBuiltin.between(try pair.clusters.source.version, try pair.clusters.target.version)
        .filter { $0.kind == .column }
      guard !removed.isEmpty else { return .skipped("No column of a system view ended between the two versions.") }
      if pair.hasTablesOnly { return .tablesOnly }
      return pair.conclusion(
        on: try pair.snapshot(on: .source).systemViewColumns.value, reading: removed, of: "system views",
        advice: "Drop it, and create it on the target with what that has in its place.")
    })
}
