import Assessment
import Catalog
import Postgres

/// Compares one table of both sides.
struct TableComparison: Sendable {
  let mode: Verification.Mode
  let database: String
  let source: Endpoint
  let target: Endpoint
  /// In the source, outside of any transaction: for catalogs as they are at the moment, not as a snapshot sees them.
  let present: Connection?

  struct Outcome: Sendable {
    var difference: Verification.Mismatch?
    var depth: Verification.Depth
  }

  /// - Parameters:
  ///   - reader: reads the source.
  ///   - there: to the target, in no transaction.
  func compare(_ table: ComparedTable, _ reader: some SourceReader, _ there: Connection) async throws -> Outcome {
    let isWhole = mode == .full || mode == .sample && table.sizeBytes < TableSample.leastSize
    let read: TableContent.Mode = isWhole ? .checksum : .count
    let format = RowFormat(from: reader.session, to: there.session)
    async let first = reader.reading(table.name) { try await content(of: table, read, format, over: $0, source) }
    async let second = contentOnTarget(of: table, read, format, over: there)
    let (here, other) = (try await first, try await second)
    let difference = Self.difference(table, here, other)
    let counted = Outcome(difference: difference, depth: isWhole ? .full : .counts)
    guard mode == .sample, !isWhole, difference == nil, !table.isPartitioned, let rows = here?.rows else {
      return counted
    }
    guard let sample = try await sample(of: table, rows: rows, reader, there) else { return counted }
    return sample
  }

  /// What the source holds, to be compared later: how many rows, or a checksum of all of them.
  ///
  /// - Returns: nil where there is no such table.
  func contentOfSource(
    _ table: ComparedTable, _ format: RowFormat, over connection: Connection
  ) async throws -> TableContent? {
    try await content(of: table, mode == .full ? .checksum : .count, format, over: connection, source)
  }

  /// - Parameter here: what `contentOfSource` has found.
  func difference(
    of table: ComparedTable, from here: TableContent?, _ format: RowFormat, over there: Connection
  ) async throws -> Verification.Mismatch? {
    Self.difference(
      table, here, try await contentOnTarget(of: table, mode == .full ? .checksum : .count, format, over: there))
  }

  /// - Returns: nil where there is no such table, or not with these columns.
  private func content(
    of table: ComparedTable, _ mode: TableContent.Mode, _ format: RowFormat, over connection: Connection,
    _ endpoint: Endpoint
  ) async throws -> TableContent? {
    do {
      return try await attempting("reading \(table.name)", endpoint, database: database) {
        try await table.content(over: connection, mode: mode, format)
      }
    } catch let error as MigrationError where ["42P01", "42703"].contains(error.sqlstate) {
      return nil
    }
  }

  /// In one view of the table: somebody perhaps writes to it.
  private func contentOnTarget(
    of table: ComparedTable, _ mode: TableContent.Mode, _ format: RowFormat, over connection: Connection
  ) async throws -> TableContent? {
    guard table.isReadInParts else { return try await content(of: table, mode, format, over: connection, target) }
    _ = try await connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    do {
      let found = try await content(of: table, mode, format, over: connection, target)
      _ = try await connection.query("ROLLBACK")
      return found
    } catch {
      _ = try? await connection.query("ROLLBACK")
      throw error
    }
  }

  private static func difference(
    _ table: ComparedTable, _ here: TableContent?, _ there: TableContent?
  ) -> Verification.Mismatch? {
    guard let here, let there else {
      let side = here == nil ? "source" : "target"
      return Verification.Mismatch(object: table.name, message: "not on the \(side), or without one of its columns")
    }
    if here.rows != there.rows {
      return Verification.Mismatch(
        object: table.name, message: "\(here.rows) rows on the source, \(there.rows) on the target")
    }
    if here.checksum != there.checksum {
      return Verification.Mismatch(object: table.name, message: "\(here.rows) rows on both sides, not the same ones")
    }
    // Where one side was not to be read, nothing is known.
    if let own = here.computed, let other = there.computed, own != other {
      return Verification.Mismatch(
        object: table.name,
        message:
          "\(here.rows) rows on both sides, other values of \(table.computedColumns.joined(separator: ", ")) on the "
          + "target, which computes them")
    }
    return nil
  }

  // MARK: Samples

  private struct Sample: Sendable {
    var key: TableSample.Key
    var values: [[String]]
    var hashes: [UInt64]
  }

  /// - Returns: nil where none may be read.
  private func sample(
    of table: ComparedTable, rows: Int, _ reader: some SourceReader, _ there: Connection
  ) async throws -> Outcome? {
    guard let present else { return nil }
    let format = RowFormat(from: reader.session, to: there.session)
    let here: Sample?
    let other: [UInt64]?
    do {
      here = try await reader.locking(table.name) { connection in
        try await attempting("reading a sample of \(table.name)", source, database: database) {
          try await chosen(of: table, rows: rows, format, over: connection, present)
        }
      }
      guard let here else { return nil }
      other = try await attempting("reading a sample of \(table.name)", target, database: database) {
        try await same(as: here, of: table, format, over: there)
      }
    } catch let error as MigrationError where error.sqlstate == "22P05" {
      // A key holds what is a character of the database's encoding alone.
      return nil
    }
    guard let here, let other else { return nil }
    var outcome = Outcome(depth: .sample)
    let missing = TableSample.missing(here.hashes, from: other)
    if missing > 0 {
      outcome.difference = Verification.Mismatch(
        object: table.name,
        message: "\(rows) rows on both sides; of a sample of \(here.hashes.count), \(missing) "
          + "\(missing == 1 ? "is" : "are") missing or different on the target")
    }
    return outcome
  }

  private func chosen(
    of table: ComparedTable, rows: Int, _ format: RowFormat, over connection: Connection, _ present: Connection
  ) async throws -> Sample? {
    guard let key = try await TableSample.key(of: table.name, over: present, format) else { return nil }
    var generator = SystemRandomNumberGenerator()
    let places = TableSample.places(blocks: table.blocks, rows: rows, using: &generator)
    guard !places.isEmpty else { return Sample(key: key, values: [], hashes: []) }
    let found = try await connection.query(TableSample.choosing(key, of: table.name, at: places))
    let values = (0..<found.count).compactMap { row -> [String]? in
      let texts = key.columns.indices.compactMap { found.text(row, $0) }
      return texts.count == key.columns.count ? texts : nil
    }
    let chosen = Array(values.shuffled(using: &generator).prefix(TableSample.rows))
    guard !chosen.isEmpty else { return Sample(key: key, values: [], hashes: []) }
    let hashes = try await table.hashes(over: connection, format) {
      TableSample.reading($0, of: table.name, key, chosen)
    }
    return Sample(key: key, values: chosen, hashes: hashes)
  }

  private func same(
    as sample: Sample, of table: ComparedTable, _ format: RowFormat, over connection: Connection
  ) async throws -> [UInt64]? {
    guard !sample.values.isEmpty else { return [] }
    // Locks first, and looks then: the transaction's snapshot is taken by the first query.
    _ = try await connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    do {
      let hashes = try await connection.withDefinitionLocked(of: table.name) { connection -> [UInt64]? in
        guard try await TableSample.key(of: table.name, over: connection, format) == sample.key else {
          return nil
        }
        return try await table.hashes(over: connection, format) {
          TableSample.reading($0, of: table.name, sample.key, sample.values)
        }
      }
      _ = try await connection.query("ROLLBACK")
      return hashes
    } catch {
      _ = try? await connection.query("ROLLBACK")
      throw error
    }
  }
}

/// How a table of the source is read: in a transaction whose snapshot is that of all of them, or its own.
protocol SourceReader: Sendable {
  /// Of the database.
  var session: Session { get }

  /// - Returns: nil also where somebody else has the table now.
  func reading<T: Sendable>(_ table: String, _ body: @Sendable (Connection) async throws -> T?) async throws -> T?

  /// With a lock on its definition as well.
  ///
  /// - Returns: nil where it is not to be had.
  func locking<T: Sendable>(_ table: String, _ body: @Sendable (Connection) async throws -> T?) async throws -> T?
}

/// In a session that has joined a snapshot.
struct JoinedReader: SourceReader {
  let snapshot: SourceSnapshot
  let connection: Connection

  var session: Session { connection.session }

  func reading<T: Sendable>(_ table: String, _ body: @Sendable (Connection) async throws -> T?) async throws -> T? {
    do {
      return try await snapshot.reading(table, over: connection, body)
    } catch is SourceSnapshot.Taken {
      await snapshot.locks.note(changed: table)
      return nil
    }
  }

  func locking<T: Sendable>(_ table: String, _ body: @Sendable (Connection) async throws -> T?) async throws -> T? {
    try await attempting("locking \(table)", snapshot.source, database: snapshot.database) {
      // Where the snapshot's own session holds a lock that keeps writers off, no other one gets this one.
      if let value = try await connection.withDefinitionLocked(of: table, body) { return value }
      return try await snapshot.alone { try await $0.withDefinitionLocked(of: table, body) }
    }
  }
}
