import Assessment
import Catalog
import Rules

/// How the cutover of one database ended.
public struct CutoverResult: Codable, Sendable, Equatable {
  public enum Status: String, Codable, Sendable { case done, failed, cancelled }

  /// What is so on both servers.
  public enum End: String, Codable, Sendable {
    /// Switched over, and nothing of the replication is there any more.
    case done
    /// Switched over; something of the replication is still there: `cutover` again removes it.
    case remains
    /// Not switched over; nothing was blocked.
    case refused
    /// Not switched over; the source was closed, and is open again.
    case undone
    /// Not switched over by this run; it is not known whether the source is open.
    case closed
    /// It is not known whether it is switched over: both sides stay closed until `cutover` finds out.
    case unknown
  }

  public var name: String
  public var status = Status.failed
  /// nil as long as it goes on.
  public var end: End?
  public var message = ""
  /// From the first thing that keeps anybody from writing until the target may be written to, or the source again.
  public var blockedSeconds: Double?
  /// For how long an application can't write: from the last moment at which the source accepts a write of others to the one
  /// from which the target does, in seconds. nil where this run did not switch over; where the applications were stopped
  /// before it, that time is not in it.
  public var downtimeSeconds: Double?
  /// What that consists of, in its order; the parts of the estimate have the same names.
  public var downtimePhases: [DowntimePhase]?
  /// What was estimated just before; nil where it did not come so far.
  public var estimatedBlockedSeconds: BlockedTime?
  public var verification: Verification?
  /// Quoted names of materialized views that do not hold what the source has.
  public var notRefreshed: [String] = []

  /// The statement that opens the source again, where it stays closed after the switch; nil where it was not closed.
  public var opening: String?

  /// Somebody has asked to stop.
  var isInterrupted = false

  private enum CodingKeys: CodingKey {
    case name, status, end, message, blockedSeconds, downtimeSeconds, downtimePhases, estimatedBlockedSeconds
    case verification, notRefreshed, opening
  }

  init(name: String) { self.name = name }

  mutating func add(_ words: String) { message = message.isEmpty ? words : "\(message); \(words)" }

  /// - Parameters:
  ///   - opening: the statement that opens the source again, to be run in database `entrance`.
  ///   - isClosed: whether the source lets nobody in.
  mutating func conclude(_ end: CutoverMachine.End, opening: String?, entrance: String?, isClosed: Bool) {
    let remedy =
      isClosed
      ? opening.map {
        "; once it is certain that nobody has switched over, this opens it, in database "
          + "\(quotedIdentifier(entrance ?? "postgres")) of the source: \($0)"
      } : nil
    switch end {
    case .done:
      (self.end, status) = (.done, .done)
      if isClosed { self.opening = opening }
    case .remains(let reason):
      if isClosed { self.opening = opening }
      (self.end, status) = (.remains, .failed)
      add(
        "switched over, and the target is in use, but not all of the replication is removed: \(reason); run cutover again"
      )
    case .refused(let reason):
      (self.end, status) = (.refused, .failed)
      add(reason + (remedy ?? ""))
    case .undone(let reason):
      (self.end, status) = (.undone, .failed)
      add("\(reason); the source is open again, as it was")
    case .closed(let reason):
      (self.end, status) = (.closed, .failed)
      add(
        "\(reason); this run has not switched over, and could not make sure that the source is open: run cutover again, "
          + "which finds out\(remedy ?? "")")
    case .unknown(let reason):
      (self.end, status) = (.unknown, .failed)
      add(
        "\(reason); it is not known whether the switch has happened, so both sides are to stay closed: run cutover again "
          + "when the target answers, which finds out and goes on or undoes it")
    }
    if isInterrupted, status == .failed { status = .cancelled }
  }
}
