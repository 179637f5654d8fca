import Assessment
import Catalog
import Postgres
import Rules

/// What was compared before writes were blocked, and as of when.
struct ComparedBefore: Sendable {
  var found: EarlyComparison.Found
  /// Read before the rows were.
  var source: TableActivity
  var target: TableActivity
  /// Of the target, by those of the source.
  var targets: [Int: Int]

  /// Those that need not be compared again, of these.
  func unwritten(
    _ tables: [ComparedTable], source now: TableActivity, target then: TableActivity
  ) -> [ComparedTable] {
    tables.filter { table in
      let others = table.oids.compactMap { targets[$0] }
      return found[table.name] != nil && others.count == table.oids.count && now.isSame(as: source, for: table.oids)
        && then.isSame(as: target, for: others)
    }
  }
}

extension Cutover {
  /// So long at most: a cutover does not begin later than that for it.
  private static let timeBefore = Duration.seconds(600)

  /// Compares what is replicated while writes go on. Nobody waits for it.
  ///
  /// - Returns: what there is left to do, and how long the comparisons that are left take, in seconds, where that is known;
  ///   nil where nothing was compared.
  func compareBefore(_ look: Look) async throws -> (work: BlockedTime.Work, seconds: Double?)? {
    let (sessions, steering) = (try sessions.orLost(), try steering.orLost())
    let worker = sessions.worker
    let version = ServerVersion(rawValue: worker.session.serverVersion)
    guard settings.verification != .none, TableActivity.isKnown(on: version) else { return nil }
    let tables = try await attempting("listing the tables", replications.source, database: database) {
      let all = try await worker.query(
        SourceTable.sql(version), [arrayLiteral(look.tables.oids), "{}"]
      ).decode(SourceTable.self)
      return ComparedTable.all(of: Self.replicated(all, look))
    }
    guard !tables.isEmpty else { return (rest(look), 0) }
    step("comparing what is replicated before writes are blocked")
    let (source, target) = try await activity(look)
    let began = ContinuousClock.now
    let end = began + Self.timeBefore
    let found = try await EarlyComparison(
      mode: settings.verification, database: database, source: replications.source, target: replications.target,
      jobs: replications.settings.jobs, present: worker, steering: steering.connection
    ).run(tables, until: end)
    let took = (ContinuousClock.now - began).seconds
    comparedBefore = ComparedBefore(found: found, source: source, target: target, targets: look.targets)
    step(
      "\(found.count) of \(tables.count) \(tables.count == 1 ? "table" : "tables") compared, and the same"
        + (found.count < tables.count ? "; the others are compared while writes are blocked" : ""))
    // Who was written to meanwhile is likely to be again.
    let (sourceNow, targetNow) = try await activity(look)
    let done = Set(comparedBefore?.unwritten(tables, source: sourceNow, target: targetNow).map(\.name) ?? [])
    let rest = tables.filter { !done.contains($0.name) }
    var work = self.rest(look)
    (work.comparedTables, work.comparedBytes) = (rest.count, rest.sum(of: \.sizeBytes))
    let compared = tables.filter { found[$0.name] != nil }
    guard !compared.isEmpty else { return (work, nil) }
    let share = max(
      Double(rest.count) / Double(compared.count),
      Double(work.comparedBytes) / Double(max(1, compared.sum(of: \.sizeBytes))))
    return (work, took * share)
  }

  /// Those of which what is compared depends on what the user has asked for.
  static func replicated(_ tables: [SourceTable], _ look: Look) -> [SourceTable] {
    let oids = Set(look.tables.oids).subtracting(look.tables.copied)
    return tables.filter { oids.contains($0.oid) }
  }

  /// Both sides as they are now.
  private func activity(_ look: Look) async throws -> (source: TableActivity, target: TableActivity) {
    let (worker, steering) = (try sessions.orLost().worker, try steering.orLost())
    let oids = look.tables.oids
    let source = try await attempting("reading what was written", replications.source, database: database) {
      try await TableActivity.read(oids, over: worker)
    }
    let target = try await attempting("reading what was written", replications.target, database: database) {
      try await TableActivity.read(oids.compactMap { look.targets[$0] }, over: steering.connection)
    }
    return (source, target)
  }

  /// While nobody writes: those of these tables that were compared, and not written to since.
  ///
  /// Where a process of the server's is still in the database that is not this program's, it has perhaps written what is
  /// not counted yet.
  func unwritten(_ tables: [ComparedTable], _ look: Look) async throws -> [ComparedTable] {
    guard let comparedBefore else { return [] }
    let (gate, sessions) = (try gate.orLost(), try sessions.orLost())
    guard try await gate.others(than: sessions.pids).isEmpty else { return [] }
    let (source, target) = try await activity(look)
    return comparedBefore.unwritten(tables, source: source, target: target)
  }
}
