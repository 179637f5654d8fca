import Catalog
import Postgres

/// How far the replication of one database has come, as both servers tell.
public struct ReplicationState: Codable, Sendable, Equatable {
  /// A kind of conflict or error of the apply worker, and how often it has occurred.
  public struct ErrorCount: Codable, Sendable, Equatable {
    public var kind: String
    public var count: Int
  }

  /// What keeps it from catching up by itself.
  public enum Trouble: String, Codable, Sendable {
    case subscriptionGone = "the subscription is gone"
    case disabled = "the subscription is disabled"
    case slotGone = "the replication slot is gone"
    case slotLost = "the replication slot has lost WAL that it needs"
    case notRunning = "no apply worker runs: see the target's log"
    case publicationGone = "the publication is gone"
  }

  /// Of all tables that are subscribed to, those whose initial copy is done (`pg_subscription_rel.srsubstate` `r`).
  public var tables: Int
  public var tablesReady: Int
  public var isEnabled: Bool
  public var hasWorker: Bool
  public var slot: Slot?
  public var hasPublication: Bool
  public var errors: [ErrorCount]
  /// Since the last message from the source, in seconds; nil where there was none.
  public var silentSeconds: Double?
  /// Of the apply worker's process.
  var workerPID: Int?
  var hasSubscription: Bool

  public struct Slot: Codable, Sendable, Equatable {
    public var isActive: Bool
    /// As `pg_replication_slots` has it; nil before 13.
    public var walStatus: String?
    /// Bytes that may still be written before the slot is lost; nil where there is no limit.
    public var safeWALSize: Int?
    /// What the target has flushed (`confirmed_flush_lsn`).
    public var confirmed: String
    /// How far that is behind what the source has flushed, in bytes.
    public var lagBytes: Int
    /// How far the last message from the target is behind, in seconds; nil where nothing is under way.
    public var lagSeconds: Double?
  }

  public var trouble: Trouble? {
    if !hasSubscription { return .subscriptionGone }
    guard let slot else { return .slotGone }
    if slot.walStatus == "lost" { return .slotLost }
    if !hasPublication { return .publicationGone }
    if !isEnabled { return .disabled }
    return hasWorker ? nil : .notRunning
  }

  private struct TargetRow: Decodable, Sendable {
    var isEnabled: Bool
    var hasWorker: Bool
    var pid: Int?
    var tables: Int
    var tablesReady: Int
    var silentSeconds: Double?
  }

  private struct SourceRow: Decodable, Sendable {
    var isActive: Bool
    var walStatus: String?
    var safeWalSize: Int?
    var confirmed: String
    var lagBytes: Int
    var lagSeconds: Double?
  }

  /// - Parameters:
  ///   - source: a session in the source database.
  ///   - target: a session in the target database.
  static func read(_ name: ReplicationName, source: Connection, target: Connection) async throws -> ReplicationState {
    let here = try await slot(name, over: source)
    let published = try await source.query(ReadingStatements.publication, ["\(name)"])
    let there = try await target.query(ReadingStatements.subscription, ["\(name)"]).decode(TargetRow.self).first
    return ReplicationState(
      tables: there?.tables ?? 0, tablesReady: there?.tablesReady ?? 0, isEnabled: there?.isEnabled ?? false,
      hasWorker: there?.hasWorker ?? false,
      slot: here.map {
        Slot(
          isActive: $0.isActive, walStatus: $0.walStatus, safeWALSize: $0.safeWalSize, confirmed: $0.confirmed,
          lagBytes: max(0, $0.lagBytes), lagSeconds: $0.lagSeconds)
      },
      hasPublication: published.count > 0, errors: try await errors(name, over: target),
      silentSeconds: there?.silentSeconds, workerPID: there?.pid, hasSubscription: there != nil)
  }

  private static func slot(_ name: ReplicationName, over connection: Connection) async throws -> SourceRow? {
    let version = ServerVersion(rawValue: connection.session.serverVersion)
    return try await connection.query(ReadingStatements.slot(version), ["\(name)"]).decode(SourceRow.self).first
  }

  private static func errors(_ name: ReplicationName, over connection: Connection) async throws -> [ErrorCount] {
    let version = ServerVersion(rawValue: connection.session.serverVersion)
    let columns = ReadingStatements.errorColumns(version)
    guard !columns.isEmpty else { return [] }
    let rows = try await connection.query(ReadingStatements.errors(version), ["\(name)"])
    guard rows.count > 0 else { return [] }
    return columns.enumerated().compactMap { index, kind in
      guard let count = rows.text(0, index).flatMap({ Int($0) }), count > 0 else { return nil }
      return ErrorCount(kind: kind.replacing("_count", with: "").replacing("_", with: " "), count: count)
    }
  }
}
