import Catalog
import Postgres
import Rules

/// For how long nobody will be able to write, as far as it can be measured while everybody can.
extension Cutover {
  /// What there is to do, where nothing was compared before: all tables are compared then.
  func rest(_ look: Look) -> BlockedTime.Work {
    var work = look.late.work
    work.tables = look.tables.oids.count
    work.sequences = look.sequences.count
    work.comparedTables = max(0, work.tables - look.late.items)
    work.comparedBytes = max(0, look.size - look.late.sizeBytes)
    work.comparison =
      switch settings.verification {
      case .none: .none
      case .counts: .counts
      case .sample: .sample
      case .full: .full
      }
    if settings.verification == .none { (work.comparedTables, work.comparedBytes) = (0, 0) }
    return work
  }

  /// What is done again after the last write takes as long as it takes now.
  ///
  /// - Parameter commits: whether something is written to the target, to measure what a commit takes.
  func pace(_ look: Look, commits: Bool = true) async throws -> BlockedTime.Pace {
    let (source, target) = (try sessions.orLost().worker, try steering.orLost().connection)
    var pace = BlockedTime.Pace()
    pace.throughput = replications.settings.throughput ?? steering?.manifest.throughput
    pace.look = Self.again * (look.took - (comparesSchemaAgain ? .zero : look.driftTook)).seconds
    pace.sourceRoundTrip = try await attempting("measuring", replications.source, database: database) {
      try await Self.shortest { _ = try await source.query(ReadingStatements.backendPID) }
    }
    (pace.targetRoundTrip, pace.commit) = try await attempting("measuring", replications.target, database: database) {
      let trip = try await Self.shortest { _ = try await target.query(ReadingStatements.backendPID) }
      guard commits else { return (trip, pace.commit) }
      // Two more trips are in it.
      let commit = try await Self.shortest { _ = try await InStep.position(over: target) }
      return (trip, max(0, commit - 2 * trip))
    }
    return pace
  }

  /// What the first look takes, in which these sessions read the catalogs for the first time, and what the second one does.
  private static let again = 0.6

  private static func shortest(of times: Int = 3, _ body: () async throws -> Void) async throws -> Double {
    var shortest = Double.infinity
    for _ in 0..<times {
      let start = ContinuousClock.now
      try await body()
      shortest = min(shortest, (ContinuousClock.now - start).seconds)
    }
    return shortest
  }

  /// Why it does not begin: it would be undone when the limit is reached, and nobody could have written until then.
  func excess(_ blocked: BlockedTime) -> String {
    let longest = blocked.parts.sorted { $0.high > $1.high }.prefix(3).map {
      "\($0.name) \(roughDuration($0.low, to: $0.high))"
    }
    return """
      writes would be blocked for \(roughDuration(blocked.low, to: blocked.high)), and \(settings.maxBlockedSeconds) s are allowed: \
      \(longest.joined(separator: ", ")); say --max-blocked-time \(Int(saturating: blocked.high.rounded(.up))) to allow \
      for so long
      """
  }
}
