import Catalog
import Postgres

/// What a cutover does to the manifest on the target, in the session that holds the target's lock: up to the one
/// transaction that switches over.
struct TargetSwitch: Sendable {
  let target: Endpoint
  let database: String
  let connection: Connection
  let journal: Journal
  private(set) var manifest: Manifest
  /// What the database says that it is.
  let place: Manifest.Place
  /// As it was when the lock was taken.
  let state: CutoverMachine.State

  /// Connects, takes the lock, and reads the manifest.
  ///
  /// - Parameter pid: of a session of this program's that perhaps has the lock still, and is ended.
  /// - Throws: `MigrationError` where somebody has the lock, or there is no such manifest; `CancellationError`.
  init(of run: String, in database: String, on target: Endpoint, ending pid: Int? = nil) async throws {
    self.target = target
    self.database = database
    journal = Journal(run: run)
    let connection = try await attempting("connecting", target, database: database) {
      try await target.connect(to: database)
    }
    self.connection = connection
    do {
      (place, manifest, state) = try await attempting("reading the manifest", target, database: database) { [journal] in
        if let pid { _ = try? await connection.query(ReadingStatements.endLockHolder, ["\(pid)"]) }
        let place = try await Endpoint.place(over: connection)
        if let holder = try await CutoverLock.take(place.oid, over: connection) {
          throw MigrationError(
            "another cutover of \(quotedIdentifier(database)) is going on: \(holder.words) on the target")
        }
        // What is reported as done is on disk.
        _ = try await connection.query("SET synchronous_commit = on")
        guard let (manifest, state) = try await journal.manifest(over: connection) else {
          throw MigrationError("run \(run) has no manifest there")
        }
        return (place, manifest, state)
      }
    } catch {
      await connection.close()
      throw error
    }
  }

  /// - Throws: `MigrationError` where the manifest is in none of these states, or can't be written.
  func change(to state: CutoverMachine.State, from: Set<CutoverMachine.State>) async throws {
    try await attempting("writing the manifest", target, database: database) {
      let changed = try await connection.pipeline([[journal.change(to: state, from: from)]])[0].get()
      guard changed[0].count == 1 else { throw MigrationError("somebody else has changed it") }
    }
  }

  /// That the source is about to be closed, with what nobody can ask it afterwards.
  mutating func claim(_ views: [String]) async throws {
    manifest.populatedViews = views
    let (manifest, journal) = (manifest, journal)
    try await attempting("writing the manifest", target, database: database) {
      let statements = [
        try journal.change(to: manifest), journal.change(to: .claimed, from: [.replicating]),
      ]
      let changed = try await connection.pipeline([statements])[0].get()
      guard changed[1].count == 1 else { throw MigrationError("somebody else has changed it") }
    }
  }

  /// How the subscription is cut off from its slot: by the role itself, or by `aiven_extras`.
  enum Means: Sendable { case own, aivenExtras }

  /// - Returns: nil where the role can do neither.
  func means() async throws -> Means? {
    try await attempting("looking at the subscription", target, database: database) {
      let rows = try await connection.query(ReadingStatements.subscriptionOwner, ["\(manifest.name)"])
      if rows.text(0, 0) == "t" { return .own }
      return rows.text(0, 1) == "t" ? .aivenExtras : nil
    }
  }

  /// The switch: the manifest says so in the transaction in which the subscription is cut off. Nothing is waited for
  /// longer than until the deadline.
  ///
  /// To drop the subscription would take a lock that whoever reads `pg_subscription` holds up, a dump of another database
  /// among them (`DropSubscription` in PostgreSQL's source); that comes afterwards.
  func switchOver(by means: Means, deadline: Deadline) async throws {
    let name = manifest.name
    let cuts =
      switch means {
      case .own: ["ALTER SUBSCRIPTION \(name) DISABLE", "ALTER SUBSCRIPTION \(name) SET (slot_name = NONE)"]
      case .aivenExtras: ["SELECT aiven_extras.pg_alter_subscription_disable('\(name)')"]
      }
    try await attempting("switching over", target, database: database) {
      let limit = deadline.milliseconds
      let beginning = [
        Statement("BEGIN"), Statement("SET LOCAL lock_timeout = '\(limit)ms'"),
        Statement("SET LOCAL statement_timeout = '\(limit)ms'"),
        journal.change(to: .switched, from: [.verified]),
      ]
      let begun = try await connection.pipeline([beginning + cuts.map { Statement($0) }])[0]
      do {
        guard try begun.get()[3].count == 1 else { throw MigrationError("somebody else has changed the manifest") }
      } catch {
        _ = try? await connection.query("ROLLBACK")
        throw error
      }
      _ = try await connection.query("COMMIT")
    }
  }
}
