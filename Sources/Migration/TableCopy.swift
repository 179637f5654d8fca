import Postgres

/// Copies parts of tables, one after the other, from a session of the source into one of the target.
struct TableCopy: Sendable {
  let snapshot: SourceSnapshot
  let target: Endpoint
  let journal: Journal
  let source: Connection
  let destination: Connection
  /// Is told how many bytes have arrived.
  let progress: @Sendable (Int) -> Void

  /// Bytes that are read before they are written: below it calls cost more than the copy, above it nothing is gained.
  private static let chunk = 128 << 10

  /// The rows of a part, and that they are there, in one transaction.
  ///
  /// - Returns: the number of rows, and of bytes on their way.
  func copy(_ part: TablePart) async throws -> (rows: Int, bytes: Int) {
    let name = part.table.name
    // On the target alone can anything stand in the way.
    let empty = part.isFrozen ? [Statement("TRUNCATE ONLY \(name)")] : []
    try await onTarget("copying into \(name)") {
      _ = try await destination.pipeline([[Statement("BEGIN")] + empty])[0].get()
      try await destination.beginCopyIn(part.copyIn(encoding: snapshot.encoding))
    }
    try await onSource("copying \(name)") {
      try await source.beginCopyOut(part.copyOut(encoding: snapshot.encoding))
    }
    var bytes = 0
    while let data = try await onSource("copying \(name)", { try await source.readCopyData(atLeast: Self.chunk) }) {
      try await onTarget("copying into \(name)") { try await destination.writeCopyData(data) }
      bytes += data.bytes.count
      progress(data.bytes.count)
    }
    let sent = try await onSource("copying \(name)") { try await source.endCopy(in: false) }
    let rows = try await onTarget("copying into \(name)") {
      let rows = try await destination.endCopy(in: true)
      _ = try await destination.pipeline([[journal.record(part.step, "\(rows) \(bytes)"), Statement("COMMIT")]])[0]
        .get()
      return rows
    }
    guard sent == rows else {
      throw MigrationError("table \(name): the source sent \(sent) rows, the target took \(rows)")
    }
    return (rows, bytes)
  }

  private func onSource<T>(_ attempt: String, _ body: () async throws -> T) async throws -> T {
    try await attempting(attempt, snapshot.source, database: snapshot.database, body)
  }

  private func onTarget<T>(_ attempt: String, _ body: () async throws -> T) async throws -> T {
    try await attempting(attempt, target, database: snapshot.database, body)
  }
}
