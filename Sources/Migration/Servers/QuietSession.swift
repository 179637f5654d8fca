import Postgres

extension Connection {
  /// For statements that hold secrets: keeps them out of the server's log and views, as far as the role may do that
  /// (PostgreSQL documentation, "Error Reporting and Logging"; most of it takes a superuser).
  func keepStatementsOutOfLogs() async throws {
    let settings = [
      ("log_statement", "none"), ("log_min_duration_statement", "-1"), ("log_min_duration_sample", "-1"),
      ("log_transaction_sample_rate", "0"), ("log_duration", "off"), ("log_min_error_statement", "panic"),
      ("debug_print_parse", "off"), ("track_activities", "off"), ("pg_stat_statements.track_utility", "off"),
    ]
    _ = try await pipeline(settings.map { [Statement("SET \($0.0) = \($0.1)")] })
  }
}
