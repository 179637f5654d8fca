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

  /// Of these names, those that the target has, in the order in which the restore has created them, so that each finds
  /// those that it reads refreshed.
  func common(with names: [String]) async throws -> [String] {
    guard !names.isEmpty else { return [] }
    let wanted = Set(names)
    return try await target.session(in: database, for: "listing materialized views", Self.names)
      .filter(wanted.contains)
  }

  func run(_ views: [String]) async throws {
    guard !views.isEmpty else { return }
    try await target.session(in: database, for: "refreshing materialized views") { connection in
      for view in views { _ = try await connection.query("REFRESH MATERIALIZED VIEW \(view)") }
    }
  }
}
