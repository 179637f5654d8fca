import Catalog
import Postgres

/// Copies parts of tables, one after the other, from a session of the source into one of the target.
struct TableCopy: Sendable {
  let snapshot: SourceSnapshot
  let target: Endpoint
  /// nil: nobody goes on with what is interrupted.
  let journal: Journal?
  let source: Connection
  let destination: Connection
  /// What loads in place of `destination`.
  var owner: LoadingRoles.OwnersSession? = nil
  /// Is told how many bytes have arrived.
  let progress: @Sendable (Int) -> Void

  /// Of the transaction on the target.
  private var loader: Connection { owner?.connection ?? destination }
  private var format: RowFormat { RowFormat(from: source.session, to: loader.session) }

  /// Bytes that are read before they are written: below it calls cost more than the copy, above it nothing is gained.
  private static let chunk = 128 << 10

  /// The rows of a part, and that they are there, in one transaction.
  ///
  /// - Returns: the number of rows, and of bytes on their way.
  func copy(_ part: TablePart) async throws -> (rows: Int, bytes: Int) { try await copy([part]) }

  /// The same for several, in one transaction, as they refer to each other.
  func copy(_ parts: [TablePart]) async throws -> (rows: Int, bytes: Int) {
    let names = parts.map(\.table.name).joined(separator: ", ")
    var loads: [(part: TablePart, wide: WideRows?, places: [WideRows.Place])] = []
    for part in parts {
      guard part.condition.isEmpty || !part.table.hasCode else {
        throw MigrationError(
          "table \(part.table.name) of an extension has code of its owner, which a query for the rows to be copied "
            + "would run with the rights of role \(quotedIdentifier(source.session.user))")
      }
      guard owner == nil, let wide = WideRows(of: part) else {
        loads.append((part, nil, []))
        continue
      }
      let places = try await onSource("looking for large values in \(part.table.name)") {
        try await wide.places(over: source)
      }
      loads.append((part, places.isEmpty ? nil : wide, places))
    }
    // On the target alone can anything stand in the way.
    try await onTarget("copying into \(names)") {
      let preparation = parts.preparation(setsReplica: owner == nil).map { Statement($0) }
      _ = try await loader.pipeline([[Statement("BEGIN")] + becomingOwner + preparation])[0].get()
    }
    var total = (rows: 0, bytes: 0)
    var records: [(step: String, detail: String)] = []
    for (part, wide, places) in loads {
      var (rows, bytes) = try await stream(
        part.copyOut(format, excluding: wide), into: part.copyIn(format), part.table.name)
      for place in places {
        guard let wide else { continue }
        bytes += try await copy(wide, at: place)
        rows += 1
      }
      records.append((part.step, "\(rows) \(bytes)"))
      total = (total.rows + rows, total.bytes + bytes)
    }
    try await onTarget("copying into \(names)") { try await complete(parts, records) }
    return total
  }

  /// Code that has run meanwhile may have given the role back.
  private var becomingOwner: [Statement] { owner.map { [Statement("SET LOCAL ROLE \($0.owner)")] } ?? [] }

  /// An owner's session must not be able to write the journal. Therefore ours notes what that transaction has done, with
  /// its identifier, before it is committed: a note of a transaction that never was is none (`Journal.steps`).
  private func complete(_ parts: [TablePart], _ records: [(step: String, detail: String)]) async throws {
    let completion = becomingOwner + parts.completion.map { Statement($0) }
    let commit = Statement("COMMIT")
    guard let owner, let journal else {
      let notes = owner == nil ? records.compactMap { journal?.record($0.step, $0.detail) } : []
      _ = try await loader.pipeline([completion + notes + [commit]])[0].get()
      return
    }
    let answers = try await owner.connection.pipeline([completion + [Journal.transaction]])[0].get()
    guard let transaction = answers.last?.text(0, 0) else {
      throw MigrationError("the server told no identifier of the transaction")
    }
    let notes = records.map { journal.record($0.step, $0.detail, of: transaction) }
    _ = try await destination.pipeline([notes])[0].get()
    _ = try await owner.connection.query(commit.sql)
  }

  /// One COPY into the other, within the target's transaction.
  private func stream(_ out: String, into statement: String, _ name: String) async throws -> (rows: Int, bytes: Int) {
    try await onTarget("copying into \(name)") { try await loader.beginCopyIn(statement) }
    try await onSource("copying \(name)") { try await source.beginCopyOut(out) }
    var bytes = 0
    while let data = try await onSource("copying \(name)", { try await source.readCopyData(atLeast: Self.chunk) }) {
      try await onTarget("copying into \(name)") { try await loader.writeCopyData(data) }
      bytes += data.bytes.count
      progress(data.bytes.count)
    }
    let sent = try await onSource("copying \(name)") { try await source.endCopyOut() }
    let taken = try await onTarget("copying into \(name)") { try await loader.endCopyIn() }
    guard sent == taken else {
      throw MigrationError("table \(name): the source sent \(sent) rows, the target took \(taken)")
    }
    return (taken, bytes)
  }

  /// A row whose large values are sent in pieces, as libpq holds a row as a whole, and more than once.
  private func copy(_ wide: WideRows, at place: WideRows.Place) async throws -> Int {
    let name = wide.part.table.name
    try await onTarget("preparing a row of \(name)") {
      _ = try await destination.pipeline([wide.preparation(for: place).map { Statement($0) }])[0].get()
    }
    var bytes = try await stream(
      wide.narrowOut(place, format), into: wide.narrowIn(place, format), name
    ).bytes
    for out in wide.piecesOut(place, format) { bytes += try await stream(out, into: wide.piecesIn, name).bytes }
    try await onTarget("putting a row of \(name) together") {
      _ = try await destination.query(wide.insertion(of: place, format))
      _ = try await destination.pipeline([wide.removal.map { Statement($0) }])[0].get()
    }
    return bytes
  }

  private func onSource<T>(_ attempt: String, _ body: () async throws -> T) async throws -> T {
    try await attempting(attempt, snapshot.source, database: snapshot.database, body)
  }

  private func onTarget<T>(_ attempt: String, _ body: () async throws -> T) async throws -> T {
    try await attempting(attempt, target, database: snapshot.database, body)
  }
}
