import Foundation
import Synchronization

/// One write of an application, as the application knows of it.
struct Write: Sendable, Equatable {
  enum Fate: Sendable { case acknowledged, unknown }

  var id: Int
  var session: Int
  /// Before its first statement was sent.
  var begunAt: Double
  /// When the answer to its commit was there, or none.
  var endedAt: Double
  var fate: Fate
}

/// An application that writes all the while, connects again at once when it is thrown out, and notes what was
/// acknowledged.
final class AcknowledgedWriter: Sendable {
  /// How a session of it writes.
  enum Manner: Sendable, CaseIterable {
    /// In single statements.
    case statement
    case transaction
    /// `BEGIN READ WRITE`
    case readWriteTransaction
    /// With a setting in the connection string.
    case writableByOptions
    /// As a role with a setting of its own.
    case writableByRole
    /// As the superuser.
    case superuser

    var user: String {
      switch self {
      case .writableByRole: "app_rw"
      case .superuser: "postgres"
      default: "app"
      }
    }

    var options: String? { self == .writableByOptions ? "-c default_transaction_read_only=off" : nil }
  }

  struct Log: Sendable {
    var writes: [Write] = []
    /// When the server refused a write or a session, or ended one.
    var refusals: [Double] = []
    /// What it was refused for, other than that it was to be: a sequence that is behind, say.
    var errors: [String] = []
    var acknowledged: [Write] { writes.filter { $0.fate == .acknowledged } }
  }

  private struct State: Sendable {
    var log = Log()
    var running = 0
    var isStopped = false
  }

  private let state = Mutex(State())

  var log: Log { state.withLock { $0.log } }

  /// - Parameters:
  ///   - first: the number of the first session.
  ///   - pause: between two writes of a session, in seconds.
  init(port: Int, manners: [Manner], first: Int, pause: Double = 0.03) {
    state.withLock { $0.running = manners.count }
    for (index, manner) in manners.enumerated() {
      Thread.detachNewThread { [self] in
        write(port: port, manner: manner, session: first + index, pause: pause)
        state.withLock { $0.running -= 1 }
      }
    }
  }

  /// A write that somebody else has seen acknowledged.
  func add(_ write: Write) { state.withLock { $0.log.writes.append(write) } }

  /// Returns when all sessions have ended.
  func stop() async -> Log {
    state.withLock { $0.isStopped = true }
    while state.withLock({ $0.running > 0 }) { try? await Task.sleep(for: .milliseconds(10)) }
    return log
  }

  private func write(port: Int, manner: Manner, session: Int, pause: Double) {
    var connection: PlainSession?
    var round = 0
    while !isStopped {
      do throws(PlainSession.Failure) {
        let current: PlainSession
        if let connection {
          current = connection
        } else {
          current = try PlainSession(
            ShopDatabase.conninfo(port: port, user: manner.user, options: manner.options),
            isStopped: { [self] in isStopped })
          connection = current
        }
        round += 1
        try write(id: session * 1_000_000 + round, session: session, manner, over: current)
        // A cutover that has waited for minutes is not to find tables of another size.
        Thread.sleep(forTimeInterval: round > 400 ? 10 * pause : pause)
      } catch {
        refused(error)
        // Also where only a statement was refused: a new session may be allowed what this one is not.
        connection = nil
        Thread.sleep(forTimeInterval: 0.02)
      }
    }
  }

  private func write(
    id: Int, session: Int, _ manner: Manner, over connection: PlainSession
  ) throws(PlainSession.Failure) {
    let begin = now()
    var commits = false
    do throws(PlainSession.Failure) {
      if manner == .statement {
        commits = true
        try connection.run(ShopDatabase.statement(of: id, session: session))
      } else {
        try connection.run(manner == .readWriteTransaction ? "begin read write" : "begin")
        for statement in ShopDatabase.statements(of: id, session: session) { try connection.run(statement) }
        commits = true
        try connection.run("commit")
      }
      add(Write(id: id, session: session, begunAt: begin, endedAt: now(), fate: .acknowledged))
    } catch {
      if commits, case .lost = error {
        add(Write(id: id, session: session, begunAt: begin, endedAt: now(), fate: .unknown))
      }
      if case .refused = error { _ = try? connection.run("rollback") }
      throw error
    }
  }

  private var isStopped: Bool { state.withLock { $0.isStopped } }

  private func refused(_ failure: PlainSession.Failure) {
    state.withLock { state in
      guard !state.isStopped else { return }
      state.log.refusals.append(now())
      // Read-only, ended, refused to connect, cancelled: that is how writes are blocked.
      if case .refused(let sqlstate, let message) = failure,
        !["25006", "57P01", "57P02", "57P03", "08001", "55000", "57014", "55P03"].contains(sqlstate)
      {
        state.log.errors.append("\(sqlstate) \(message)")
      }
    }
  }
}
