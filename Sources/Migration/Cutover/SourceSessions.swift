import Catalog
import Postgres

/// The sessions in the source database that a cutover needs, opened while anybody can open one.
struct SourceSessions: Sendable {
  /// Holds the locks, where others are not kept out, and the snapshot in which both sides are compared.
  let holder: Connection
  /// For all that has to see the present.
  let worker: Connection
  /// For copying and comparing.
  let held: HeldSessions

  /// - Throws: `MigrationError` also where a pooler stands before the server: locks of a session are no good there.
  init(in database: String, of source: Endpoint, jobs: Int) async throws {
    held = try await HeldSessions(jobs, in: database, of: source)
    var opened: [Connection] = []
    do {
      for _ in 0..<2 {
        opened.append(
          try await attempting("connecting", source, database: database) { try await source.connect(to: database) })
      }
      let pid = try await attempting("identifying the session", source, database: database) {
        try await opened[1].query(ReadingStatements.backendPID).text(0, 0)
      }
      guard pid == "\(opened[1].session.backendPID)" else {
        throw MigrationError(
          "the source is reached through a connection pooler: a cutover takes connections to the server itself")
      }
      (holder, worker) = (opened[0], opened[1])
    } catch {
      await held.close()
      for connection in opened { await connection.close() }
      throw error
    }
  }

  var pids: [Int] { held.pids + [holder, worker].map { Int($0.session.backendPID) } }

  func close() async {
    await held.close()
    await holder.close()
    await worker.close()
  }
}
