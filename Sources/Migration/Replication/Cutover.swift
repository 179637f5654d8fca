import Assessment
import Catalog
import Postgres

/// Switches over to the target: the last writes, the sequences and what is not replicated cross while nobody writes,
/// and the replication ends.
///
/// Until the subscription is removed every step can be undone, and is where one fails: the source is as it was.
public struct Cutover: Sendable {
  public enum Refresh: String, Sendable, CaseIterable { case before, after, never }

  public struct Settings: Sendable {
    /// Whether writes are blocked here; else the user has seen to it.
    public var blocksWrites = false
    /// How many values each sequence is set ahead.
    public var sequenceMargin = 0
    public var refresh = Refresh.after
    public var verification = Verification.Mode.counts

    public init() {}
  }

  public struct Result: Codable, Sendable, Equatable {
    public enum Status: String, Codable, Sendable { case done, failed, cancelled }

    public var name: String
    public var status: Status
    public var message: String
    /// From the first thing that keeps anybody from writing until the target may be written to.
    public var blockedSeconds: Double?
    public var verification: Verification?
  }

  let replications: Replications
  let settings: Settings
  let replication: Replication
  let step: @Sendable (String) -> Void

  public init?(
    _ running: RunningReplication, _ replications: Replications, settings: Settings,
    step: @escaping @Sendable (String) -> Void
  ) {
    guard let replication = replications.replication(running) else { return nil }
    self.replications = replications
    self.settings = settings
    self.replication = replication
    self.step = step
  }

  public var database: String { replication.database }

  // MARK: Before

  /// What stands in the way of a cutover, looked at without changing anything; then waits until the target is in step.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  public func prepare() async throws {
    step("checking that nothing has changed that replication does not carry")
    let (state, tables) = try await look()
    if let trouble = state.trouble, trouble != .notRunning {
      let more =
        trouble == .subscriptionGone
        ? "; if a cutover was killed, it had switched over already, and cleanup removes the rest" : ""
      throw MigrationError(trouble.rawValue + more)
    }
    if let first = tables.differences.first {
      let others = tables.differences.count > 1 ? " (and \(tables.differences.count - 1) more differences)" : ""
      throw MigrationError("the schema has changed since: \(first)\(others); change the target too")
    }
    if !tables.onlyOnSource.isEmpty {
      step("not on the target, and left there: \(listed(tables.onlyOnSource))")
    }
    step("waiting until the target is in step")
    try await InStep(replication).reach(lag: nil) { _ in }
    if settings.refresh == .before { try await refresh() }
  }

  /// The steps, for `--dry-run`.
  public func plan() async throws -> [String] {
    let (state, tables) = try await look()
    var steps: [String] = []
    if let trouble = state.trouble { steps.append("would not begin: \(trouble.rawValue)") }
    steps += tables.differences.map { "would not begin: \($0)" }
    steps.append("wait until the target is in step (\(formattedBytes(state.slot?.lagBytes ?? 0)) behind now)")
    if settings.refresh == .before { steps.append("refresh the materialized views of the target") }
    steps.append(
      settings.blocksWrites
        ? "make the source database read-only by ALTER DATABASE \(quotedIdentifier(database)) SET "
          + "default_transaction_read_only, end the sessions of others, and lock its \(tables.oids.count) tables"
        : "ask that nobody writes to the source any more, and lock its \(tables.oids.count) tables")
    steps.append("wait until the target has applied the last write")
    if !tables.copied.isEmpty { steps.append("copy \(tables.copied.count) tables that are not replicated") }
    steps.append(
      "set the sequences of the target" + (settings.sequenceMargin > 0 ? ", \(settings.sequenceMargin) ahead" : ""))
    if settings.verification != .none { steps.append("compare both sides (\(settings.verification.rawValue))") }
    steps.append("remove the subscription, the slot and the publication \(replication.name)")
    if settings.refresh == .after { steps.append("refresh the materialized views of the target") }
    return steps
  }

  private func look() async throws -> (ReplicationState, ReplicatedTables) {
    try await replication.inBoth(for: "looking at the replication") { source, target in
      (
        try await ReplicationState.read(replication.name, source: source, target: target),
        try await ReplicatedTables.read(replication.name, source: source, target: target)
      )
    }
  }

  private func refresh() async throws {
    let views = MaterializedViewRefresh(
      database: database, source: replications.source, target: replications.target)
    step("refreshing materialized views of the target")
    let count = try await views.run()
    if count > 0 { step("\(count) refreshed") }
  }

  // MARK: The switch

  /// Cuts over. `prepare` has come before, and nobody is to write any more where writes are not blocked here.
  public func run() async -> Result {
    let clock = ContinuousClock()
    var result = Result(name: database, status: .done, message: "")
    var block: WriteBlock?
    var start = clock.now
    var memberships: [String] = []
    do {
      let (_, tables) = try await look()
      start = clock.now
      step(settings.blocksWrites ? "blocking writes on the source" : "locking the tables of the source")
      let blocked = try await WriteBlock(
        database, on: replications.source, publication: replication.name, endsSessions: settings.blocksWrites,
        tables: tables.oids)
      block = blocked
      try await carry(tables, over: blocked.connection, &result)
      // From here on there is no way back: the target is the one to be written to.
      step("removing the subscription")
      memberships = try await replication.unsubscribe()
    } catch {
      let problem = await block?.release(restores: true)
      result.blockedSeconds = block.map { _ in (clock.now - start).seconds }
      result.status = error is CancellationError ? .cancelled : .failed
      let undone =
        block == nil ? "the source is as it was" : problem.map { "and the source could not be put back: \($0)" }
      result.message =
        "\(error is CancellationError ? "interrupted" : "\(error)"); "
        + (undone ?? "the source is writable again, as it was")
      return result
    }
    let seconds = (clock.now - start).seconds
    result.blockedSeconds = seconds
    await block?.release(restores: false)
    do {
      step("removing the slot and the publication")
      try await replication.removeFromSource()
      for name in try await replications.leftovers(of: database, beside: replication.name) {
        step("removing what a run that failed has left: \(name)")
        try await Replication(
          name: name, database: database, source: replications.source, target: replications.target,
          targetEntrance: nil
        ).removeFromSource()
      }
      if settings.refresh == .after { try await refresh() }
      try await replication.giveBack(memberships)
    } catch {
      result.message = "the target is in use from now on, but: \(error)"
    }
    return result
  }

  private func carry(_ tables: ReplicatedTables, over blocked: Connection, _ result: inout Result) async throws {
    step("waiting until the last write is applied")
    try await InStep(replication).reach(lag: nil) { _ in }
    let slots = Slots(replications.settings.jobs)
    let snapshot = try await SourceSnapshot(of: database, from: replications.source, over: blocked)
    let all = try await snapshot.rows(
      of: SourceTable.self, for: "listing the tables", SourceTable.sql(snapshot.version),
      [arrayLiteral(tables.oids), "{}"]
    ).filter { !$0.isOfExtension || tables.oids.contains($0.oid) }
    try await copy(all.filter { tables.copied.contains($0.oid) }, snapshot, slots)
    step("setting sequences")
    let sequences = SequenceValues(database: database, source: replications.source, target: replications.target)
    let count = try await sequences.carry(margin: settings.sequenceMargin)
    if count > 0 { step("\(count) set") }
    guard settings.verification != .none else { return }
    step("comparing both sides")
    var verification = try await Verifier(
      mode: settings.verification, snapshot: snapshot, target: replications.target, slots: slots,
      jobs: replications.settings.jobs, comparesObjects: false
    ).run(all)
    verification.mismatches += try await LargeObjectComparison(
      snapshot, replications.target, settings.verification
    ).mismatches()
    verification.mismatches += try await sequences.behind()
    result.verification = verification
    if let first = verification.mismatches.first {
      throw MigrationError(
        "source and target differ in \(verification.mismatches.count) places; \(first.object): \(first.message)")
    }
  }

  /// What is not replicated: nobody writes to it now.
  private func copy(_ tables: [SourceTable], _ snapshot: SourceSnapshot, _ slots: Slots) async throws {
    guard !tables.isEmpty else { return }
    step("copying \(listed(tables.map(\.name))), not replicated")
    let target = replications.target
    let referenced = try await target.session(in: database, for: "looking for foreign keys") { connection in
      let rows = try await connection.query(
        """
        SELECT DISTINCT k.confrelid::pg_catalog.regclass::text FROM pg_catalog.pg_constraint k
         WHERE k.contype = 'f' AND k.conrelid <> k.confrelid
        """)
      return Set((0..<rows.count).compactMap { rows.text($0, 0) })
    }
    try await eachInSessions(
      tables, jobs: replications.settings.jobs, slots: slots, endpoint: target, database: database
    ) { destination, table in
      let source = try await snapshot.join()
      do {
        var part = TablePart(table: table, number: 0, count: 1, blocks: nil, sizeBytes: table.sizeBytes)
        part.replacesReferencedRows = referenced.contains(table.name)
        let copy = TableCopy(
          snapshot: snapshot, target: target, journal: nil, source: source, destination: destination, progress: { _ in }
        )
        _ = try await copy.copy(part)
        await source.close()
      } catch {
        await source.close()
        throw error
      }
    }
  }

  private func listed(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more tables" : "")
  }
}
