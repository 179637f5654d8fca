import Catalog
import Postgres

/// One program at a time works on a run: a lock that a session on the target holds for as long as the program is there.
/// Who resumes a run ends the sessions of the one that was interrupted, and is to be sure that it is.
enum RunLock {
  /// The first of two numbers that name the lock; the second one is the run.
  private static let space = 0x7067_7072
  /// The server takes a moment to notice that a program is gone.
  private static let patience = Duration.seconds(10)

  /// - Parameters:
  ///   - run: in eight hexadecimal digits.
  ///   - target: by a name that the run's other sessions do not have.
  /// - Returns: the session that holds it.
  /// - Throws: `MigrationError` where somebody else has it, `CancellationError`.
  static func take(of run: String, on target: Endpoint) async throws -> Connection {
    let connection = try await attempting("locking the run", target, database: target.string.database ?? "postgres") {
      try await connect(to: target)
    }
    do {
      let end = ContinuousClock.now + patience
      while true {
        let holder = try await attempting("locking the run", target, database: connection.session.database) {
          try await CutoverLock.take(Int(run, radix: 16) ?? 0, in: space, over: connection)
        }
        guard let holder else { return connection }
        guard ContinuousClock.now < end else {
          throw MigrationError("run \(run) is going on: \(holder.words) on the target")
        }
        try await Task.sleep(for: .milliseconds(200))
      }
    } catch {
      await connection.close()
      throw error
    }
  }

  /// Such locks are a database's own: where it can be had, all programs take the same one, whatever their connection
  /// strings name.
  private static func connect(to target: Endpoint) async throws -> Connection {
    if let connection = try? await target.connect(to: "postgres", for: .reading) { return connection }
    return try await target.connect(to: nil, for: .reading)
  }
}
