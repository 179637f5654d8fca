import Catalog
import Postgres

/// One cutover at a time: a lock that a session holds on each side for as long as it is there (PostgreSQL documentation,
/// "Advisory Locks"). Whoever gets it knows that no statement of an earlier cutover is still under way.
enum CutoverLock {
  /// The first of two numbers that name the lock; the second one is the database.
  static let space = 0x7067_7066

  /// - Parameters:
  ///   - key: `pg_database.oid`, or what else is locked.
  ///   - space: what the key is a key of.
  /// - Returns: who else has it; nil where it was taken.
  static func take(_ key: Int, in space: Int = space, over connection: Connection) async throws -> Holder? {
    let numbers = [String(space), String(Int32(truncatingIfNeeded: key))]
    let rows = try await connection.query(ReadingStatements.takeCutoverLock, numbers)
    if rows.text(0, 0) == "t" { return nil }
    let holders = try await connection.query(
      ReadingStatements.cutoverLockHolder, [String(space), String(UInt32(truncatingIfNeeded: key))]
    ).decode(Holder.self)
    return holders.first ?? Holder(pid: 0, usename: nil, address: nil, since: nil)
  }

  struct Holder: Decodable, Sendable, Equatable {
    var pid: Int
    var usename: String?
    var address: String?
    var since: String?

    var words: String {
      let who = usename.map { " of role \(quotedIdentifier($0))" } ?? ""
      return "session \(pid)\(who)" + (address.map { " from \($0)" } ?? "") + (since.map { ", since \($0)" } ?? "")
    }
  }
}
