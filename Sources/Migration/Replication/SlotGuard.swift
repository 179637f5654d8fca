import Assessment
import Catalog
import Postgres

/// Gives a slot up before the source's disk is full of the WAL that it keeps for it.
actor SlotGuard {
  /// In bytes.
  let limit: Int
  private(set) var isGivenUp = false
  /// Whether the target applies what the slot holds: its rows are then of no moment that a dump would have.
  private(set) var isSubscribed = false

  init(limit: Int) { self.limit = limit }

  /// - Returns: whether the slot is still there, and stays so until the target reads it.
  func subscribe() -> Bool {
    if !isGivenUp { isSubscribed = true }
    return !isGivenUp
  }

  func giveUp() { isGivenUp = true }

  /// With another slot.
  func begin() { (isGivenUp, isSubscribed) = (false, false) }

  nonisolated var reason: String {
    "the source kept more than \(formattedBytes(limit)) of WAL for the slot, which was given up"
  }

  /// Of the limit: from here on it is told.
  private static let warning = 0.75

  nonisolated var warnsAt: Int { Int(Double(limit) * Self.warning) }
}

extension DatabaseMigration {
  /// Runs `body`, and looks meanwhile how much WAL the source keeps for the slot. A copy that the target does not follow
  /// yet goes on as that of a dump where that is allowed.
  ///
  /// - Throws: also a `MigrationError` where the slot was given up, and what is on the target is worth nothing without it.
  func guardingSlot(
    of replication: Replication?, _ body: @escaping @Sendable () async throws -> MigratedDatabase
  ) async throws -> MigratedDatabase {
    guard let replication, let slotGuard else { return try await body() }
    do {
      let database = try await watched(body) { try await watch(replication, slotGuard) }
      try await removeGivenUp(replication, slotGuard)
      return database
    } catch {
      try? await removeGivenUp(replication, slotGuard)
      throw error
    }
  }

  private func watch(_ replication: Replication, _ slotGuard: SlotGuard) async throws {
    var isTold = false
    while true {
      try await Task.sleep(for: .seconds(1))
      // Who copies tells where the source does not answer.
      let kept = try? await source.session(in: name, for: "looking at the slot", purpose: .reading) {
        try await $0.query(ReadingStatements.keptWAL, ["\(replication.name)"]).text(0, 0).flatMap { Int($0) }
      }
      guard let bytes = kept ?? nil else { continue }
      if bytes >= slotGuard.warnsAt, !isTold {
        isTold = true
        record.events(.slotKeeps(database: name, bytes: bytes, limit: slotGuard.limit))
      }
      guard bytes >= slotGuard.limit else { continue }
      return try await giveUp(replication, slotGuard)
    }
  }

  /// Only the slot goes at once: what else there is of the replication needs locks that the copy holds.
  private func giveUp(_ replication: Replication, _ slotGuard: SlotGuard) async throws {
    await slotGuard.giveUp()
    record.events(.gaveSlotUp(database: name))
    if await slotGuard.isSubscribed { try await replication.unsubscribe() }
    try await source.session(in: name, for: "dropping the slot") {
      try await Replication.dropSlot(replication.name, over: $0)
    }
    guard await slotGuard.isSubscribed || !settings.fallsBack else { return }
    throw MigrationError(slotGuard.reason)
  }

  private func removeGivenUp(_ replication: Replication, _ slotGuard: SlotGuard) async throws {
    guard await slotGuard.isGivenUp else { return }
    if await slotGuard.isSubscribed {
      try await target.session(in: name, for: "writing the journal") {
        _ = try await $0.pipeline([[journal.forget([Journal.done])]])[0].get()
      }
    }
    try await replication.remove()
  }
}
