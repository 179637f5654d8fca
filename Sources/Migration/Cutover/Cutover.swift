import Assessment
import Catalog
import Postgres
import Rules
import Synchronization

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
    /// How long the copy of what is not replicated may take, in seconds.
    public var maxBlockedSeconds = CheckOptions.defaultMaxBlockedSeconds
    /// Changes of the schema that are not on the target, and need not be.
    public var acceptedDrift = AcceptedDrift()
    /// What this machine has to carry new tables and large objects with.
    public var tools: [ClientTools] = []

    public init() {}
  }

  /// What is told while it goes on.
  public enum Event: Sendable {
    case step(String)
    /// Of the rows that are copied while nobody writes; the time that is left in seconds, where it can be told.
    case copied(bytes: Int, of: Int, secondsLeft: Double?)
  }

  public struct Result: Codable, Sendable, Equatable {
    public enum Status: String, Codable, Sendable { case done, failed, cancelled }

    public var name: String
    public var status: Status
    public var message: String
    /// From the first thing that keeps anybody from writing until the target may be written to.
    public var blockedSeconds: Double?
    /// What was foretold just before; nil where it did not come so far.
    public var estimatedBlockedSeconds: BlockedTime?
    public var verification: Verification?
    /// Quoted names of materialized views that do not hold what the source has.
    public var notRefreshed: [String] = []

    fileprivate mutating func add(_ words: String) { message = message.isEmpty ? words : "\(message); \(words)" }
  }

  let replications: Replications
  let settings: Settings
  let replication: Replication
  let events: @Sendable (Event) -> Void

  public init?(
    _ running: RunningReplication, _ replications: Replications, settings: Settings,
    events: @escaping @Sendable (Event) -> Void
  ) {
    guard let replication = replications.replication(running) else { return nil }
    self.replications = replications
    self.settings = settings
    self.replication = replication
    self.events = events
  }

  public var database: String { replication.database }

  private func step(_ words: String) { events(.step(words)) }

  private var views: MaterializedViewRefresh {
    MaterializedViewRefresh(database: database, source: replications.source, target: replications.target)
  }

  // MARK: Before

  /// Looks at what stands in the way of a cutover, creates tables on the target that were made on the source since, and
  /// waits until the target is in step. Nothing of it holds up anybody.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  public func prepare() async throws {
    step("checking that nothing has changed that replication does not carry")
    let look = try await look()
    if let trouble = look.state.trouble, trouble != .notRunning {
      let more =
        trouble == .subscriptionGone
        ? "; if a cutover was killed, it had switched over already, and cleanup removes the rest" : ""
      throw MigrationError(trouble.rawValue + more)
    }
    if let obstacle = obstacle(look) { throw MigrationError(obstacle) }
    if !look.tables.onlyOnSource.isEmpty {
      step("not on the target, and left there: \(listed(look.tables.onlyOnSource))")
    }
    if !look.tables.new.isEmpty {
      step("creating \(listed(look.tables.new.map(\.name))), made on the source since")
      try await create(look.tables.new)
    }
    step("waiting until the target is in step")
    try await InStep(replication).reach(lag: nil) { _ in }
    if settings.refresh == .before { try await refresh() }
  }

  /// Why it can't be done as things are; nil where it can.
  private func obstacle(_ look: Look) -> String? {
    if let first = look.tables.differences.first {
      let count = look.tables.differences.count
      return "the schema has changed since: \(first)\(count > 1 ? " (and \(count - 1) more differences)" : ""); "
        + "change the target too"
    }
    if let drift = SchemaDrift.obstacle(look.drift, settings.acceptedDrift) { return drift }
    guard look.late.seconds > Double(settings.maxBlockedSeconds) else { return nil }
    return """
      what is not replicated takes up to \(roughDuration(look.late.seconds)) to copy, and \
      \(settings.maxBlockedSeconds) s are allowed: \(look.late.largest.joined(separator: ", ")); say \
      --max-blocked-time \(Int(saturating: look.late.seconds.rounded(.up))) if writes may be blocked for so long, or --throughput \
      with a rate that was measured
      """
  }

  /// The steps, for `--dry-run`.
  public func plan() async throws -> [String] {
    let look = try await look()
    var steps: [String] = []
    if let trouble = look.state.trouble { steps.append("would not begin: \(trouble.rawValue)") }
    if let obstacle = obstacle(look) { steps.append("would not begin: \(obstacle)") }
    if !look.tables.new.isEmpty {
      steps.append("create on the target what was made on the source since: \(listed(look.tables.new.map(\.name)))")
    }
    steps.append("wait until the target is in step (\(formattedBytes(look.state.slot?.lagBytes ?? 0)) behind now)")
    if settings.refresh == .before { steps.append("refresh the materialized views of the target") }
    steps.append(
      settings.blocksWrites
        ? "make the source database read-only by ALTER DATABASE \(quotedIdentifier(database)) SET "
          + "default_transaction_read_only, end the sessions of others, and lock its \(look.tables.oids.count) tables"
        : "ask that nobody writes to the source any more, and lock its \(look.tables.oids.count) tables")
    steps.append("wait until the target has applied the last write")
    if look.late.items > 0 { steps.append("copy what is not replicated: \(look.late.words)") }
    steps.append(
      "set the sequences of the target" + (settings.sequenceMargin > 0 ? ", \(settings.sequenceMargin) ahead" : ""))
    if settings.verification != .none { steps.append("compare both sides (\(settings.verification.rawValue))") }
    steps.append("that is foretold to take \(roughDuration(look.blocked.low, to: look.blocked.high))")
    steps.append("remove the subscription, the slot and the publication \(replication.name)")
    if look.memo?.identities.isEmpty == false { steps.append("put the replica identities back that were given") }
    if settings.refresh == .after { steps.append("refresh the materialized views of the target") }
    return steps
  }

  /// Both sides as they are at the moment.
  private struct Look: Sendable {
    var state: ReplicationState
    var tables: ReplicatedTables
    var memo: PublicationMemo?
    var drift: SchemaDrift?
    var late: LateCopy
    var blocked: BlockedTime
  }

  private func look() async throws -> Look {
    let jobs = replications.settings.jobs
    return try await replication.inBoth(for: "looking at the replication") { source, target in
      let state = try await ReplicationState.read(replication.name, source: source, target: target)
      let tables = try await ReplicatedTables.read(replication.name, of: database, source: source, target: target)
      let memo = try await PublicationMemo.read(of: replication.name, over: source)
      let late = try await LateCopy.measured(
        tables, memo, source: source, target: target, throughput: replications.settings.throughput, jobs: jobs)
      let counted = try await source.query(
        """
        SELECT pg_catalog.pg_database_size(pg_catalog.current_database()),
               (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relkind = 'S' AND c.relpersistence <> 't')
        """)
      var work = BlockedTime.Work()
      work.lateBytes = late.sizeBytes
      work.lateItems = late.items
      work.tables = tables.oids.count
      work.totalBytes = counted.text(0, 0).flatMap { Int($0) } ?? 0
      work.sequences = counted.text(0, 1).flatMap { Int($0) } ?? 0
      work.comparison =
        switch settings.verification {
        case .none: .none
        case .counts: .counts
        case .full: .full
        }
      let throughput = Throughput(measured: replications.settings.throughput ?? memo?.throughput)
      return Look(
        state: state, tables: tables, memo: memo,
        drift: try await replication.drift(tables, source: source, target: target), late: late,
        blocked: BlockedTime(of: work, throughput: throughput, jobs: jobs))
    }
  }

  private func tools() async throws -> ClientTools? {
    try await replication.inBoth(for: "asking for the versions") { source, target in
      ClientTools.chosen(
        among: settings.tools, source: Int(source.session.serverVersion) / 10_000,
        target: Int(target.session.serverVersion) / 10_000, leavesVersionedColumnsOut: false)
    }
  }

  /// All of their schema in one transaction, so that the next attempt finds them as they are to be, or not at all.
  private func create(_ tables: [ReplicatedTables.New]) async throws {
    guard let tools = try await tools() else {
      throw MigrationError(
        "there is no pg_dump that could carry \(listed(tables.map(\.name))); see --pg-bin, or create them on the target"
      )
    }
    let archive = try await SchemaArchive(
      of: database, from: replications.source, dump: Program(folder: tools.folder, name: "pg_dump"),
      restore: Program(folder: tools.folder, name: "pg_restore"),
      arguments: ["--lock-wait-timeout=5s"]
        + tables.map { "--table=\(patternQuoted($0.nspname)).\(patternQuoted($0.relname))" })
    // A partition brings its own indexes along to a table that has its indexes already: they are there first.
    let isOwnIndex = { (entry: ArchiveEntry) in
      entry.isKind("CONSTRAINT") || entry.isKind("INDEX") && !entry.isKind("INDEX ATTACH")
    }
    let attachments = archive.beforeData.filter { $0.isKind("TABLE ATTACH") }
    let entries =
      archive.beforeData.filter { !$0.isKind("TABLE ATTACH") } + archive.afterData.filter(isOwnIndex) + attachments
      + archive.afterData.filter { !isOwnIndex($0) }
    do {
      try await archive.restore(
        entries, into: database, of: replications.target, arguments: ["--single-transaction"])
    } catch let error as MigrationError {
      throw MigrationError(
        "\(error); create what was made on the source since on the target too: \(listed(tables.map(\.name)))")
    }
  }

  private func refresh() async throws {
    let views = try await views.views()
    guard !views.isEmpty else { return }
    step("refreshing the materialized views of the target")
    try await self.views.run(views)
    step("\(views.count) refreshed")
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
      let look = try await look()
      result.estimatedBlockedSeconds = look.blocked
      step("foretold: writes are blocked for \(roughDuration(look.blocked.low, to: look.blocked.high))")
      start = clock.now
      step(settings.blocksWrites ? "blocking writes on the source" : "locking the tables of the source")
      let blocked = try await WriteBlock(
        database, on: replications.source, publication: replication.name, endsSessions: settings.blocksWrites,
        tables: look.tables.oids)
      block = blocked
      try await carry(over: blocked.connection, &result)
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
      try await replication.removeJournal()
      try await replication.putBackOnTarget()
      try await replication.removeFromSource()
      for name in try await replications.leftovers(of: database, beside: replication.name) {
        step("removing what a run that failed has left: \(name)")
        let leftover = Replication(
          name: name, database: database, source: replications.source, target: replications.target,
          targetEntrance: nil)
        try await leftover.putBackOnTarget()
        try await leftover.removeFromSource()
      }
    } catch {
      result.message = "the target is in use from now on, but: \(error)"
    }
    // Views are refreshed by the rights of their owners.
    await refreshAfterwards(&result)
    do { try await replication.giveBack(memberships) } catch { result.add("\(error)") }
    return result
  }

  /// The target is in use meanwhile.
  private func refreshAfterwards(_ result: inout Result) async {
    guard settings.refresh != .before else { return }
    do {
      result.notRefreshed = try await views.views()
      guard settings.refresh == .after, !result.notRefreshed.isEmpty else { return }
      let views = result.notRefreshed
      step("refreshing the materialized views of the target: \(listed(views))")
      try await self.views.run(views) { view in result.notRefreshed.removeAll { $0 == view } }
    } catch {
      result.add("materialized views are not refreshed: \(error)")
    }
  }

  private func carry(over blocked: Connection, _ result: inout Result) async throws {
    // What was made or changed between the last look and the locks.
    let look = try await look()
    if let obstacle = obstacle(look) { throw MigrationError(obstacle) }
    if let first = look.tables.new.first {
      throw MigrationError("table \(first.name) was made on the source in the last moment; try again")
    }
    step("waiting until the last write is applied")
    try await InStep(replication).reach(lag: nil) { _ in }
    let slots = Slots(replications.settings.jobs)
    let snapshot = try await SourceSnapshot(of: database, from: replications.source, over: blocked)
    let oids = look.tables.oids
    let all = try await snapshot.rows(
      of: SourceTable.self, for: "listing the tables", SourceTable.sql(snapshot.version), [arrayLiteral(oids), "{}"]
    ).filter { !$0.isOfExtension || oids.contains($0.oid) }
    let late = all.filter { look.tables.copied.contains($0.oid) }
    if look.late.items > 0 {
      step("copying what is not replicated: \(look.late.words)")
      let progress = LateProgress(of: late.sum(of: \.sizeBytes), events: events)
      try await LateCopying(
        snapshot: snapshot, target: replications.target, jobs: replications.settings.jobs, tools: tools(),
        progress: { progress.add($0) }
      ).run(late, largeObjects: look.late.largeObjects > 0)
    }
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
    if look.memo?.carriesLargeObjects ?? true {
      verification.mismatches += try await LargeObjectComparison(
        snapshot, replications.target, settings.verification
      ).mismatches()
    }
    verification.mismatches += try await sequences.behind()
    result.verification = verification
    if let first = verification.mismatches.first {
      throw MigrationError(
        "source and target differ in \(verification.mismatches.count) places; \(first.object): \(first.message)")
    }
  }

  private func listed(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }
}

/// How far the copy of what is not replicated is.
private final class LateProgress: Sendable {
  private let total: Int
  private let start = ContinuousClock.now
  private let state = Mutex((bytes: 0, told: ContinuousClock.now))
  private let events: @Sendable (Cutover.Event) -> Void

  init(of total: Int, events: @escaping @Sendable (Cutover.Event) -> Void) {
    self.total = total
    self.events = events
  }

  func add(_ more: Int) {
    let now = ContinuousClock.now
    let done = state.withLock { state -> Int? in
      state.bytes += more
      guard now - state.told > .milliseconds(200) else { return nil }
      state.told = now
      return state.bytes
    }
    guard let done else { return }
    let seconds = (now - start).seconds
    let left = seconds > 1 && done > 0 ? Double(max(total - done, 0)) / Double(done) * seconds : nil
    events(.copied(bytes: done, of: total, secondsLeft: left))
  }
}
