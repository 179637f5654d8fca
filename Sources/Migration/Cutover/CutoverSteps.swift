import Assessment
import Catalog
import Postgres
import Rules

/// What each action of a cutover does on both servers.
extension Cutover {
  /// Both sides as they are at the moment.
  struct Look: Sendable {
    var state: ReplicationState
    var tables: ReplicatedTables
    /// nil where it was not looked for, or nobody knows what there was.
    var drift: SchemaDrift?
    var driftTook: Duration
    var sequences: Set<String>
    var madeOnBoth: MadeOnBothSides
    /// Whether large objects are to be replaced on the target: one side has some that are carried.
    var hasLargeObjects: Bool
    var foreignLargeObjects: Int
    var late: LateCopy
    /// Of the database, in bytes.
    var size: Int
    /// How long the look took.
    var took: Duration
    /// Identifiers of the tables on the target, by those on the source.
    var targets: [Int: Int]
  }

  /// - Parameter comparesSchema: which takes its time where there are very many objects.
  func look(comparesSchema: Bool) async throws -> Look {
    let steering = try steering.orLost()
    let source = try sessions.orLost().worker
    let (manifest, target) = (steering.manifest, steering.connection)
    let jobs = replications.settings.jobs
    let began = ContinuousClock.now
    return try await attempting("looking at the replication", replications.target, database: database) {
      let state = try await ReplicationState.read(manifest.name, source: source, target: target)
      let relations = try await steering.journal.relations(over: target)
      let tables = try await ReplicatedTables.read(manifest, relations, source: source, target: target)
      let late = try await LateCopy.measured(
        tables, manifest, source: source, throughput: replications.settings.throughput, jobs: jobs)
      let size = try await source.query(ReadingStatements.databaseSize).text(0, 0).flatMap { Int($0) }
      let madeOnBoth = try await MadeOnBothSides(tables, manifest, relations, source: source, target: target)
      let sequences = madeOnBoth.sequences.union(relations.lazy.filter { $0.kind == .sequence }.map(\.name))
      let largeObjects =
        manifest.carriesLargeObjects ? try await steering.journal.largeObjects(over: target) : (own: 0, others: 0)
      let start = ContinuousClock.now
      let drift = comparesSchema ? try await replication.drift(tables, source: source, target: target) : nil
      let took = comparesSchema ? ContinuousClock.now - start : .zero
      return Look(
        state: state, tables: tables, drift: drift, driftTook: took, sequences: sequences, madeOnBoth: madeOnBoth,
        hasLargeObjects: late.largeObjects + largeObjects.own > 0, foreignLargeObjects: largeObjects.others, late: late,
        size: size ?? 0, took: ContinuousClock.now - began,
        targets: Dictionary(relations.map { ($0.source, $0.target) }, uniquingKeysWith: { first, _ in first }))
    }
  }

  // MARK: Before anything is blocked

  func inspect() async throws {
    step("checking that nothing has changed that replication does not carry")
    sessions = try await SourceSessions(in: database, of: replications.source, jobs: replications.settings.jobs)
    var look = try await look(comparesSchema: true)
    if !look.madeOnBoth.tables.isEmpty {
      try await adopt(look.madeOnBoth.tables)
      look = try await self.look(comparesSchema: true)
    }
    comparesSchemaAgain = look.driftTook < .seconds(settings.maxBlockedSeconds) / 10
    if let trouble = look.state.trouble, trouble != .notRunning { throw MigrationError(trouble.rawValue) }
    if let obstacle = try await obstacle(look) { throw MigrationError(obstacle) }
    try makeSureOfTimeline()
    if !look.tables.onlyOnSource.isEmpty {
      step("not on the target, and left there: \(listed(look.tables.onlyOnSource))")
    }
    if !look.tables.new.isEmpty {
      step("creating \(listed(look.tables.new.map(\.name))), made on the source since")
      try await create(look.tables.new)
    }
    step("waiting until the target has caught up")
    try await reachPresent()
    var rest: (work: BlockedTime.Work, seconds: Double?) = (rest(look), nil)
    if settings.verification != .none {
      rest = try await compareBefore(look) ?? rest
      // That took its time.
      if let obstacle = try await obstacleOnServers(look) { throw MigrationError(obstacle) }
    }
    if settings.refresh == .before { try await refreshBefore() }
    let began = ContinuousClock.now
    try await reachPresent()
    let catchingUp = (ContinuousClock.now - began).seconds
    var pace = try await pace(look)
    (pace.catchingUp, pace.comparison) = (catchingUp, rest.seconds)
    let blocked = BlockedTime(of: rest.work, pace: pace, jobs: replications.settings.jobs)
    result.estimatedBlockedSeconds = blocked
    step("estimated: writes are blocked for \(roughDuration(blocked.low, to: blocked.high))")
    // What was measured beside others' writes is no reason: it takes less without them, and is undone in time where not.
    if let copy = blocked[.copy], copy.low > Double(settings.maxBlockedSeconds) {
      throw MigrationError(excess(blocked))
    }
  }

  /// A target that was restored, or failed over to a standby, perhaps lacks what it had confirmed before.
  private func makeSureOfTimeline() throws {
    let steering = try steering.orLost()
    guard let now = steering.place.timeline, let before = steering.manifest.target.timeline, now != before,
      settings.verification != .full
    else {
      return
    }
    throw MigrationError(
      "the target was restored from a backup or failed over since the set-up (timeline \(now), then \(before)), and perhaps "
        + "lacks rows that it had confirmed: --verify full compares all of them, and lets the cutover go on")
  }

  /// Why it can't be done as things are; nil where it can.
  func obstacle(_ look: Look) async throws -> String? {
    if let first = look.tables.differences.first {
      let count = look.tables.differences.count
      return "the schema has changed since: \(first)\(count > 1 ? " (and \(count - 1) more differences)" : ""); "
        + "change the target too"
    }
    if let first = look.madeOnBoth.obstacles.first { return first }
    if look.hasLargeObjects, look.foreignLargeObjects > 0 {
      return "the target has \(look.foreignLargeObjects) large objects that the migration did not make: remove them"
    }
    if let drift = SchemaDrift.obstacle(look.drift, settings.acceptedDrift) { return drift }
    if look.late.seconds > Double(settings.maxBlockedSeconds) {
      return """
        what is not replicated takes up to \(roughDuration(look.late.seconds)) to copy, and \
        \(settings.maxBlockedSeconds) s are allowed: \(look.late.largest.joined(separator: ", ")); say \
        --max-blocked-time \(Int(saturating: look.late.seconds.rounded(.up))) if writes may be blocked for so long, or \
        --throughput with a rate that was measured
        """
    }
    return try await obstacleOnServers(look)
  }

  private func obstacleOnServers(_ look: Look) async throws -> String? {
    let (source, steering) = (try sessions.orLost().worker, try steering.orLost())
    if try await steering.means() == nil {
      return
        "role \(quotedIdentifier(steering.connection.session.user)) can't alter the subscription \(replication.name): GRANT "
        + "it the role of the subscription's owner"
    }
    let prepared = try await attempting("looking for prepared transactions", replications.source, database: database) {
      try await CutoverObstacles.prepared(over: source)
    }
    if let prepared { return prepared }
    if settings.blocksWrites {
      let closing = try await attempting("looking who is there", replications.source, database: database) {
        try await CutoverObstacles.closing(database, over: source, patience: .seconds(1))
      }
      if let first = closing.first { return first + "; or stop the applications, and leave --block-writes out" }
    }
    let late = look.tables.copied.compactMap { look.targets[$0] }
    return try await attempting("looking for locks", replications.target, database: database) {
      try await CutoverObstacles.locks(on: late, over: steering.connection, patience: .seconds(1))
    }
  }

  /// Takes tables that were made on both sides into the manifest.
  private func adopt(_ tables: [ReplicatedTables.New]) async throws {
    step("copying at cutover what was made on both sides since: \(listed(tables.map(\.name)))")
    let steering = try steering.orLost()
    let added = tables.map { Manifest.Addition(source: $0.oid, name: $0.name, kind: .table, way: .copied) }
    try await attempting("noting what is copied", replications.target, database: database) {
      _ = try await steering.connection.pipeline([[steering.journal.adding(added)]])[0].get()
    }
  }

  private func reachPresent() async throws {
    let (source, target) = (try sessions.orLost().worker, try steering.orLost().connection)
    try await attempting("waiting for the target", replications.target, database: database) {
      try await InStep(replication).reach(lag: nil, over: source, target) { _ in }
    }
  }

  /// All of their schema in one transaction, so that the next attempt finds them as they are to be, or not at all.
  private func create(_ tables: [ReplicatedTables.New]) async throws {
    let (source, steering) = (try sessions.orLost().worker, try steering.orLost())
    let chosen = ClientTools.chosen(
      among: settings.tools, source: Int(source.session.serverVersion) / 10_000,
      target: Int(steering.connection.session.serverVersion) / 10_000, leavesVersionedColumnsOut: false)
    guard let tools = chosen else {
      throw MigrationError(
        "there is no pg_dump that could carry \(listed(tables.map(\.name))); see --pg-bin, or create them on the target"
      )
    }
    let archive = try await SchemaArchive(
      of: database, from: replications.source, dump: Program(folder: tools.folder, name: "pg_dump"),
      restore: Program(folder: tools.folder, name: "pg_restore"),
      encoding: SchemaArchive.encoding(from: source.session, into: steering.connection.session.encoding),
      arguments: ["--lock-wait-timeout=5s"]
        + tables.map { "--table=\(patternQuoted($0.nspname)).\(patternQuoted($0.relname))" },
      late: try await LateTables(of: source))
    // A partition brings its own indexes along to a table that has its indexes already: they are there first.
    let isOwnIndex = { (entry: ArchiveEntry) in
      entry.isKind("CONSTRAINT") || entry.isKind("INDEX") && !entry.isKind("INDEX ATTACH")
    }
    let attachments = archive.beforeData.filter { $0.isKind("TABLE ATTACH") }
    let entries =
      archive.beforeData.filter { !$0.isKind("TABLE ATTACH") } + archive.afterData.filter(isOwnIndex) + attachments
      + archive.afterData.filter { !isOwnIndex($0) }
    let coded = try await codeToBeRun(by: entries)
    do {
      if let coded { throw MigrationError("\(coded) has code that would run with the rights of the target role") }
      try await archive.restore(
        entries, into: database, of: replications.target, arguments: ["--single-transaction"])
    } catch let error as MigrationError {
      throw MigrationError(
        "\(error); create what was made on the source since on the target too: \(listed(tables.map(\.name)))")
    }
    let sequences = archive.beforeData.filter { $0.isKind("SEQUENCE") }.map(\.oid)
    try await attempting("noting what was created", replications.target, database: database) {
      let names = try await source.query(ReadingStatements.carriedSequences, [arrayLiteral(sequences), "{}"])
      let added =
        tables.map { Manifest.Addition(source: $0.oid, name: $0.name, kind: .table, way: .copied) }
        + Manifest.Addition.sequences(names)
      _ = try await steering.connection.pipeline([[steering.journal.adding(added)]])[0].get()
    }
  }

  // MARK: While nobody writes

  func fence(_ deadline: Deadline) async throws {
    let (gate, sessions) = (try gate.orLost(), try sessions.orLost())
    if settings.blocksWrites {
      step(
        "closing the source; should this program not be able to open it again, this does, in database "
          + "\(quotedIdentifier(gate.entrance)): \(gate.opening)")
      try await gate.close(to: sessions.pids, deadline: deadline)
    } else {
      step("locking the tables of the source")
      try await lock(try await look(comparesSchema: false).tables.oids, over: sessions.holder, deadline)
    }
    try await makeSureOfFence()
    try await steering.orLost().change(to: .fenced, from: [.claimed])
  }

  private func lock(_ tables: [Int], over connection: Connection, _ deadline: Deadline) async throws {
    try await attempting("blocking writes", replications.source, database: database) {
      let names = try await connection.query(ReadingStatements.lockableAgainstWriters, [arrayLiteral(tables)])
      let locks = SourceSnapshot.locks((0..<names.count).compactMap { names.text($0, 0) }, mode: "SHARE")
      let beginning = [
        Statement("BEGIN ISOLATION LEVEL REPEATABLE READ"),
        Statement("SET LOCAL lock_timeout = '\(deadline.milliseconds)ms'"),
      ]
      _ = try await connection.pipeline([beginning + locks])[0].get()
    }
  }

  /// Nobody else is in the database, and nobody can come where it was closed.
  private func makeSureOfFence() async throws {
    let (gate, sessions) = (try gate.orLost(), try sessions.orLost())
    if settings.blocksWrites, try await gate.isOpen() {
      throw MigrationError("somebody has opened the source again")
    }
    // No session any more, and still to be committed.
    let prepared = try await attempting("looking for prepared transactions", replications.source, database: database) {
      try await CutoverObstacles.prepared(over: sessions.worker)
    }
    if let prepared { throw MigrationError(prepared) }
    // Where it is open, workers of extensions come again by themselves; the tables are locked against them.
    let others = try await gate.others(than: sessions.pids).filter {
      settings.blocksWrites || $0.kind == nil || $0.kind == "client backend" || $0.kind == "walsender"
    }
    guard let other = others.first else { return }
    throw MigrationError(
      settings.blocksWrites
        ? "\(other.words) has come into the source"
        : "the source is in use by \(other.words): stop it, or say --block-writes"
    )
  }

  func drain() async throws {
    // What was made or changed between the last look and the fence.
    let look = try await look(comparesSchema: comparesSchemaAgain)
    if comparesSchemaAgain, let drift = SchemaDrift.obstacle(look.drift, settings.acceptedDrift) {
      throw MigrationError("in the last moment: \(drift)")
    }
    if let difference = look.tables.differences.first {
      throw MigrationError("the schema has changed in the last moment: \(difference)")
    }
    if let first = look.tables.new.first ?? look.madeOnBoth.tables.first {
      throw MigrationError("table \(first.name) was made on the source in the last moment; try again")
    }
    if let first = look.madeOnBoth.obstacles.first { throw MigrationError(first) }
    step("waiting until the last write is applied")
    try await reachPresent()
    fenced = look
    try await steering.orLost().change(to: .drained, from: [.fenced])
  }

  func carry() async throws {
    let look = try fenced.orLost()
    let (sessions, steering) = (try sessions.orLost(), try steering.orLost())
    if look.late.items > 0 || look.hasLargeObjects { begin(.copy) }
    let snapshot = try await snapshot()
    if look.late.items > 0 || look.hasLargeObjects {
      step("copying what is not replicated: \(look.late.words)")
      let late = try await tables(look, snapshot).filter { look.tables.copied.contains($0.oid) }
      let progress = LateProgress(of: late.sum(of: \.sizeBytes), events: events)
      try await LateCopying(
        snapshot: snapshot, target: replications.target, journal: steering.journal, jobs: replications.settings.jobs,
        acceptsCode: steering.manifest.acceptsCode ?? false, progress: { progress.add($0) }
      ).run(late, largeObjects: look.hasLargeObjects)
    }
    begin(.sequences)
    step("setting sequences")
    let (count, ending) = try await attempting("setting sequences", replications.target, database: database) {
      try await sequenceValues.carry(
        look.sequences, margin: settings.sequenceMargin, from: sessions.worker, to: steering.connection)
    }
    if count > 0 { step("\(count) set") }
    if !ending.isEmpty { result.add(SequenceValues.listed(ending)) }
    try await steering.change(to: .carried, from: [.drained])
  }

  private func snapshot() async throws -> SourceSnapshot {
    let sessions = try sessions.orLost()
    if settings.blocksWrites {
      try await attempting("taking a snapshot", replications.source, database: database) {
        for statement in ["ROLLBACK", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"] {
          _ = try await sessions.holder.query(statement)
        }
      }
    }
    return try await SourceSnapshot(
      of: database, from: replications.source, over: sessions.holder, held: sessions.held)
  }

  private func tables(_ look: Look, _ snapshot: SourceSnapshot) async throws -> [SourceTable] {
    let oids = Set(look.tables.oids)
    return try await snapshot.rows(
      of: SourceTable.self, for: "listing the tables", SourceTable.sql(snapshot.version),
      [arrayLiteral(look.tables.oids), "{}"]
    ).filter { oids.contains($0.oid) }
  }

  /// What was copied just now by checksum, the rest as the user has asked for.
  func verify() async throws {
    let (sessions, steering) = (try sessions.orLost(), try steering.orLost())
    step("comparing both sides")
    let look = try fenced.orLost()
    let snapshot = try await snapshot()
    let all = try await tables(look, snapshot)
    func compared(_ mode: Verification.Mode, _ tables: [ComparedTable]) async throws -> Verification {
      try await Verifier(
        mode: mode, snapshot: snapshot, target: replications.target, slots: Slots(replications.settings.jobs),
        jobs: replications.settings.jobs, comparesObjects: false, present: sessions.worker
      ).run(tables)
    }
    let replicated = settings.verification == .none ? [] : ComparedTable.all(of: Self.replicated(all, look))
    let unwritten = try await unwritten(replicated, look)
    let names = Set(unwritten.map(\.name))
    var verification = try await compared(settings.verification, replicated.filter { !names.contains($0.name) })
    if settings.verification != .none {
      verification.add(before: unwritten.compactMap { comparedBefore?.found[$0.name] })
      step("\(unwritten.count) of \(replicated.count) tables had been compared before, and were not written to since")
    }
    let late = try await compared(
      .full, ComparedTable.all(of: all.filter { look.tables.copied.contains($0.oid) }))
    verification.tables += late.tables
    verification.mismatches += late.mismatches
    if look.hasLargeObjects {
      verification.mismatches += try await LargeObjectComparison(snapshot, replications.target, .full).mismatches()
    }
    verification.mismatches += try await attempting("comparing sequences", replications.target, database: database) {
      try await sequenceValues.behind(look.sequences, sessions.worker, steering.connection)
    }
    result.verification = verification
    if let first = verification.mismatches.first {
      throw MigrationError(
        "source and target differ in \(verification.mismatches.count) places; \(first.object): \(first.message)")
    }
    try await steering.change(to: .verified, from: [.carried])
  }

  func switchOver(_ deadline: Deadline) async throws {
    step("switching over")
    let steering = try steering.orLost()
    guard let means = try await steering.means() else {
      throw MigrationError("the subscription \(replication.name) is not this role's any more")
    }
    try await makeSureOfFence()
    try await steering.switchOver(by: means, deadline: deadline)
  }

  nonisolated func listed(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }
}

extension Optional where Wrapped: Sendable {
  /// What a cutover has opened: without it, nobody knows what is so.
  func orLost() throws -> Wrapped {
    guard let self else { throw MigrationError.lost }
    return self
  }
}
