import Postgres

extension Connection {
  /// Ends other sessions of the server, and waits up to 10 s until they are gone.
  ///
  /// - Parameter condition: on `pg_stat_activity a`, with parameters.
  /// - Returns: whether none is left.
  /// - Throws: `PostgresError`, also where the role may not end one; `CancellationError`.
  func endSessions(where condition: String, _ parameters: [String]) async throws -> Bool {
    for _ in 0..<100 {
      let ended = try await query(
        """
        SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
         WHERE (\(condition)) AND a.pid <> pg_catalog.pg_backend_pid()
        """, parameters)
      if ended.count == 0 { return true }
      try await Task.sleep(for: .milliseconds(100))
    }
    return false
  }
}
