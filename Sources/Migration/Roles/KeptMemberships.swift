import Catalog
import Postgres

/// The roles that the target role was made a member of for a migration, and stays one of as long as the subscription is
/// there: it applies changes as the owners of the tables, and carries the rest at cutover (PostgreSQL documentation,
/// "Logical Replication: Security"). The comment of the subscription tells them, so that they can be given back.
extension Replication {
  private static let comment = "memberships for the time of the replication: "

  // Subscriptions are known in all databases, their comments in their own one alone.
  private static let kept = """
    SELECT unnest(pg_catalog.substr(c.text, \(comment.count + 1))::text[])
      FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
     CROSS JOIN LATERAL (SELECT pg_catalog.obj_description(s.oid, 'pg_subscription') AS text) c
     WHERE d.datname = pg_catalog.current_database() AND s.subname ~ '\(ReplicationName.pattern)'
       AND c.text LIKE '\(comment)%'
    """

  /// - Returns: false where the subscription is not the role's to comment on, as `aiven_extras` has made it.
  func keepMemberships(of roles: [String]) async throws -> Bool {
    try await target.session(in: database, for: "commenting on the subscription") { connection -> Bool in
      do {
        let text = Quoting.literal(Self.comment + arrayLiteral(roles))
        _ = try await connection.query("COMMENT ON SUBSCRIPTION \(name) IS \(text)")
        return true
      } catch let error as PostgresError where error.sqlstate == "42501" {
        return false
      }
    }
  }

  /// What the subscriptions of this database need, and none of another one.
  func ownMemberships(over connection: Connection) async throws -> [String] {
    let own = try await Self.kept(over: connection)
    guard !own.isEmpty else { return [] }
    let rows = try await connection.query(
      """
      SELECT DISTINCT d.datname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
       WHERE s.subname ~ '\(ReplicationName.pattern)' AND d.datname <> pg_catalog.current_database()
      """)
    var others: Set<String> = []
    for database in (0..<rows.count).compactMap({ rows.text($0, 0) }) {
      others.formUnion(
        try await target.session(in: database, for: "reading comments of subscriptions", Self.kept))
    }
    return own.filter { !others.contains($0) }
  }

  private static func kept(over connection: Connection) async throws -> [String] {
    let rows = try await connection.query(kept)
    return (0..<rows.count).compactMap { rows.text($0, 0) }
  }

  func giveBack(_ roles: [String]) async throws {
    guard !roles.isEmpty else { return }
    try await target.session(in: targetEntrance, for: "giving memberships back") { connection in
      for role in roles {
        _ = try await connection.query("REVOKE \(try await connection.quote(identifier: role)) FROM CURRENT_USER")
      }
    }
  }
}
