import Catalog
import Postgres

/// What `status` tells of one database.
public struct ReplicationStatus: Codable, Sendable, Equatable {
  public var name: String
  /// It is of a later wave: nothing of it is there yet.
  public var isWaiting = false
  /// What the subscription, the slot and the publication are called; empty where it waits.
  public var replication: String
  /// Whether every table's initial copy is done, and the target has what the source had at the moment of asking.
  public var isInStep: Bool
  public var state: ReplicationState?
  /// What hinders it, in words.
  public var trouble: String?
  /// Quoted names of tables whose rows are copied at cutover.
  public var copiedAtCutover: Int
  /// Quoted names of tables that were made on the source since: a cutover creates and copies them.
  public var newTables: [String] = []
  /// How many tables of the source have a replica identity for as long as the replication runs.
  public var temporaryIdentities = 0
  /// How long the copy at cutover takes, at the slowest rate that is assumed.
  public var lateCopy: LateCopy?
  public var onlyOnSource: [String]
  public var differences: [String]
  /// What has changed in the schema since the replication was set up; nil where it is not known what there was.
  public var drift: SchemaDrift?

  /// What would keep a cutover from beginning now.
  public var cutoverObstacles: [String] = []
  /// What more would keep one with `--block-writes` from it.
  public var closingObstacles: [String] = []

  /// One of a later wave.
  public static func waiting(_ name: String) -> ReplicationStatus {
    var status = ReplicationStatus(
      name: name, replication: "", isInStep: false, copiedAtCutover: 0, onlyOnSource: [], differences: [])
    status.isWaiting = true
    return status
  }

  /// Neither caught up nor on its way.
  public var isBroken: Bool { trouble != nil || !differences.isEmpty || drift?.obstacle() != nil }
}

extension Replications {
  /// What a cutover that did not come to its end has left, in words; nil where the source lets others in.
  private func stateOfCutover(_ running: RunningReplication) async throws -> String? {
    guard running.hasManifest, let database = running.database else { return nil }
    let state = try await target.session(in: database, for: "reading the manifest", purpose: .reading) {
      try await Journal(run: running.name.run).manifest(over: $0)?.state
    }
    let isOpen = try await source.session(in: nil, for: "looking whether the source is open", purpose: .reading) {
      try await $0.query(ReadingStatements.databaseAccess, [database]).text(0, 1) == "t"
    }
    switch state {
    case .switched, .finished:
      return
        "switched over: the target is the one to be written to; run cutover again, which removes the rest of the replication"
    case .replicating, nil:
      return isOpen ? nil : "the source database accepts no connections, and no cutover of this program has closed it"
    case let state?:
      return isOpen
        ? nil
        : "the source is closed: a cutover is going on, or did not come to its end (\(state.rawValue)); run cutover again, "
          + "which finds out"
    }
  }

  /// For so long a replication that has nothing in its way is waited for to catch up.
  private static let patience = Duration.seconds(2)

  /// How far one has come.
  ///
  /// - Throws: only `CancellationError`.
  public func status(of running: RunningReplication) async throws -> ReplicationStatus {
    var status = ReplicationStatus(
      name: running.database ?? "", replication: "\(running.name)", isInStep: false, copiedAtCutover: 0,
      onlyOnSource: [], differences: [])
    guard let replication = replication(running) else { return status }
    do {
      if let words = try await stateOfCutover(running) {
        status.trouble = words
        return status
      }
      try await replication.inBoth(for: "asking for the state") { source, target in
        let position = try await source.query(ReadingStatements.flushPosition).text(0, 0) ?? ""
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        while true {
          let state = try await ReplicationState.read(running.name, source: source, target: target)
          status.state = state
          status.trouble = state.trouble?.rawValue
          if let slot = state.slot, state.trouble == nil, state.tables == state.tablesReady {
            status.isInStep = try await InStep.hasPassed(position, slot, over: source)
          }
          if status.isInStep || state.trouble != nil || clock.now > deadline { break }
          try await Task.sleep(for: .milliseconds(50))
        }
        let journal = Journal(run: running.name.run)
        guard let (manifest, _) = try await journal.manifest(over: target) else {
          status.trouble = status.trouble ?? "the manifest is gone: the target does not tell what is carried"
          return
        }
        let relations = try await journal.relations(over: target)
        let tables = try await ReplicatedTables.read(manifest, relations, source: source, target: target)
        status.copiedAtCutover = tables.copied.count
        status.newTables = tables.new.map(\.name)
        status.temporaryIdentities = manifest.identities.count
        status.lateCopy = try await LateCopy.measured(
          tables, manifest, source: source, throughput: settings.throughput, jobs: settings.jobs)
        status.onlyOnSource = tables.onlyOnSource
        let madeOnBoth = try await MadeOnBothSides(tables, manifest, relations, source: source, target: target)
        status.differences = tables.differences + madeOnBoth.obstacles
        let late = relations.filter { tables.copied.contains($0.source) }.map(\.target)
        status.cutoverObstacles = try await [
          CutoverObstacles.prepared(over: source), CutoverObstacles.locks(on: late, over: target),
        ].compactMap(\.self)
        status.closingObstacles = try await CutoverObstacles.closing(replication.database, over: source)
        status.drift = try await replication.drift(tables, source: source, target: target)
      }
    } catch let error as CancellationError {
      throw error
    } catch {
      status.trouble = "\(error)"
    }
    return status
  }
}
