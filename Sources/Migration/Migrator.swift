import Assessment
import Catalog
import Logging
import Postgres

/// Makes sure of a password for each of these roles, before one of them has it: by role, those that are kept now.
public typealias PasswordKeeper = @Sendable (_ roles: [String]) throws -> [String: String]

/// Carries out what was proven: roles first, then the databases, several at a time.
public struct Migrator: Sendable {
  public struct Settings: Sendable {
    /// How much is done at the same time, over all databases.
    public var jobs = 4
    public var connectTimeout = Duration.seconds(10)
    public var verification = Verification.Mode.counts
    public var resumes = false
    /// Keeps the random passwords that roles get which log in, where those of the source can't be read; nil: they get
    /// none.
    public var keepPasswords: PasswordKeeper?
    /// Whether a database of which the replication can't be set up goes by dump.
    public var fallsBack = true
    /// Whether replication is allowed.
    public var replicates = true
    /// How far a replicated database may be behind when it counts as caught up, in bytes of WAL; nil: not at all, as of
    /// the moment of asking.
    public var maximumLag: Int?
    /// Whether replication ends as soon as it has caught up.
    public var stopsReplication = false
    /// For how long others may wait for a lock that the copy holds, in seconds, before it gives way; nil: for ever.
    public var maximumLockWait: Int?
    /// How many bytes of WAL the source may keep for the slot of a database before the slot is given up; nil: any.
    public var maximumSlotWAL: Int?
    /// Whether code of tables' owners may run with the target role's rights in a database, where it can't run with theirs.
    public var acceptsCode: @Sendable (_ database: String) -> Bool = { _ in false }
    /// What the target's server connects to; nil: what this program connected to.
    public var sourceForTarget: ConnectionString?

    public init() {}
  }

  private let context: ValidatedContext
  private let settings: Settings
  private let source: Endpoint
  private let target: Endpoint
  private let journal: Journal
  private let events: @Sendable (MigrationEvent) -> Void

  /// - Parameter run: of this run or of the one that is resumed, in eight hexadecimal digits.
  public init(
    _ context: ValidatedContext, source: ConnectionString, target: ConnectionString, run: String, settings: Settings,
    events: @escaping @Sendable (MigrationEvent) -> Void
  ) {
    self.context = context
    self.settings = settings
    self.events = events
    journal = Journal(run: run)
    let name = "pgpreflight \(run)"
    self.source = Endpoint(
      side: .source, string: source, applicationName: name, connectTimeout: settings.connectTimeout)
    self.target = Endpoint(
      side: .target, string: target, applicationName: name, connectTimeout: settings.connectTimeout)
  }

  private func entrance(_ side: Side) -> String {
    if case .connected(let facts) = context.pair[side].connection { return facts.database }
    return "postgres"
  }

  /// Runs to the end, whatever becomes of a single database. Cancelling the task ends what runs; its report is given
  /// back all the same.
  public func run() async -> MigrationReport {
    let startedAt = now()
    var roles: [MigratedRole] = []
    var databases = context.leftOut.map {
      MigratedDatabase(name: $0.name, method: nil, status: .skipped, message: $0.reason)
    }
    databases += context.waiting.map {
      MigratedDatabase(
        name: $0.name, method: $0.method?.rawValue, status: .waiting,
        message: "of wave \($0.wave ?? 1): not all databases can be replicated at once")
    }
    var lock: RunLock?
    do {
      let own = Endpoint(
        side: .target, string: target.string, applicationName: "pgpreflight lock \(journal.run)",
        connectTimeout: settings.connectTimeout)
      let held = try await RunLock(of: journal.run, on: own)
      lock = held
      if settings.resumes { try await endSessionsOfTheInterruptedRun() }
      roles = try await RoleMigration(
        source: source, target: target, sourceEntrance: entrance(.source), targetEntrance: entrance(.target),
        roles: context.roles, keepPasswords: settings.keepPasswords
      ).run()
      for role in roles { events(.role(role)) }
      let needed = context.pair.source.roles(
        of: context.databases.map(\.name), less: context.pair.options.excludedRoles)
      let preparation = RolePreparation(target: target, entrance: entrance(.target))
      let prepared = try await preparation.prepare(
        owners: (needed.owners + needed.databaseOwners).uniqued, absent: needed.absent)
      databases += await migrateDatabases(preparation, prepared, held)
      await preparation.undo(prepared, keepsMemberships: databases.contains { $0.status == .inStep })
      let isComplete = databases.allSatisfy { [.done, .inStep, .waiting, .skipped].contains($0.status) }
      if isComplete { try await closeJournals(databases) }
    } catch {
      let isCancelled = error is CancellationError
      let known = Set(databases.map(\.name))
      databases += context.databases.filter { !known.contains($0.name) }.map {
        MigratedDatabase(
          name: $0.name, method: $0.method?.rawValue, status: isCancelled ? .cancelled : .failed,
          message: isCancelled ? "interrupted before it was begun" : "\(error)")
      }
    }
    await lock?.close()
    databases.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let statuses = Set(databases.map(\.status))
    let status: MigrationReport.Status =
      if statuses.contains(.cancelled) {
        .cancelled
      } else if !statuses.isSubset(of: [.done, .inStep, .waiting]) {
        .failed
      } else {
        statuses.contains(.waiting) ? .waiting : .done
      }
    return MigrationReport(
      startedAt: startedAt, finishedAt: now(), status: status, databases: databases, roles: roles)
  }

  /// The largest first; as many at a time as there are jobs, which they share.
  private func migrateDatabases(
    _ preparation: RolePreparation, _ roles: RolePreparation.Prepared, _ lock: RunLock
  ) async -> [MigratedDatabase] {
    let slots = Slots(settings.jobs)
    var waiting = context.databases.sorted { ($0.sizeBytes ?? 0) < ($1.sizeBytes ?? 0) }
    return await withTaskGroup(of: MigratedDatabase.self) { group in
      var done: [MigratedDatabase] = []
      func startNext() {
        guard let next = waiting.popLast() else { return }
        group.addTask { await migrate(next, slots, preparation, roles, lock) }
      }
      for _ in 0..<settings.jobs { startNext() }
      for await database in group {
        events(.finished(database))
        done.append(database)
        startNext()
      }
      return done
    }
  }

  private func migrate(
    _ plan: DatabasePlan, _ slots: Slots, _ preparation: RolePreparation, _ roles: RolePreparation.Prepared,
    _ lock: RunLock
  ) async -> MigratedDatabase {
    let record = Record(database: plan.name, events: events)
    let migration = DatabaseMigration(
      name: plan.name, settings: settings, context: context, source: source, target: target,
      targetEntrance: entrance(.target), slots: slots, journal: journal, record: record,
      preparation: preparation, roles: roles, isReplicated: plan.method == .replication,
      slotGuard: settings.maximumSlotWAL.map { SlotGuard(limit: $0) })
    do {
      try Task.checkCancellation()
      return try await watched({ try await migration.run() }, by: { try await lock.watch() })
    } catch is CancellationError {
      return record.result(.cancelled, "interrupted")
    } catch {
      return record.result(.failed, "\(error)")
    }
  }

  // MARK: Journals

  /// Until all of them are closed, one tells that there is nothing left to be done in the others. What is replicated
  /// keeps its manifest until the cutover.
  private func closeJournals(_ databases: [MigratedDatabase]) async throws {
    let replicated = Set(databases.lazy.filter { $0.status == .inStep }.map(\.name))
    for database in context.databases.map(\.name) {
      try await target.session(in: database, for: "noting that the run is complete") { connection in
        // Where there was nothing to create there is none.
        guard try await Journal.all(over: connection).contains(where: { $0.run == journal.run }) else { return }
        let steps = [journal.forget([Journal.complete]), journal.record(Journal.complete)]
        _ = try await connection.pipeline([steps])[0].get()
      }
    }
    for database in context.databases.map(\.name) {
      try await target.session(in: database, for: "closing the journal") {
        try await journal.close(isReplicating: replicated.contains(database), over: $0)
      }
    }
  }

  /// A program that was killed leaves children behind, and they go on with what they are at.
  private func endSessionsOfTheInterruptedRun() async throws {
    for endpoint in [source, target] {
      try await endpoint.session(in: entrance(endpoint.side), for: "ending the sessions of the interrupted run") {
        connection in
        let isOver = try await connection.endSessions(
          where: "\(ReadingStatements.isOfRun("a")) OR pg_catalog.strpos(a.usename, $2) = 1",
          [endpoint.applicationName, LoadingRoles.names(of: journal.run)])
        guard isOver else { throw MigrationError("the sessions of the interrupted run do not end") }
      }
    }
  }
}
