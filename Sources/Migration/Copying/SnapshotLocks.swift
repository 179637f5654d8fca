import Postgres

/// Which session holds the locks of a snapshot, and which tables still need theirs.
actor SnapshotLocks {
  /// At first the session that has taken the snapshot.
  private(set) var holder: Connection
  /// What the holder has exported, for `SET TRANSACTION SNAPSHOT`.
  private(set) var id: String
  /// Names of the tables whose rows are still to be copied, by oid; nil: not known yet, so all.
  private(set) var needed: [Int: String]?
  /// Tables that the holder has locked, by oid; nil: all.
  private var locked: Set<Int>?
  var hasGivenBack: Bool { locked != nil }
  /// As they were when all tables were locked, where some are not any more: whoever empties a table may set its
  /// sequences back.
  private(set) var sequences: [SequenceCopy.Value]?
  /// Tables that could not be compared with what was copied.
  private(set) var changed: [String] = []
  /// Whether somebody copies over the holder's session.
  private(set) var isRead = false

  init(heldBy holder: Connection, id: String) {
    self.holder = holder
    self.id = id
  }

  func need(_ tables: [Int: String]) { needed = tables }

  /// The rows of the table are there.
  func release(_ table: Int) { needed?[table] = nil }

  func needs(_ table: String) -> Bool { needed?.values.contains(table) ?? true }

  func needs(_ tables: [Int]) -> Bool { needed.map { needed in tables.contains { needed[$0] != nil } } ?? true }

  func keep(_ sequences: [SequenceCopy.Value]) { self.sequences = sequences }

  func note(changed table: String) {
    if !changed.contains(table) { changed.append(table) }
  }

  func beginReading() -> Connection {
    isRead = true
    return holder
  }

  func endReading() { isRead = false }

  /// The tables that still need their locks; nil where the holder has no others.
  func excess() -> [Int: String]? {
    guard let needed, locked.map({ $0.count > needed.count }) ?? true else { return nil }
    return needed
  }

  /// - Returns: the holder until now.
  func hand(to holder: Connection, id: String, locking tables: Set<Int>) -> Connection {
    let old = self.holder
    (self.holder, self.id, locked) = (holder, id, tables)
    return old
  }
}

/// A lock ends with its transaction. To give some of a snapshot's locks back, another session joins the snapshot, locks
/// the tables that are still needed, and takes the place of the session that has held all of them: at no moment is a
/// table that is needed without a lock.
extension SourceSnapshot {
  /// The lock of a table was given back, and somebody else has the table.
  struct Taken: Error {}

  /// From now on only these tables need their locks.
  func need(_ tables: some Sequence<SourceTable>) async {
    await locks.need(Dictionary(tables.map { ($0.oid, $0.name) }, uniquingKeysWith: { first, _ in first }))
  }

  /// Gives the locks of all other tables back.
  ///
  /// - Parameter sequences: those whose values are kept.
  /// - Returns: false where it can't be done now: somebody waits for a table that is needed, or there is no session to be
  ///   had.
  /// - Throws: where the snapshot is lost, `CancellationError`.
  func giveBackLocks(keeping sequences: SequenceCopy) async throws -> Bool {
    guard held == nil, await !locks.isRead, let needed = await locks.excess() else { return false }
    let next: Connection
    do {
      if await locks.sequences == nil { await locks.keep(try await sequences.values()) }
      next = try await source.connect(to: database, for: .reading)
    } catch let error as CancellationError {
      throw error
    } catch {
      return false
    }
    do {
      return try await turns.run { try await joining.run { try await hand(to: next, needed) } }
    } catch {
      await next.close()
      throw error
    }
  }

  private func hand(to next: Connection, _ needed: [Int: String]) async throws -> Bool {
    let beginning = [
      Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
      Statement("SET TRANSACTION SNAPSHOT \(Quoting.literal(await locks.id))"),
    ]
    let id: String
    do {
      // Whoever waits for one of them would be waited for.
      let names = needed.sorted { $0.key < $1.key }.map(\.value)
      _ = try await next.pipeline([beginning + Self.locks(names, waits: false)])[0].get()
      id = try await Self.export(over: next).0
    } catch let error as CancellationError {
      throw error
    } catch {
      await next.close()
      return false
    }
    let old = await locks.holder
    if old === connection {
      // Its locks end with its transaction; what it reads is the same afterwards.
      let statements = [
        Statement("ROLLBACK"), Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        Statement("SET TRANSACTION SNAPSHOT \(Quoting.literal(id))"),
      ]
      try await attempting("giving locks back", source, database: database) {
        _ = try await connection.pipeline(statements.map { [$0] }).map { try $0.get() }
      }
    }
    _ = await locks.hand(to: next, id: id, locking: Set(needed.keys))
    if old !== connection { await old.close() }
    return true
  }

  /// Whether a table whose lock was given back has been emptied, rewritten, altered or dropped since: it can't be
  /// compared with what was copied.
  ///
  /// - Parameter table: as the server quotes it.
  func hasChanged(_ table: String) async throws -> Bool {
    guard await locks.hasGivenBack else { return false }
    if await locks.changed.contains(table) { return true }
    return try await attempting("looking at \(table)", source, database: database) {
      let leaves = try await connection.query(ReadingStatements.filesOfTable, [table])
      if leaves.count == 0 { return true }
      let oids = (0..<leaves.count).compactMap { leaves.text($0, 0) }
      if (0..<leaves.count).contains(where: { leaves.text($0, 1) != "f" }) { return true }
      let others = try await source.connect(to: database, for: .reading)
      do {
        let same = try await Self.areSame(oids, connection, others)
        await others.close()
        return !same
      } catch {
        await others.close()
        throw error
      }
    }
  }

  /// Runs `body` with a snapshot identifier that stays good until it ends.
  func exported<T: Sendable>(_ body: (String) async throws -> T) async throws -> T {
    let joined = try await join()
    do {
      let id = try await attempting("exporting the snapshot", source, database: database) {
        try await Self.export(over: joined).0
      }
      let value = try await body(id)
      await leave(joined)
      return value
    } catch {
      await leave(joined)
      throw error
    }
  }
}
