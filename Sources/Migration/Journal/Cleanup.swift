import Catalog
import Postgres

/// Finds and removes what runs of this program have left on either side, and nothing else. Each side is looked at by
/// itself, so that one may be gone.
public struct Cleanup: Sendable {
  /// One thing that is left.
  public struct Leftover: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
      case subscription, slot, publication, journal
      case scratchDatabase = "scratch database"
    }

    public var kind: Kind
    public var name: String
    public var database: String?

    var side: Side { kind == .slot || kind == .publication ? .source : .target }

    /// Its kind, name and place, quoted as in SQL.
    public var words: String {
      let place = database.map { " in database \(quotedIdentifier($0))" } ?? ""
      return "\(kind.rawValue) \(quotedIdentifier(name))\(place) of the \(side)"
    }
  }

  public struct Findings: Sendable {
    public var leftovers: [Leftover] = []
    /// Why a side could not be looked at, in words.
    public var problems: [String] = []
  }

  private let replications: Replications

  public init(_ replications: Replications) { self.replications = replications }

  /// - Throws: only `CancellationError`.
  public func find() async throws -> Findings {
    var findings = Findings()
    for look in [onTarget, onSource] {
      do {
        findings.leftovers += try await look()
      } catch let error as CancellationError {
        throw error
      } catch {
        findings.problems.append("\(error)")
      }
    }
    return findings
  }

  private func onTarget() async throws -> [Leftover] {
    var found: [ReplicationName: RunningReplication] = [:]
    try await replications.addSubscriptions(to: &found)
    var leftovers = found.values.sorted { $0.name < $1.name }.map {
      Leftover(kind: .subscription, name: "\($0.name)", database: $0.database)
    }
    let databases = try await replications.target.session(in: nil, for: "listing the databases") {
      try await Replications.databases(over: $0)
    }
    for database in databases {
      let isScratch = database.wholeMatch(of: /pgpreflight_rehearsal_[0-9a-f]{8}_[0-9]+/) != nil
      if isScratch { leftovers.append(Leftover(kind: .scratchDatabase, name: database)) }
      guard !isScratch else { continue }
      leftovers += try await replications.target.session(in: database, for: "looking for journals") {
        try await Journal.all(over: $0).map { Leftover(kind: .journal, name: $0.schema, database: database) }
      }
    }
    return leftovers
  }

  private func onSource() async throws -> [Leftover] {
    var found: [ReplicationName: RunningReplication] = [:]
    try await replications.addSlotsAndPublications(to: &found)
    return found.values.sorted { $0.name < $1.name }.flatMap { running in
      [(running.hasSlot, Leftover.Kind.slot), (running.hasPublication, .publication)].filter(\.0).map {
        Leftover(kind: $0.1, name: "\(running.name)", database: running.database)
      }
    }
  }

  /// - Throws: `MigrationError`, `CancellationError`.
  public func remove(_ leftover: Leftover) async throws {
    let endpoint = leftover.side == .source ? replications.source : replications.target
    let attempt = "removing \(leftover.kind.rawValue) \(quotedIdentifier(leftover.name))"
    switch leftover.kind {
    case .subscription:
      guard let name = ReplicationName(leftover.name), let database = leftover.database else { return }
      let replication = Replication(
        name: name, database: database, source: replications.source, target: replications.target, targetEntrance: nil)
      try await replication.giveBack(replication.unsubscribe())
    case .slot:
      guard let name = ReplicationName(leftover.name) else { return }
      try await endpoint.session(in: nil, for: attempt) { try await Replication.dropSlot(name, over: $0) }
    case .publication:
      guard let name = ReplicationName(leftover.name), let database = leftover.database else { return }
      let replication = Replication(
        name: name, database: database, source: replications.source, target: replications.target, targetEntrance: nil)
      var problem: (any Error)?
      // The target may be gone.
      do { try await replication.putBackOnTarget() } catch { problem = error }
      try await endpoint.session(in: database, for: attempt) {
        try await WriteBlock.undo(of: name, in: database, over: $0)
        try await Replication.dropPublication(name, over: $0)
      }
      if let problem { throw problem }
    case .journal:
      try await endpoint.session(in: leftover.database, for: attempt) {
        _ = try await $0.query("DROP SCHEMA IF EXISTS \(try await $0.quote(identifier: leftover.name)) CASCADE")
      }
    case .scratchDatabase:
      try await endpoint.session(in: nil, for: attempt) {
        _ = try await $0.query("DROP DATABASE IF EXISTS \(try await $0.quote(identifier: leftover.name))")
      }
    }
  }
}
