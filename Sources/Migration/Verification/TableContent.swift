import Catalog
import Postgres

/// How many rows a table holds, and what is in them. The sum of the rows' hashes does not depend on their order.
struct TableContent: Sendable, Equatable {
  enum Mode: Sendable { case count, checksum }

  var rows = 0
  /// Of this run only: the hash has another seed in each.
  var checksum: UInt64?
  /// Likewise, of the values that users' code computes; nil where they were not to be read.
  var computed: UInt64?
}

/// A table whose rows are compared, as both servers name it.
///
/// Rows are read by COPY of the table, which plans nothing: a query would have the server simplify the expressions of the
/// table's indexes, statistics and partitions, and so run their functions with the rights of this session. Columns that
/// are generated are not read so, but those that users' code computes, by a query where that runs no code: see
/// `ComputedColumns`.
struct ComparedTable: Sendable {
  let name: String
  /// Of the source: the table itself, or those whose rows went through the partitioned one.
  let oids: [Int]
  /// On the source, with what is stored out of line.
  let sizeBytes: Int
  /// Of the main part on the source.
  let blocks: Int
  /// Its partitions are read one after the other: COPY does not read a partitioned table.
  let isPartitioned: Bool
  /// Read together; nil for a table without columns.
  private let columns: [String]?
  /// Read one by one, as a row may be larger than a message, or this process, can hold.
  private let wideColumns: [(name: String, isText: Bool)]
  private let narrowColumn: String?
  /// Generated columns that users' code computes.
  let computedColumns: [String]
  private let isBinary: Bool
  private let hasText: Bool

  /// Bytes outside the main part, compressed a hundred times at most, from which on rows can be too large.
  private static let leastOutOfLine = 2 << 20
  private static let blockSize = 8192

  /// What is compared as one: a table, or the partitioned one that the rows of several went through. Of an extension's
  /// table of which only some rows are the database's own, none are: to select them, the server would plan a query, and
  /// run functions of whoever owns the table.
  static func all(of tables: [SourceTable]) -> [ComparedTable] {
    let own = tables.filter { $0.condition?.isEmpty ?? true }
    let together = Dictionary(grouping: own) { $0.routedThrough ?? $0.name }
    return own.map { $0.routedThrough ?? $0.name }.uniqued.compactMap { together[$0].flatMap { ComparedTable($0) } }
  }

  private init?(_ tables: [SourceTable]) {
    guard let table = tables.first else { return nil }
    name = table.routedThrough ?? table.name
    oids = tables.map(\.oid)
    sizeBytes = tables.sum(of: \.sizeBytes)
    blocks = tables.sum(of: \.blocks)
    isPartitioned = table.routedThrough != nil
    isBinary = table.isBinary
    hasText = table.hasText
    narrowColumn = table.narrowColumn
    computedColumns = table.computedColumns ?? []
    let outOfLine = table.sizeBytes.subtractingReportingOverflow(
      table.blocks.multipliedReportingOverflow(by: Self.blockSize).partialValue
    ).partialValue
    wideColumns =
      isPartitioned || outOfLine > Self.leastOutOfLine
      ? zip(table.wideColumns ?? [], table.wideTypes ?? []).map { (name: $0, isText: $1 != WideRows.bytea) } : []
    let wide = Set(wideColumns.map(\.name))
    columns = table.columnNames.map { $0.filter { !wide.contains($0) } }
  }

  /// Whether it takes several statements to read it.
  var isReadInParts: Bool { isPartitioned || !wideColumns.isEmpty || !computedColumns.isEmpty }

  /// - Parameters:
  ///   - connection: in a transaction that sees the same all the time, where the table is read in parts.
  ///   - format: that in which both servers write values.
  /// - Throws: `PostgresError`, `CancellationError`.
  func content(over connection: Connection, mode: TableContent.Mode, _ format: RowFormat) async throws -> TableContent {
    var content = TableContent(rows: 0, checksum: mode == .checksum ? 0 : nil)
    for part in try await parts(over: connection) {
      switch mode {
      case .count: content.rows += try await count(part, over: connection)
      case .checksum:
        let (rows, checksum) = try await checksum(part, over: connection, format)
        content.rows += rows
        content.checksum = content.checksum.map { $0 &+ checksum }
      }
    }
    content.computed = try await computed(over: connection, format)
    return content
  }

  private func isBinary(in format: RowFormat) -> Bool { isBinary && (format.hasBinaryText || !hasText) }

  private func parts(over connection: Connection) async throws -> [String] {
    guard isPartitioned else { return [name] }
    return try await connection.query(ReadingStatements.leafPartitions, [name]).names()
  }

  private func count(_ part: String, over connection: Connection) async throws -> Int {
    let columns = narrowColumn.map { " (\($0))" } ?? ""
    // No value is converted, which could be refused.
    try await connection.beginCopyOut("COPY \(part)\(columns) TO STDOUT WITH (FORMAT text, ENCODING 'SQL_ASCII')")
    while try await connection.readCopyData(atLeast: 131_072) != nil {}
    return try await connection.endCopyOut()
  }

  private func checksum(_ part: String, over connection: Connection, _ format: RowFormat) async throws -> (Int, UInt64)
  {
    guard wideColumns.isEmpty else {
      let hashes = try await hashes(over: connection, format) { "\(part)\($0.isEmpty ? "" : " (\(listed($0)))")" }
      return (hashes.count, hashes.reduce(0, &+))
    }
    var sum: UInt64 = 0
    let chosen = columns.map { $0.isEmpty ? "" : " (\(listed($0)))" } ?? ""
    let rows = try await read(part + chosen, over: connection, format, isBinary(in: format)) {
      sum = $0.reduce(sum, &+)
    }
    return (rows, sum)
  }

  /// Of every row. One reading after the other gives the same rows in the same order: the hashes of a row's values are put
  /// together.
  ///
  /// - Parameter source: what COPY reads, for some of the columns.
  func hashes(
    over connection: Connection, _ format: RowFormat, of source: ([String]) -> String
  ) async throws -> [UInt64] {
    var hashes: [UInt64] = []
    let joint = columns ?? []
    let readings =
      (joint.isEmpty ? [] : [(joint, isBinary(in: format))])
      + wideColumns.map { ([$0.name], format.hasBinaryText || !$0.isText) }
    for (number, (columns, isBinary)) in readings.enumerated() {
      var place = 0
      _ = try await read(source(columns), over: connection, format, isBinary) { found in
        if number == 0 {
          hashes += found
        } else {
          for hash in found where place < hashes.count {
            hashes[place] = combined(hashes[place], hash)
            place += 1
          }
        }
      }
    }
    return hashes
  }

  /// The values that users' code has computed, each with the narrowest one of its row.
  private func computed(over connection: Connection, _ format: RowFormat) async throws -> UInt64? {
    guard !computedColumns.isEmpty else { return nil }
    let columns = listed((narrowColumn.map { [$0] } ?? []) + computedColumns)
    var sum: UInt64 = 0
    for part in try await parts(over: connection) {
      let isRead = try await ComputedColumns.whileSafe(to: part, over: connection) { connection in
        var hashes: UInt64 = 0
        _ = try await read("(SELECT \(columns) FROM ONLY \(part))", over: connection, format, false) {
          hashes = $0.reduce(hashes, &+)
        }
        return hashes
      }
      guard let isRead else { return nil }
      sum = sum &+ isRead
    }
    return sum
  }

  private func read(
    _ source: String, over connection: Connection, _ format: RowFormat, _ isBinary: Bool, _ rows: ([UInt64]) -> Void
  ) async throws -> Int {
    try await connection.beginCopyOut("COPY \(source) TO STDOUT WITH \(format.options(isBinary: isBinary))")
    // SQL_ASCII counts bytes, where other encodings count characters: a char(n) has fewer or more spaces at its end there.
    while let hashes = try await connection.readCopyHashes(
      isBinary: isBinary, ignoresPadding: !format.sharesText, atLeast: 131_072)
    { rows(hashes) }
    return try await connection.endCopyOut()
  }
}

private func listed(_ columns: [String]) -> String { columns.joined(separator: ", ") }

private func combined(_ one: UInt64, _ other: UInt64) -> UInt64 {
  var hasher = Hasher()
  hasher.combine(one)
  hasher.combine(other)
  return UInt64(bitPattern: Int64(hasher.finalize()))
}
