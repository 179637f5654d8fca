import Catalog
import Postgres

/// Refreshes the materialized views of the target that hold something on the source: replication does not.
struct MaterializedViewRefresh: Sendable {
  let database: String
  let source: Endpoint
  let target: Endpoint

  private static let sql = """
    SELECT c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c
     WHERE c.relkind = 'm' AND c.relispopulated AND c.oid >= 16384 ORDER BY c.oid
    """

  private static func names(_ connection: Connection) async throws -> [String] {
    let rows = try await connection.query(Self.sql)
    return (0..<rows.count).compactMap { rows.text($0, 0) }
  }

  /// Quoted names, in the order in which the restore has created them, so that each finds those that it reads refreshed.
  func views() async throws -> [String] {
    let populated = Set(try await source.session(in: database, for: "listing materialized views", Self.names))
    guard !populated.isEmpty else { return [] }
    return try await target.session(in: database, for: "listing materialized views", Self.names)
      .filter(populated.contains)
  }

  /// - Parameter done: is told each that is refreshed.
  func run(_ views: [String], done: (String) -> Void = { _ in }) async throws {
    guard !views.isEmpty else { return }
    try await target.session(in: database, for: "refreshing materialized views") { connection in
      for view in views {
        _ = try await connection.query("REFRESH MATERIALIZED VIEW \(view)")
        done(view)
      }
    }
  }
}
