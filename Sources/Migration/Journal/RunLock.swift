import Catalog
import Postgres

/// One program at a time works on a run: a lock that a session on the target holds for as long as the program is there.
/// Who resumes a run ends the sessions of the one that was interrupted, and is to be sure that it is.
actor RunLock {
  /// The first of two numbers that name the lock; the second one is the run.
  private static let space = 0x7067_7072
  /// The server takes a moment to notice that a program is gone.
  private static let patience = Duration.seconds(10)
  /// How long a session that was lost is not noticed, and how long the server may take to say that it is there.
  private static let interval = Duration.seconds(5)

  private let run: String
  private let target: Endpoint
  private var session: Connection
  private var lastLook: ContinuousClock.Instant

  /// - Parameters:
  ///   - run: in eight hexadecimal digits.
  ///   - target: by a name that the run's other sessions do not have.
  /// - Throws: `MigrationError` where somebody else has it, `CancellationError`.
  init(of run: String, on target: Endpoint) async throws {
    self.run = run
    self.target = target
    session = try await Self.take(run, on: target)
    lastLook = .now
  }

  func close() async { await session.close() }

  /// Looks again and again whether the lock is still held, and takes it again where the session was lost.
  ///
  /// - Throws: `MigrationError` where that can't be had: somebody else has perhaps taken the run over. `CancellationError`.
  func watch() async throws {
    while true {
      try await Task.sleep(for: Self.interval)
      try await look()
    }
  }

  /// Several watch it: one of them looks for all.
  private func look() async throws {
    guard lastLook + Self.interval <= .now else { return }
    lastLook = .now
    do {
      _ = try await session.query(ReadingStatements.backendPID)
    } catch let error as PostgresError {
      guard error.isConnectionLost else { throw error }
      await session.close()
      session = try await Self.take(run, on: target)
    }
  }

  private static func take(_ run: String, on target: Endpoint) async throws -> Connection {
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
