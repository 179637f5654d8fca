import Catalog
import Postgres

/// Refreshes the materialized views of the target that hold something on the source: replication does not.
struct MaterializedViewRefresh: Sendable {
  let database: String
  let target: Endpoint

  /// Quoted names of those that hold something.
  static func names(_ connection: Connection) async throws -> [String] {
    try await connection.query(ReadingStatements.populatedViews).names()
  }

  /// Of these names, those that the target has, in an order in which each finds those that it reads refreshed: by what
  /// is known of their queries and functions, otherwise as the restore has created them.
  func common(with names: [String]) async throws -> [String] {
    guard !names.isEmpty else { return [] }
    let wanted = Set(names)
    return try await target.session(in: database, for: "listing materialized views") { connection in
      let common = try await Self.names(connection).filter(wanted.contains)
      let version = ServerVersion(rawValue: connection.session.serverVersion)
      let readings = try await connection.query(LoadReading.sql(version), LoadReading.noLimit).decode(LoadReading.self)
      return LoadOrder(readings.filter(\.isMaterializedView), of: common).sorted(common)
    }
  }

  /// One after the other. One that reads another that is not filled yet, through a function of which nobody knows, is
  /// tried again after the others.
  ///
  /// - Parameter isDone: is told of each.
  func run(_ views: [String], isDone: @Sendable (String) -> Void = { _ in }) async throws {
    guard !views.isEmpty else { return }
    try await target.session(in: database, for: "refreshing materialized views") { connection in
      // Its queries are planned as the server plans others.
      for setting in ["max_parallel_workers_per_gather", "work_mem"] {
        _ = try await connection.query("RESET \(setting)")
      }
      var left = views
      while !left.isEmpty {
        var (early, reason): ([String], PostgresError?) = ([], nil)
        for view in left {
          do {
            _ = try await connection.query("REFRESH MATERIALIZED VIEW \(view)")
            isDone(view)
          } catch let error as PostgresError where error.sqlstate == "55000" {
            early.append(view)
            reason = reason ?? error
          }
        }
        if let reason, early.count == left.count {
          throw MigrationError("\(early.joined(separator: ", ")): \(reason.messageWithoutValues)")
        }
        left = early
      }
    }
  }
}
