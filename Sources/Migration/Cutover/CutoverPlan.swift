import Catalog
import Postgres
import Rules

/// The steps, for `--dry-run`: nothing is written.
extension Cutover {
  /// - Throws: `MigrationError`, `CancellationError`.
  public func plan() async throws -> [String] {
    do {
      let steps = try await steps()
      await abandon()
      return steps
    } catch {
      await abandon()
      throw error
    }
  }

  private func steps() async throws -> [String] {
    guard case .found(let state, let isOpen) = try await begin() else { return [] }
    switch state {
    case .replicating: break
    case .switched, .finished: return ["remove what is left of the replication: an earlier cutover has switched over"]
    default: return ["undo what an earlier cutover has left (\(state.rawValue)), and open the source again; then begin"]
    }
    guard isOpen else { return ["would not begin: the source accepts no connections"] }
    let opened = try await SourceSessions(in: database, of: replications.source, jobs: 1)
    sessions = opened
    let look = try await look(comparesSchema: true)
    var steps: [String] = []
    if let trouble = look.state.trouble { steps.append("would not begin: \(trouble.rawValue)") }
    if let obstacle = try await obstacle(look) { steps.append("would not begin: \(obstacle)") }
    if !look.tables.new.isEmpty {
      steps.append("create on the target what was made on the source since: \(listed(look.tables.new.map(\.name)))")
    }
    steps.append("wait until the target has caught up (\(formattedBytes(look.state.slot?.lagBytes ?? 0)) behind now)")
    let version = ServerVersion(rawValue: opened.worker.session.serverVersion)
    let comparesBefore = settings.verification != .none && TableActivity.isKnown(on: version)
    if comparesBefore {
      steps.append("compare what is replicated by \(settings.verification.rawValue), for ten minutes at most")
    }
    if settings.refresh == .before { steps.append("refresh the materialized views of the target") }
    let closing = try gate.orLost().opening.replacing("true;", with: "false")
    steps.append(
      settings.blocksWrites
        ? "close the source by \(closing), and end the sessions of others, "
          + "\(try await othersInWords(opened)); it stays closed"
        : "ask that nobody writes to the source any more, lock its \(look.tables.oids.count) tables, and refuse where a "
          + "session of others is there (now: \(try await othersInWords(opened)))")
    steps.append("wait until the target has applied the last write")
    if look.late.items > 0 { steps.append("copy what is not replicated: \(look.late.words)") }
    steps.append(
      "set \(look.sequences.count) sequences of the target"
        + (settings.sequenceMargin > 0 ? ", \(settings.sequenceMargin) ahead" : ""))
    let ending = try await sequenceValues.ending(
      look.sequences, margin: settings.sequenceMargin, from: opened.worker, to: try steering.orLost().connection)
    steps += ending.map { "warning: \($0)" }
    steps.append(
      "compare both sides: what was copied by checksum, the rest by \(settings.verification.rawValue)"
        + (comparesBefore ? ", as far as it was written to since that comparison" : ""))
    var work = rest(look)
    // Most tables are compared before, and not written to since.
    if comparesBefore {
      (work.comparedTables, work.comparedBytes) = (work.comparedTables / 10, work.comparedBytes / 10)
    }
    let blocked = BlockedTime(of: work, pace: try await pace(look, commits: false), jobs: replications.settings.jobs)
    steps.append(
      "all of it is estimated to block writes for \(roughDuration(blocked.low, to: blocked.high)), and undone "
        + "after \(settings.maxBlockedSeconds) s")
    steps.append("switch over, and remove the subscription, the slot and the publication \(replication.name)")
    if try !steering.orLost().manifest.identities.isEmpty {
      steps.append("put the replica identities back that were given")
    }
    if settings.refresh == .after { steps.append("refresh the materialized views of the target") }
    return steps
  }

  var sequenceValues: SequenceValues {
    SequenceValues(database: database, source: replications.source, target: replications.target)
  }

  private func othersInWords(_ sessions: SourceSessions) async throws -> String {
    let others = try await gate.orLost().others(than: sessions.pids)
    return others.isEmpty ? "none" : listed(others.map(\.words))
  }
}
