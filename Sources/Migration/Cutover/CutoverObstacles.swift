import Catalog
import Postgres

/// What on the servers keeps a cutover from beginning: looked for by the cutover itself, and shown by `status`.
enum CutoverObstacles {
  /// - Parameter source: in the database.
  static func prepared(over source: Connection) async throws -> String? {
    let prepared = try await source.query(ReadingStatements.preparedTransactions)
    guard let gid = prepared.text(0, 0) else { return nil }
    return """
      the source holds \(prepared.count == 1 ? "a prepared transaction" : "\(prepared.count) prepared transactions"), \
      which nobody could end once it is closed: \(quotedIdentifier(gid)) of role \
      \(quotedIdentifier(prepared.text(0, 1) ?? "")), since \(prepared.text(0, 2) ?? ""); COMMIT PREPARED or ROLLBACK \
      PREPARED it
      """
  }

  /// Somebody who has looked at a table of the target in a transaction that is still open: the copy would wait for its
  /// end.
  ///
  /// - Parameters:
  ///   - tables: of the target, those that are copied at cutover.
  ///   - patience: who has the lock counts when he has it still after this time.
  static func locks(
    on tables: [Int], over target: Connection, patience: Duration = .zero
  ) async throws -> String? {
    guard !tables.isEmpty else { return nil }
    func holders() async throws -> [LockHolder] {
      try await target.query(ReadingStatements.lockHolders, [arrayLiteral(tables)]).decode(LockHolder.self)
    }
    var found = try await holders()
    if !found.isEmpty, patience > .zero {
      try await Task.sleep(for: patience)
      let left = try await holders()
      found.removeAll { holder in !left.contains { $0.pid == holder.pid && $0.since == holder.since } }
    }
    return found.first.map {
      "on the target, \($0.words) holds a lock on table \($0.table), which is copied at cutover: end it"
    }
  }

  /// What the role of the source lacks to close the database (`--block-writes`).
  ///
  /// - Parameter patience: a session that may not be ended counts when it is still there after this time.
  static func closing(
    _ database: String, over source: Connection, patience: Duration = .zero
  ) async throws -> [String] {
    let role = quotedIdentifier(source.session.user)
    let name = quotedIdentifier(database)
    var obstacles: [String] = []
    if try await source.query(ReadingStatements.databaseAccess, [database]).text(0, 2) != "t" {
      obstacles.append("role \(role) lacks permission to close database \(name), which it does not own")
    }
    if try await source.query(ReadingStatements.entrances, [database]).count == 0 {
      obstacles.append("role \(role) can connect to no other database of the source, from which \(name) is closed")
    }
    var others = try await source.query(ReadingStatements.unendableSessions).decode(SourceGate.Other.self)
    if !others.isEmpty, patience > .zero {
      try await Task.sleep(for: patience)
      let left = try await source.query(ReadingStatements.unendableSessions).decode(SourceGate.Other.self)
      others.removeAll { other in !left.contains { $0.pid == other.pid } }
    }
    if let first = others.first {
      let more = others.count > 1 ? " and \(others.count - 1) more" : ""
      obstacles.append(
        "role \(role) lacks permission to end \(first.words)\(more): GRANT pg_signal_backend to it; a superuser's session "
          + "only a superuser can end")
    }
    return obstacles
  }

  struct LockHolder: Decodable, Sendable {
    var table: String
    var pid: Int
    var usename: String?
    var applicationName: String?
    var state: String?
    var since: String?

    var words: String {
      let parts = [
        usename.map { "role \(quotedIdentifier($0))" },
        applicationName.flatMap { $0.isEmpty ? nil : "application \(quotedIdentifier($0))" }, state,
        since.map { "transaction since \($0)" },
      ]
      return "session \(pid) (\(parts.compactMap(\.self).joined(separator: ", ")))"
    }
  }
}
