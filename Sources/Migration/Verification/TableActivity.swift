import Catalog
import Postgres

/// What a server has counted of the writes to tables: the same numbers at two moments mean that nothing was written in
/// between, for one who knows that all sessions have handed theirs over.
///
/// A session does so a moment after its transaction, at the latest before it is gone from `pg_stat_activity` (from 15 on,
/// where the numbers are in shared memory: `pgstat_shutdown_hook` in PostgreSQL's source; before, messages to a process
/// that collects them can be lost). TRUNCATE is not counted, and gives a table other files.
struct TableActivity: Sendable, Equatable {
  struct Table: Decodable, Sendable, Equatable {
    var oid: Int
    var filenode: Int?
    var inserted: Int
    var updated: Int
    var deleted: Int
  }

  struct Terms: Decodable, Sendable, Equatable {
    /// The last time that a number was set back.
    var since: String?
    var isComplete: Bool
  }

  var tables: [Int: Table]
  var terms: Terms

  static func isKnown(on version: ServerVersion) -> Bool { version.major >= 15 }

  static func read(_ oids: [Int], over connection: Connection) async throws -> TableActivity {
    let tables = try await connection.query(ReadingStatements.tableActivity, [arrayLiteral(oids)]).decode(Table.self)
    let terms = try await connection.query(ReadingStatements.activityTerms).decode(Terms.self)
    return TableActivity(
      tables: Dictionary(tables.map { ($0.oid, $0) }, uniquingKeysWith: { first, _ in first }),
      terms: terms.first ?? Terms(since: nil, isComplete: false))
  }

  /// Whether nothing was written to any of these tables from that moment to this one.
  func isSame(as earlier: TableActivity, for oids: [Int]) -> Bool {
    guard terms.isComplete, terms == earlier.terms else { return false }
    return oids.allSatisfy { oid in
      guard let table = tables[oid], table.filenode != nil else { return false }
      return table == earlier.tables[oid]
    }
  }
}
