import Catalog
import Postgres

/// How many rows a table holds, and what is in them. The sum of the rows' hashes does not depend on their order.
struct TableContent: Sendable, Equatable {
  enum Mode: Sendable { case count, checksum }

  var rows = 0
  /// Of this run only: the hash has another seed in each.
  var checksum: UInt64?
}

/// A table whose rows are compared, as both servers name it.
///
/// Rows are read by COPY of the table, which plans nothing: a query would have the server simplify the expressions of the
/// table's indexes, statistics and partitions, and so run their functions with the rights of this session. Columns that
/// are generated are not read.
struct ComparedTable: Sendable {
  let name: String
  /// Its partitions are read one after the other: COPY does not read a partitioned table.
  private let isPartitioned: Bool
  /// Read together; nil for a table without columns.
  private let columns: [String]?
  /// Read one by one, as a row may be larger than a message, or this process, can hold.
  private let wideColumns: [String]
  private let narrowColumn: String?
  private let isBinary: Bool

  /// Bytes outside the main part, compressed a hundred times at most, from which on rows can be too large.
  private static let leastOutOfLine = 2 << 20
  private static let blockSize = 8192

  init(_ table: SourceTable) {
    name = table.routedThrough ?? table.name
    isPartitioned = table.routedThrough != nil
    isBinary = table.isBinary
    narrowColumn = table.narrowColumn
    let outOfLine = table.sizeBytes.subtractingReportingOverflow(
      table.blocks.multipliedReportingOverflow(by: Self.blockSize).partialValue
    ).partialValue
    wideColumns = isPartitioned || outOfLine > Self.leastOutOfLine ? table.wideColumns ?? [] : []
    let wide = Set(wideColumns)
    columns = table.columnNames.map { $0.filter { !wide.contains($0) } }
  }

  /// - Parameter encoding: that in which both servers write text.
  /// - Throws: `PostgresError`, `CancellationError`.
  func content(over connection: Connection, mode: TableContent.Mode, encoding: String) async throws -> TableContent {
    var content = TableContent(rows: 0, checksum: mode == .checksum ? 0 : nil)
    for part in try await parts(over: connection) {
      switch mode {
      case .count: content.rows += try await count(part, over: connection)
      case .checksum:
        let (rows, checksum) = try await checksum(part, over: connection, encoding)
        content.rows += rows
        content.checksum = content.checksum.map { $0 &+ checksum }
      }
    }
    return content
  }

  private func parts(over connection: Connection) async throws -> [String] {
    guard isPartitioned else { return [name] }
    let rows = try await connection.query(ReadingStatements.leafPartitions, [name])
    return (0..<rows.count).compactMap { rows.text($0, 0) }
  }

  private func count(_ part: String, over connection: Connection) async throws -> Int {
    let columns = narrowColumn.map { " (\($0))" } ?? ""
    try await connection.beginCopyOut("COPY \(part)\(columns) TO STDOUT")
    while try await connection.readCopyData(atLeast: 131_072) != nil {}
    return try await connection.endCopyOut()
  }

  private func checksum(_ part: String, over connection: Connection, _ encoding: String) async throws -> (Int, UInt64) {
    let joint = columns.map { $0.isEmpty ? "" : " (\($0.joined(separator: ", ")))" }
    guard !wideColumns.isEmpty else {
      var sum: UInt64 = 0
      let rows = try await read(part, joint ?? "", over: connection, encoding, isBinary) {
        sum = $0.reduce(sum, &+)
      }
      return (rows, sum)
    }
    // One reading after the other gives the same rows in the same order: the hashes of a row's values are put together.
    var hashes: [UInt64] = []
    var rows = 0
    let readings = (joint == "" ? [] : [(joint ?? "", isBinary)]) + wideColumns.map { (" (\($0))", true) }
    for (number, (columns, isBinary)) in readings.enumerated() {
      var place = 0
      rows = try await read(part, columns, over: connection, encoding, isBinary) { found in
        if number == 0 {
          hashes += found
        } else {
          for (index, hash) in zip(place..<hashes.count, found) { hashes[index] = combined(hashes[index], hash) }
          place += found.count
        }
      }
    }
    return (rows, hashes.reduce(0, &+))
  }

  private func read(
    _ part: String, _ columns: String, over connection: Connection, _ encoding: String, _ isBinary: Bool,
    _ rows: ([UInt64]) -> Void
  ) async throws -> Int {
    let format = isBinary ? "binary" : "text"
    try await connection.beginCopyOut(
      "COPY \(part)\(columns) TO STDOUT WITH (FORMAT \(format), ENCODING \(Quoting.literal(encoding)))")
    while let hashes = try await connection.readCopyHashes(isBinary: isBinary, atLeast: 131_072) { rows(hashes) }
    return try await connection.endCopyOut()
  }
}

private func combined(_ one: UInt64, _ other: UInt64) -> UInt64 {
  var hasher = Hasher()
  hasher.combine(one)
  hasher.combine(other)
  return UInt64(bitPattern: Int64(hasher.finalize()))
}
