import Catalog
import Postgres

/// A replication that an interrupted run has begun, and that is gone on with. Its slot holds all that was written since
/// the snapshot that was copied: tables that have arrived follow from it. The others are copied by the target's server
/// (PostgreSQL documentation, "Logical Replication: Initial Snapshot").
struct KeptReplication: Sendable {
  let replication: Replication
  /// Those whose changes are published, or are to be.
  let published: [PublishedTable]
  /// Of these, those that the server copies.
  let left: [PublishedTable]
  /// Whether the target has the subscription: what it does with a table is its own.
  let isSubscribed: Bool
  /// Tables that are not published, all of them where one has not arrived: keys may join them, and they are of one moment.
  let copiedAgain: Set<Int>

  /// The step of the journal that tells where the slot began.
  static let step = "slot"

  /// How a slot is at the moment.
  struct Slot: Decodable, Sendable {
    var position: String
    /// Whether all is there that it is to hold.
    var isWhole: Bool
    var canPublish: Bool
  }

  /// - Parameter tables: of the source, those that are carried.
  /// - Returns: nil where it begins again.
  init?(
    _ replication: Replication, steps: [String: String], tables: [PublishedTable], over source: Connection,
    _ isSubscribed: Bool
  ) async throws {
    guard steps["schema"] != nil, let began = steps[Self.step],
      let slot = try await source.query(
        ReadingStatements.keptSlot(ServerVersion(rawValue: source.session.serverVersion)), ["\(replication.name)"]
      ).decode(Slot.self).first, slot.isWhole
    else { return nil }
    let relations = try await source.query(ReadingStatements.publishedRelations, ["\(replication.name)"])
    let there = Set((0..<relations.count).compactMap { relations.text($0, 0).flatMap { Int($0) } })
    let parts = Resumption.parts(of: steps)
    let hasArrived = { (table: PublishedTable) in Resumption.areAll(parts[table.oid]) }
    let published = tables.filter { $0.obstacle == nil }
    let others = tables.filter { $0.obstacle != nil }
    self.replication = replication
    self.published = published
    self.isSubscribed = isSubscribed
    left = published.filter { !hasArrived($0) }
    copiedAgain = others.allSatisfy(hasArrived) ? [] : Set(others.map(\.oid))
    if isSubscribed { return }
    // Whoever has read it has what the target lacks. With nothing there, it is better begun again.
    // Else somebody has changed the publication, or what can be published is something else now.
    guard slot.position == began, left.isEmpty || slot.canPublish, published.contains(where: hasArrived),
      there.isSubset(of: published.map(\.oid)), published.filter(hasArrived).allSatisfy({ there.contains($0.oid) })
    else { return nil }
    // What an extension has put into its tables is there already: the server would copy it once more.
    guard try await source.query(ReadingStatements.ofExtensions, [arrayLiteral(left.map(\.oid))]).count == 0 else {
      return nil
    }
    // A key between a table that follows and one that does not could not be created: they are of different moments.
    guard !left.isEmpty || !others.allSatisfy(hasArrived) else { return }
    let keys = try await source.query(
      ReadingStatements.keysBetween, [arrayLiteral(published.map(\.oid)), arrayLiteral(others.map(\.oid))])
    guard keys.count == 0 else { return nil }
  }
}

extension KeptReplication {
  /// What has arrived of the tables that the server copies goes. Once it is subscribed, they are the server's.
  func emptyTables(of migration: DatabaseMigration) async throws {
    guard !isSubscribed, !left.isEmpty else { return }
    let names = Dictionary(left.map { ($0.oid, $0.name) }, uniquingKeysWith: { first, _ in first })
    let steps = try await migration.journaledSteps()
    let begun = Resumption.parts(of: steps).filter { names[$0.key] != nil }.sorted { $0.key < $1.key }
    try await migration.target.session(in: migration.name, for: "emptying what was copied in part") { connection in
      for (oid, parts) in begun {
        let name = names[oid] ?? ""
        let emptying = try await connection.suspendingTriggers(
          of: [name], during: [Statement("TRUNCATE ONLY \(name)")])
        let end = [migration.journal.forget(Array(parts.keys)), Statement("COMMIT")]
        _ = try await connection.pipeline([[Statement("BEGIN")] + emptying + end])[0].get()
      }
    }
  }
}

extension Replication {
  /// From where the slot holds what was written.
  func position() async throws -> String? {
    try await source.session(in: database, for: "looking at the slot", purpose: .reading) {
      try await $0.query(
        ReadingStatements.keptSlot(ServerVersion(rawValue: $0.session.serverVersion)), ["\(name)"]
      ).text(0, 0)
    }
  }

  /// Whether anything of it is on either side.
  func exists() async throws -> Bool {
    let isOnSource = try await source.session(in: database, for: "looking for the replication", purpose: .reading) {
      connection in
      // Logical replication is new in 10.
      guard connection.session.serverVersion >= 100_000 else { return false }
      let slot = try await connection.query(
        ReadingStatements.keptSlot(ServerVersion(rawValue: connection.session.serverVersion)), ["\(name)"])
      if slot.count > 0 { return true }
      return try await connection.query(ReadingStatements.publication, ["\(name)"]).count > 0
    }
    if isOnSource { return true }
    return try await isSubscribed()
  }

  func isSubscribed() async throws -> Bool {
    guard try await target.has(database: database, from: targetEntrance) else { return false }
    return try await target.session(in: database, for: "looking for the subscription", purpose: .reading) {
      try await $0.query(ReadingStatements.subscription, ["\(name)"]).count > 0
    }
  }

  /// Subscribes to the tables that have arrived, and lets the target's server copy the others: the subscription begins
  /// without them, so that what the slot holds of them is passed over.
  ///
  /// - Returns: whether aiven_extras did it.
  func subscribe(goingOnWith kept: KeptReplication) async throws -> Bool {
    let byExtension: Bool
    if kept.isSubscribed {
      byExtension = false
    } else {
      try await change(publishing: kept.left, isPublished: false)
      byExtension = try await subscribe()
    }
    try await change(publishing: kept.left, isPublished: true)
    guard !kept.left.isEmpty else { return byExtension }
    try await target.session(in: database, for: "having tables copied by the server") { connection in
      _ = try await byExtensionWhereRefused(connection) {
        _ = try await connection.query("ALTER SUBSCRIPTION \(name) REFRESH PUBLICATION WITH (copy_data = true)")
      } extension: {
        _ = try await connection.query(
          "SELECT aiven_extras.pg_alter_subscription_refresh_publication($1, true)", ["\(name)"])
      }
    }
    return byExtension
  }

  /// A table is published while nobody has written to it in a transaction that is still open: what such a transaction
  /// writes afterwards would be lost to releases before 15.13, 16.9 and 17.5 (their release notes, "Fix data loss in
  /// logical replication").
  private func change(publishing tables: [PublishedTable], isPublished: Bool) async throws {
    guard !tables.isEmpty else { return }
    try await source.session(in: database, for: "changing the publication") { connection in
      let rows = try await connection.query(ReadingStatements.publishedRelations, ["\(name)"])
      let there = Set((0..<rows.count).compactMap { rows.text($0, 0).flatMap { Int($0) } })
      let names = tables.filter { there.contains($0.oid) != isPublished }.map { "ONLY \($0.name)" }
      guard !names.isEmpty else { return }
      guard isPublished else {
        _ = try await connection.query("ALTER PUBLICATION \(name) DROP TABLE \(names.joined(separator: ", "))")
        return
      }
      for table in names { try await publish(table, over: connection) }
    }
  }

  private func publish(_ table: String, over connection: Connection) async throws {
    var attempts = Self.attempts
    while true {
      attempts -= 1
      // Writers queue behind a lock that is waited for: not for long.
      let statements = [
        "BEGIN", "SET LOCAL lock_timeout = '1s'", "LOCK TABLE \(table) IN SHARE ROW EXCLUSIVE MODE",
        "ALTER PUBLICATION \(name) ADD TABLE \(table)", "COMMIT",
      ]
      switch try await connection.pipeline([statements.map { Statement($0) }])[0] {
      case .success: return
      case .failure(let error) where error.sqlstate == "55P03" && attempts > 0:
        _ = try? await connection.query("ROLLBACK")
        try await Task.sleep(for: .seconds(1))
      case .failure(let error): throw error
      }
    }
  }

  /// To lock a table that is written to all the time, one a second and a bit.
  private static let attempts = 60
}
