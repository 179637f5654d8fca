import Catalog
import Postgres

/// Finds and removes what runs of this program have left on either side, and nothing else. Each side is looked at by
/// itself, so that one may be gone.
public struct Cleanup: Sendable {
  /// One thing that is left.
  public struct Leftover: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
      case closedSource = "closed database"
      case subscription, slot, publication
      case scratchDatabase = "scratch database"
      /// That tables are loaded by.
      case loadingRole = "role"
      case journal
    }

    public var kind: Kind
    public var name: String
    public var database: String?

    var side: Side { [.slot, .publication, .closedSource].contains(kind) ? .source : .target }

    /// What is removed first: the journal tells what the others are.
    fileprivate var rank: Int { Kind.allCases.firstIndex(of: kind) ?? 0 }

    /// Its kind, name and place, quoted as in SQL.
    public var words: String {
      let place = database.map { " in database \(quotedIdentifier($0))" } ?? ""
      if kind == .closedSource {
        return
          "database \(quotedIdentifier(database ?? "")) of the source, closed by a cutover that did not come to its end"
      }
      return "\(kind.rawValue) \(quotedIdentifier(name))\(place) of the \(side)"
    }
  }

  public struct Findings: Sendable {
    public var leftovers: [Leftover] = []
    /// Why a side could not be looked at, in words.
    public var problems: [String] = []
    /// What has this program's names and is none of this target's, in words: it is left alone.
    public var foreign: [String] = []
  }

  private let replications: Replications
  /// Runs whose things on the source are removed whatever target they were for.
  private let runs: Set<String>

  /// - Parameter runs: in eight hexadecimal digits each; needed where the target is gone.
  public init(_ replications: Replications, runs: [String] = []) {
    self.replications = replications
    self.runs = Set(runs)
  }

  /// - Throws: only `CancellationError`.
  public func find() async throws -> Findings {
    var findings = Findings()
    var target: (isKnown: Bool, system: String?) = (false, nil)
    do {
      target = (true, try await addTarget(to: &findings))
    } catch let error as CancellationError {
      throw error
    } catch {
      findings.problems.append("\(error)")
    }
    do {
      try await addSource(to: &findings, target)
    } catch let error as CancellationError {
      throw error
    } catch {
      findings.problems.append("\(error)")
    }
    findings.leftovers.sort { $0.rank < $1.rank }
    return findings
  }

  /// - Returns: what tells the target from others.
  private func addTarget(to findings: inout Findings) async throws -> String? {
    findings.leftovers += try await onTarget()
    return try await replications.target.session(in: nil, for: "identifying the server", purpose: .reading) {
      try await Endpoint.systemIdentifier(over: $0)
    }
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
    var roles = try await replications.target.session(in: nil, for: "listing roles") { connection in
      let rows = try await connection.query(ReadingStatements.loadingRoles)
      return (0..<rows.count).compactMap { rows.text($0, 0) }
    }
    for database in databases {
      let isScratch = database.wholeMatch(of: /pgpreflight_rehearsal_[0-9a-f]{8}_[0-9]+/) != nil
      if isScratch { leftovers.append(Leftover(kind: .scratchDatabase, name: database)) }
      guard !isScratch else { continue }
      let journals = try await replications.target.ifAdmitted(to: database, for: "looking for journals") { connection in
        var found: [Leftover] = []
        let here = try await connection.query(ReadingStatements.thisDatabase).text(0, 1).flatMap { Int($0) }
        for role in roles where LoadingRoles.database(of: role) == here {
          found.append(Leftover(kind: .loadingRole, name: role, database: database))
        }
        for journal in try await Journal.all(over: connection) {
          found.append(Leftover(kind: .journal, name: journal.schema, database: database))
          if let (manifest, state) = try await journal.manifest(over: connection),
            state.isInterrupted
          {
            found.append(Leftover(kind: .closedSource, name: journal.run, database: database))
            // Nobody can look into it before it is open.
            found.append(Leftover(kind: .publication, name: "\(manifest.name)", database: database))
          }
        }
        return found
      }
      leftovers += journals ?? []
      roles.removeAll { role in leftovers.contains { $0.kind == .loadingRole && $0.name == role } }
    }
    // Their databases are gone.
    leftovers += roles.map { Leftover(kind: .loadingRole, name: $0) }
    return leftovers
  }

  private func addSource(to findings: inout Findings, _ target: (isKnown: Bool, system: String?)) async throws {
    var found: [ReplicationName: RunningReplication] = [:]
    try await replications.addSlotsAndPublications(to: &found)
    let subscriptions = Set(findings.leftovers.filter { $0.kind == .subscription }.map(\.name))
    for running in found.values.sorted(by: { $0.name < $1.name }) {
      let isOurs =
        runs.contains(running.name.run) || subscriptions.contains("\(running.name)")
        || target.system != nil && running.name.isFor(target: target.system)
      let kinds = [(running.hasSlot, Leftover.Kind.slot), (running.hasPublication, .publication)].filter(\.0).map(\.1)
      for kind in kinds {
        let leftover = Leftover(kind: kind, name: "\(running.name)", database: running.database)
        if isOurs {
          if !findings.leftovers.contains(leftover) { findings.leftovers.append(leftover) }
        } else {
          findings.foreign.append(leftover.words)
        }
      }
    }
    guard !target.isKnown, !findings.foreign.isEmpty else { return }
    findings.problems.append(
      "as the target does not answer, nobody knows whether these are its own: name the run with --run "
        + "(the digits after \(ReplicationName.prefix)) to remove them")
  }

  /// Opens the source again, unless it was switched over.
  private func open(_ leftover: Leftover) async throws {
    let database = leftover.database ?? ""
    let gate = try await SourceGate(to: database, of: replications.source, closes: true)
    do {
      let steering = try await TargetSwitch(of: leftover.name, in: database, on: replications.target)
      do {
        if !steering.state.isSwitched {
          try await steering.change(to: .undoing, from: CutoverMachine.State.undoable)
          try await gate.open()
          try await steering.change(to: .replicating, from: [.undoing])
        }
        await steering.connection.close()
      } catch {
        await steering.connection.close()
        throw error
      }
      await gate.connection.close()
    } catch {
      await gate.connection.close()
      throw error
    }
  }

  /// - Throws: `MigrationError`, `CancellationError`.
  public func remove(_ leftover: Leftover) async throws {
    let endpoint = leftover.side == .source ? replications.source : replications.target
    let attempt = "removing \(leftover.kind.rawValue) \(quotedIdentifier(leftover.name))"
    switch leftover.kind {
    case .closedSource: try await open(leftover)
    case .subscription:
      guard let name = ReplicationName(leftover.name), let database = leftover.database else { return }
      let replication = Replication(
        name: name, database: database, source: replications.source, target: replications.target, targetEntrance: nil)
      try await replication.unsubscribe()
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
        try await Replication.dropPublication(name, over: $0)
      }
      if let problem { throw problem }
    case .journal:
      let journal = Journal(run: String(leftover.name.dropFirst(Journal.prefix.count)))
      try await endpoint.session(in: leftover.database, for: attempt) { connection in
        // What the target was given for the time of the replication alone.
        try await WorkerSettings(journal: journal).putBack(over: connection)
        if let manifest = try await journal.manifest(over: connection)?.content {
          try await TemporaryIdentities.putBack(manifest.identities, on: .target, over: connection)
          try await replications.giveBack(manifest.memberships, of: manifest.name, over: connection)
        }
        _ = try await connection.query(journal.removal.sql)
      }
    case .loadingRole:
      try await endpoint.session(in: leftover.database, for: attempt) {
        try await LoadingRoles.remove(leftover.name, over: $0)
      }
    case .scratchDatabase:
      try await endpoint.session(in: nil, for: attempt) {
        _ = try await $0.query("DROP DATABASE IF EXISTS \(try await $0.quote(identifier: leftover.name))")
      }
    }
  }
}
