import Assessment
import Catalog
import Synchronization

/// What happens during a migration, for whoever watches it.
public enum MigrationEvent: Sendable, Equatable {
  case role(MigratedRole)
  /// A database has entered a phase.
  case phase(database: String, name: String)
  /// The size on the source of what is to be copied.
  case sized(database: String, tables: Int, bytes: Int)
  /// How many bytes of what there is to be done for its rows.
  case planned(database: String, [MigrationWork: Int])
  /// Something of that has begun, or is done; the name tells it from others that go on at the same time.
  case began(database: String, MigrationWork, name: String, bytes: Int)
  case worked(database: String, MigrationWork, name: String, bytes: Int)
  /// A part of a table has arrived, which takes so many bytes on the source, and took so many on its way.
  case arrived(database: String, bytes: Int, wire: Int)
  /// More has arrived.
  case copied(database: String, bytes: Int)
  case table(database: String, name: String, rows: Int)
  /// Somebody waits for a lock that the copy holds; told once.
  case waits(database: String, LockWaiter)
  /// The locks of the tables that have been copied were given back.
  case gaveLocksBack(database: String)
  /// The source keeps so many bytes of WAL for the slot; at the limit it is given up. Told once.
  case slotKeeps(database: String, bytes: Int, limit: Int)
  case gaveSlotUp(database: String)
  /// How far the target is behind, in bytes of WAL.
  case lag(database: String, bytes: Int)
  case finished(MigratedDatabase)
}

/// What has been done in one database so far: also what is told of one that failed.
final class Record: Sendable {
  private struct State {
    var phases: [MigratedDatabase.Phase] = []
    var tables: Set<Int> = []
    var rows = 0
    var bytes = 0
    var verification: Verification?
    var notes: [String] = []
    var leftovers: [String] = []
    var method = Method.dump
    var snapshot: ContinuousClock.Instant?
  }

  let database: String
  private let state = Mutex(State())
  private let clock = ContinuousClock()
  let events: @Sendable (MigrationEvent) -> Void

  init(database: String, events: @escaping @Sendable (MigrationEvent) -> Void) {
    self.database = database
    self.events = events
  }

  func phase<T: Sendable>(_ name: String, _ body: () async throws -> T) async throws -> T {
    events(.phase(database: database, name: name))
    let start = clock.now
    let startedAt = now()
    defer {
      let phase = MigratedDatabase.Phase(
        name: name, startedAt: startedAt, durationSeconds: (clock.now - start).seconds)
      state.withLock { $0.phases.append(phase) }
    }
    return try await body()
  }

  /// Does what is counted as work.
  func work<T>(
    _ work: MigrationWork, _ name: String, bytes: Int, _ body: () async throws -> T
  ) async rethrows -> T {
    events(.began(database: database, work, name: name, bytes: bytes))
    let value = try await body()
    events(.worked(database: database, work, name: name, bytes: bytes))
    return value
  }

  func copied(_ table: SourceTable, rows: Int, bytes: Int) {
    state.withLock {
      $0.tables.insert(table.oid)
      $0.rows += rows
      $0.bytes += bytes
    }
  }

  /// Bytes a second of the copy, indexes built beside it; nil where it was too little to tell: of small tables, what each
  /// statement takes is most of the time.
  var throughput: Int? {
    state.withLock { state in
      let seconds = state.phases.last { $0.name == Self.copy }?.durationSeconds ?? 0
      guard state.bytes >= 64 << 20, seconds >= 1 else { return nil }
      return Int(saturating: Double(state.bytes) / seconds)
    }
  }

  /// The phase in which rows are copied.
  static let copy = "data"

  func verified(_ verification: Verification) { state.withLock { $0.verification = verification } }

  /// What a person should know although nothing failed.
  func note(_ words: String) { state.withLock { $0.notes.append(words) } }

  /// What is still there when it does not end well.
  func leave(_ words: String) { state.withLock { $0.leftovers.append(words) } }

  /// The method by which it really goes.
  func use(_ method: Method) { state.withLock { $0.method = method } }

  private var notes: String { state.withLock { $0.notes.joined(separator: "; ") } }

  func done() -> MigratedDatabase {
    var database = result(.done, notes)
    if database.method == Method.dump.rawValue {
      // What is written to the source after the snapshot is not there.
      database.blockedSeconds = state.withLock { $0.snapshot }.map { (clock.now - $0).seconds }
    }
    return database
  }

  func tookSnapshot() { state.withLock { $0.snapshot = clock.now } }

  func inStep() -> MigratedDatabase { result(.inStep, notes) }

  func result(_ status: MigratedDatabase.Status, _ message: String = "") -> MigratedDatabase {
    state.withLock {
      MigratedDatabase(
        name: database, method: $0.method.rawValue, status: status,
        message: ([message] + $0.leftovers).filter { !$0.isEmpty }.joined(separator: "; "), phases: $0.phases,
        tables: $0.tables.count, rows: $0.rows, bytes: $0.bytes, verification: $0.verification)
    }
  }
}
