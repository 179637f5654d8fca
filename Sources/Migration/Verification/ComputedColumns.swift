import Postgres

/// Reads generated columns, which COPY of a table does not write: by a query, which the server plans. It looks at the
/// expressions of indexes and statistics objects then, and runs functions in them where their arguments are constants. So
/// nothing of the kind may be a user's, other than superusers'; where the table is not a superuser's, its definition is
/// locked meanwhile. Without a condition, checks and partitions' bounds are not looked at (`relation_excluded_by_constraints`
/// in PostgreSQL's source).
enum ComputedColumns {
  private static let attempts = 20
  private static let pause = Duration.milliseconds(250)

  /// - Parameter connection: in a transaction.
  /// - Returns: nil where it would run code of users, or the lock is not to be had.
  static func whileSafe<T: Sendable>(
    to table: String, over connection: Connection, _ body: @Sendable (Connection) async throws -> T
  ) async throws -> T? {
    for attempt in 1...attempts {
      let found = try await connection.query(ReadingStatements.plansNothing, [table])
      guard found.text(0, 0) == "t" else { return nil }
      if found.text(0, 1) == "t" { return try await body(connection) }
      let value: T?? = try await connection.withDefinitionLocked(of: table) { connection in
        let now = try await connection.query(ReadingStatements.plansNothing, [table])
        return .some(now.text(0, 0) == "t" ? try await body(connection) : nil)
      }
      if let value { return value }
      if attempt < attempts { try await Task.sleep(for: pause) }
    }
    return nil
  }
}
