import Catalog
import Postgres

/// Which rows of a table are compared by content where that is not done for all of them: those of some blocks that are
/// chosen at random on the source, and on the target the rows of the same primary keys.
///
/// They are read by queries, which the server plans. It would run functions of users with the rights of this session where
/// they stand in an expression of the table's indexes, statistics objects, checks or partition keys. Therefore both
/// tables are first locked against all that could add one (SHARE UPDATE EXCLUSIVE: writers go on), without waiting, and
/// then nothing of theirs may depend on anything but the server's own functions, operators and types. Where that cannot
/// be had, no sample is read.
struct TableSample: Sendable {
  /// The columns of the primary key, quoted, and the types by which their values are written.
  struct Key: Sendable, Equatable {
    var columns: [String]
    var types: [String]
  }

  /// So many rows are compared.
  static let rows = 1000
  /// Tables below this size are compared as a whole: there is little to spare.
  static let leastSize = 16 << 20
  private static let fewestBlocks = 20
  private static let mostBlocks = 250
  /// Line pointers of a block of 8 kB (`MaxHeapTuplesPerPage`).
  private static let mostRowsOfBlock = 291

  /// The places of rows that may be there: all of some blocks.
  ///
  /// - Parameter rows: how many the table holds.
  static func places(blocks: Int, rows: Int, using generator: inout some RandomNumberGenerator) -> [String] {
    guard blocks > 0, rows > 0 else { return [] }
    let density = max(Double(rows) / Double(blocks), 1 / Double(mostBlocks))
    let wanted = Int(saturating: (Double(Self.rows) / density).rounded(.up))
    var chosen: Set<Int> = []
    let count = min(max(wanted, fewestBlocks), mostBlocks, blocks)
    while chosen.count < count { chosen.insert(Int.random(in: 0..<blocks, using: &generator)) }
    // Line pointers of rows that are gone are among them.
    let offsets = min(16 + Int(saturating: density * 4), mostRowsOfBlock)
    return chosen.sorted().flatMap { block in (1...offsets).map { "(\(block),\($0))" } }
  }

  /// Of the types by whose values rows can be found: their names, for arrays.
  private static let types = [
    16: "bool", 17: "bytea", 19: "name", 20: "int8", 21: "int2", 23: "int4", 25: "text", 26: "oid", 829: "macaddr",
    869: "inet", 1042: "bpchar", 1043: "text", 1082: "date", 1083: "time", 1114: "timestamp", 1184: "timestamptz",
    1700: "numeric", 2950: "uuid",
  ]
  /// Of those, whose values are text.
  private static let textTypes: Set = [19, 25, 1042, 1043]

  private struct Columns: Decodable {
    @QuotedName var columns: [String]?
    var types: [Int]?
    var isPlain: Bool
  }

  /// - Parameter connection: one that sees what is there after the lock was taken.
  /// - Returns: nil where the table has no fitting key, or code of users is part of what the server looks at to plan.
  static func key(of table: String, over connection: Connection, _ format: RowFormat) async throws -> Key? {
    let version = ServerVersion(rawValue: connection.session.serverVersion)
    let found = try await connection.query(ReadingStatements.sampleKey(version), [table]).decode(Columns.self).first
    guard let found, found.isPlain, let columns = found.columns, let oids = found.types else { return nil }
    guard format.sharesText || textTypes.isDisjoint(with: oids) else { return nil }
    let types = oids.compactMap { Self.types[$0] }
    guard types.count == columns.count, !columns.isEmpty else { return nil }
    return Key(columns: columns, types: types)
  }

  /// Which rows of a table there are at some places.
  static func choosing(_ key: Key, of table: String, at places: [String]) -> String {
    """
    SELECT \(key.columns.joined(separator: ", ")) FROM ONLY \(table)
     WHERE ctid OPERATOR(pg_catalog.=) ANY (\(Quoting.literal(arrayLiteral(places)))::pg_catalog.tid[])
    """
  }

  /// What COPY reads: some columns of the rows with these keys.
  static func reading(_ columns: [String], of table: String, _ key: Key, _ values: [[String]]) -> String {
    let arrays = zip(key.types, key.columns.indices).map { type, place in
      "pg_catalog.unnest(\(Quoting.literal(arrayLiteral(values.map { $0[place] })))::pg_catalog.\(type)[])"
    }
    let names = key.columns.indices.map { "k\($0)" }
    let conditions = zip(key.columns, names).map { "t.\($0) OPERATOR(pg_catalog.=) k.\($1)" }
    return """
      (SELECT \(columns.map { "t.\($0)" }.joined(separator: ", "))
        FROM ROWS FROM (\(arrays.joined(separator: ", "))) AS k (\(names.joined(separator: ", ")))
        JOIN ONLY \(table) t ON \(conditions.joined(separator: " AND ")))
      """
  }

  /// How many of these rows are not among the others.
  static func missing(_ rows: [UInt64], from others: [UInt64]) -> Int {
    var left = Dictionary(others.map { ($0, 1) }, uniquingKeysWith: +)
    return rows.count { row in
      guard let count = left[row], count > 0 else { return true }
      left[row] = count - 1
      return false
    }
  }
}

extension Connection {
  /// Runs `body` with a lock on a table that lets writers go on and keeps definitions as they are, in the transaction
  /// that the session is in.
  ///
  /// - Returns: nil where the lock is not to be had at once, or not for this role or server.
  func withDefinitionLocked<T: Sendable>(
    of table: String, _ body: @Sendable (Connection) async throws -> T?
  ) async throws -> T? {
    let lock = Statement("LOCK TABLE ONLY \(table) IN SHARE UPDATE EXCLUSIVE MODE NOWAIT")
    let beginning = [Statement("SAVEPOINT sampling"), lock]
    if case .failure(let error) = try await pipeline([beginning])[0] {
      if error.isConnectionLost { throw error }
      _ = try await query("ROLLBACK TO SAVEPOINT sampling")
      return nil
    }
    do {
      let value = try await body(self)
      _ = try await pipeline([[Statement("ROLLBACK TO SAVEPOINT sampling"), Statement("RELEASE sampling")]])[0].get()
      return value
    } catch {
      _ = try? await query("ROLLBACK TO SAVEPOINT sampling")
      throw error
    }
  }
}
