import Catalog
import Postgres

/// The roles that the target role was made a member of for a migration, and stays one of as long as the subscription is
/// there: it applies changes as the owners of the tables, and carries the rest at cutover (PostgreSQL documentation,
/// "Logical Replication: Security"). The comment of the subscription tells them, so that they can be given back.
extension Replication {
  private static let comment = "memberships for the time of the replication: "

  private static let keptBySubscription = """
    SELECT s.subname, r.name FROM pg_catalog.pg_subscription s
     CROSS JOIN LATERAL (SELECT pg_catalog.shobj_description(s.oid, 'pg_subscription') AS text) c
     CROSS JOIN LATERAL unnest(pg_catalog.substr(c.text, \(comment.count + 1))::text[]) AS r(name)
     WHERE s.subname ~ '\(ReplicationName.pattern)' AND c.text LIKE '\(comment)%'
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

  /// What this subscription needs, and no other one.
  func ownMemberships(over connection: Connection) async throws -> [String] {
    let rows = try await connection.query(Self.keptBySubscription)
    let all = (0..<rows.count).map { (subscription: rows.text($0, 0) ?? "", role: rows.text($0, 1) ?? "") }
    let others = Set(all.filter { $0.subscription != "\(name)" }.map(\.role))
    return all.filter { $0.subscription == "\(name)" && !others.contains($0.role) }.map(\.role)
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
