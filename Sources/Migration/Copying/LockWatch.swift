import Assessment
import Catalog
import Postgres

/// Somebody who waits to alter, empty or drop a table, for a lock that the copy holds: whoever comes to the table later
/// waits too.
public struct LockWaiter: Decodable, Sendable, Equatable {
  var pid: Int
  var usename: String?
  var applicationName: String?
  var table: String
  var beginning: String
  var since: String?
  var seconds: Double?
  /// How many wait for the same table.
  var behind: Int
  /// The table and what inherits from it.
  var tables: [Int]

  /// The first words of the statement, as far as they are PostgreSQL's own.
  var statement: String? {
    let words = beginning.uppercased().split { $0 == " " || $0.isNewline || $0 == "\t" }.map(String.init)
    guard let first = words.first, Self.commands.contains(first) else { return nil }
    return ([first] + words.dropFirst().prefix { Self.further.contains($0) }).joined(separator: " ")
  }

  private static let commands: Set<String> = [
    "ALTER", "CLUSTER", "COMMENT", "CREATE", "DROP", "LOCK", "REFRESH", "REINDEX", "SELECT", "TRUNCATE", "VACUUM",
  ]
  private static let further: Set<String> = [
    "CONCURRENTLY", "EXISTS", "FULL", "IF", "INDEX", "MATERIALIZED", "ONLY", "SCHEMA", "TABLE", "TYPE", "VIEW",
  ]

  public var words: String {
    let who = [
      usename.map { "role \(quotedIdentifier($0))" },
      applicationName.flatMap { $0.isEmpty ? nil : "application \(quotedIdentifier($0))" },
    ].compactMap(\.self)
    let behind = behind == 0 ? "" : "; \(behind) more \(behind == 1 ? "session waits" : "sessions wait") for the table"
    return "session \(pid)\(who.isEmpty ? "" : " (\(who.joined(separator: ", ")))") waits"
      + (statement.map { " with \($0)" } ?? "") + " for table \(table)" + (since.map { " since \($0)" } ?? "")
      + ", which the copy has locked\(behind)"
  }
}

extension SourceSnapshot {
  /// - Parameter connection: to the source's database.
  func lockWaiters(over connection: Connection) async throws -> [LockWaiter] {
    let answers = try await connection.pipeline([
      [Statement(ReadingStatements.forgetActivity)],
      [Statement(ReadingStatements.lockWaiters(version), [source.applicationName])],
    ])
    return try answers[1].get()[0].decode(LockWaiter.self)
  }
}

extension DatabaseMigration {
  /// Runs `body`. Whoever waits meanwhile for a lock of the snapshot is told of, and given way to as far as possible.
  ///
  /// - Throws: also a `MigrationError` where somebody has waited for longer than the settings allow.
  func watchingLocks(
    of snapshot: SourceSnapshot, _ archive: SchemaArchive,
    _ body: @escaping @Sendable () async throws -> MigratedDatabase
  ) async throws -> MigratedDatabase {
    try await watched(body) {
      // A session of its own: over that of the snapshot, tables are copied.
      let own = try? await source.connect(to: name, for: .reading)
      do {
        try await watch(
          snapshot, SequenceCopy(snapshot, target, archive, extensionsLeftOut), over: own ?? snapshot.connection)
        await own?.close()
      } catch {
        await own?.close()
        throw error
      }
    }
  }

  private func watch(
    _ snapshot: SourceSnapshot, _ sequences: SequenceCopy, over connection: Connection
  ) async throws {
    var told: Set<String> = []
    var looks = 0
    var nextAttempt = 0
    var pause = 1
    while true {
      try await Task.sleep(for: .seconds(1))
      looks += 1
      let waiters: [LockWaiter]
      do {
        waiters = try await snapshot.lockWaiters(over: connection)
      } catch is PostgresError {
        // Who copies tells what is wrong.
        if await connection.isClosed { return }
        continue
      }
      for waiter in waiters where told.insert("\(waiter.pid) \(waiter.table) \(waiter.since ?? "")").inserted {
        record.events(.waits(database: name, waiter))
      }
      var needed: LockWaiter?
      for waiter in waiters where await snapshot.locks.needs(waiter.tables) { needed = waiter }
      if !waiters.isEmpty, needed == nil, looks >= nextAttempt {
        let isDone: Bool
        do {
          isDone = try await snapshot.giveBackLocks(keeping: sequences)
        } catch {
          // All that needed the snapshot has perhaps ended.
          if await snapshot.connection.isClosed { return }
          throw error
        }
        if isDone {
          record.events(.gaveLocksBack(database: name))
          if await snapshot.connection.isClosed { await snapshot.close() }
          pause = 1
          continue
        }
        (nextAttempt, pause) = (looks + pause, min(pause * 2, 30))
      }
      let longest = waiters.max { ($0.seconds ?? 0) < ($1.seconds ?? 0) }
      if let limit = settings.maximumLockWait, let longest, longest.seconds ?? 0 >= Double(limit) {
        throw MigrationError(
          "gave way: \(longest.words). Migrate again with --resume when that statement has ended")
      }
    }
  }

  /// - Parameter tables: those that were not compared.
  func noteChanged(_ tables: [String]) {
    guard !tables.isEmpty else { return }
    let others = tables.count > 3 ? " and \(tables.count - 3) more" : ""
    record.note(
      "not compared, as they were altered, emptied or dropped on the source after they had been copied: "
        + tables.sorted().prefix(3).joined(separator: ", ") + others)
  }
}
