import Postgres

/// Steps of the journal about large objects.
enum LargeObjectStep {
  static let begun = "large objects begun"
  static let done = "large objects"
  /// What `begun` tells where those that are there are replaced one by one.
  static let again = "again"
}

/// Numbers of the large objects that a run has made on the target: by them they are told from others, as they have no
/// names.
extension Journal {
  private var table: String { "\(schema).large_objects" }
  private static let all = "pg_catalog.pg_largeobject_metadata m"

  var largeObjectsCreation: Statement { Statement("CREATE TABLE \(table) (oid pg_catalog.oid PRIMARY KEY)") }

  /// These and no others.
  func making(largeObjects oids: [Int]) -> [Statement] {
    [
      Statement("DELETE FROM \(table)"),
      Statement("INSERT INTO \(table) (oid) SELECT x FROM pg_catalog.unnest($1::oid[]) x", [arrayLiteral(oids)]),
    ]
  }

  /// Removes up to so many of them.
  ///
  /// - Returns: how many there were.
  func removeLargeObjects(atMost limit: Int, over connection: Connection) async throws -> Int {
    try await connection.query(
      """
      SELECT pg_catalog.lo_unlink(x.oid)
        FROM (SELECT m.oid FROM \(Self.all) JOIN \(table) l ON l.oid = m.oid LIMIT \(limit)) x
      """
    ).count
  }

  /// How many the target has that the run has made, and others.
  func largeObjects(over connection: Connection) async throws -> (own: Int, others: Int) {
    let rows = try await connection.query(
      """
      SELECT count(l.oid), count(*) - count(l.oid) FROM \(Self.all) LEFT JOIN \(table) l ON l.oid = m.oid
      """)
    return (rows.text(0, 0).flatMap { Int($0) } ?? 0, rows.text(0, 1).flatMap { Int($0) } ?? 0)
  }
}
