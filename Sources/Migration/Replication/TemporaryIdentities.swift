import Catalog
import Postgres
import Rules

/// Replica identities that tables have for the time of a replication alone.
///
/// Each table is locked by itself and for a moment, so that nobody can wait for this program while it waits for
/// somebody: no statement of an application ends in a deadlock by it.
enum TemporaryIdentities {
  /// Longer than that nobody is held up who comes after this program in a table's queue.
  private static let lockTimeout = "1s"
  private static let attempts = 30

  private struct Found: Decodable, Sendable {
    var oid: Int
    @QuotedName var name: String
    var nspname: String
    var relname: String
    var replident: String
  }

  /// What the tables have, and what they are to be given.
  ///
  /// - Throws: `MigrationError` where one has another identity than when it was planned.
  static func planned(
    _ changes: [Crossing.IdentityChange], over connection: Connection
  ) async throws -> [PublicationMemo.Identity] {
    guard !changes.isEmpty else { return [] }
    let found = try await connection.query(
      """
      SELECT c.oid, c.oid::pg_catalog.regclass::text AS name, n.nspname, c.relname, c.relreplident::text AS replident
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname = ANY ($1::text[])
      """, [arrayLiteral(changes.map(\.nspname).uniqued)]
    ).decode(Found.self)
    let byName = Dictionary(
      found.map { (qualifiedIdentifier($0.nspname, $0.relname), $0) },
      uniquingKeysWith: { first, _ in first })
    return try changes.map { change in
      guard let table = byName[change.qualifiedName], ["d", "n"].contains(table.replident) else {
        throw MigrationError("table \(change.qualifiedName) is not what it was when its replica identity was planned")
      }
      let given =
        switch change.identity {
        case .standard: "d"
        case .usingIndex: "i"
        case .full: "f"
        }
      return PublicationMemo.Identity(
        oid: table.oid, name: table.name, before: table.replident, given: given, clause: change.identity.sql)
    }
  }

  static func give(_ identities: [PublicationMemo.Identity], over connection: Connection) async throws {
    for identity in identities { try await alter(identity.name, identity.clause, over: connection) }
  }

  /// Gives tables what they had before, where they still have what they were given.
  ///
  /// - Parameter side: by numbers on the source, by names on the target.
  static func putBack(
    _ identities: [PublicationMemo.Identity], on side: Side, over connection: Connection
  ) async throws {
    for identity in identities {
      let rows = try await connection.query(
        """
        SELECT c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c
         WHERE c.oid = \(side == .source ? "$1::oid" : "pg_catalog.to_regclass($1)")
           AND c.relkind = 'r' AND c.relreplident = $2
        """, [side == .source ? "\(identity.oid)" : identity.name, identity.given])
      guard let name = rows.text(0, 0) else { continue }
      try await alter(name, identity.before == "n" ? "NOTHING" : "DEFAULT", over: connection)
    }
  }

  private static func alter(_ table: String, _ clause: String, over connection: Connection) async throws {
    var left = attempts
    while true {
      left -= 1
      let statements = [
        "BEGIN", "SET LOCAL lock_timeout = '\(lockTimeout)'", "ALTER TABLE \(table) REPLICA IDENTITY \(clause)",
        "COMMIT",
      ].map { Statement($0) }
      switch try await connection.pipeline([statements])[0] {
      case .success: return
      case .failure(let error):
        _ = try await connection.query("ROLLBACK")
        guard error.sqlstate == "55P03" else { throw error }
        guard left > 0 else {
          throw MigrationError(
            "table \(table) is locked by somebody for so long that its replica identity can't be set")
        }
        // Who was held up behind this attempt gets a turn.
        try await Task.sleep(for: .seconds(1))
      }
    }
  }
}
