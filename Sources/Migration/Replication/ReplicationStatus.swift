import Catalog
import Postgres

/// What `status` tells of one database.
public struct ReplicationStatus: Codable, Sendable, Equatable {
  public var name: String
  /// What the subscription, the slot and the publication are called.
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

  /// Neither in step nor on its way.
  public var isBroken: Bool { trouble != nil || !differences.isEmpty || drift?.obstacle() != nil }
}

extension Replications {
  /// For so long a replication that has nothing in its way is waited for to be in step.
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
        let tables = try await ReplicatedTables.read(
          running.name, of: replication.database, source: source, target: target)
        status.copiedAtCutover = tables.copied.count
        status.newTables = tables.new.map(\.name)
        let memo = try await PublicationMemo.read(of: running.name, over: source)
        status.temporaryIdentities = memo?.identities.count ?? 0
        status.lateCopy = try await LateCopy.measured(
          tables, memo, source: source, target: target, throughput: settings.throughput, jobs: settings.jobs)
        status.onlyOnSource = tables.onlyOnSource
        status.differences = tables.differences
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
