import Foundation
import Postgres
import Synchronization

/// How `pg_dump` or `pg_restore` connects, and whether its server is still at it.
struct ProgramSession: Sendable {
  let connection: ProgramConnection
  let endpoint: Endpoint
  let database: String
  /// Of its sessions alone.
  let applicationName: String

  /// Whether the server does something for it, other than waiting for it.
  fileprivate func isServed() async throws -> Bool {
    let rows = try await endpoint.session(in: database, for: "looking at a program's session", purpose: .reading) {
      try await $0.query(ReadingStatements.workingSessions, [applicationName])
    }
    return rows.text(0, 0) != "0"
  }
}

/// One that runs.
final class RunningProgram: Sendable {
  private let process = Mutex<Int32?>(nil)

  func began(_ process: Int32) { self.process.withLock { $0 = process } }

  /// Ticks of the processor that it has used; nil where the system does not say.
  ///
  /// Source: manual page proc_pid_stat(5), fields 14 and 15; the second one is a name, in parentheses.
  fileprivate var ticks: Int? {
    guard let process = process.withLock({ $0 }),
      let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .isoLatin1),
      let name = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[name...].split(separator: " ")
    guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else { return nil }
    return user + system
  }
}

/// Programs that run together, one of which may wait for the other. They have no time limit of their own for a server from
/// which nothing arrives any more.
struct ProgramWatch: Sendable {
  let programs: [(name: String, running: RunningProgram, session: ProgramSession)]

  /// Until the task is cancelled.
  ///
  /// - Throws: `MigrationError` where none of them does anything, and no server does anything for them.
  func watch() async throws {
    var last: [Int?] = []
    var idle = 0
    while true {
      try await Task.sleep(for: .seconds(idle == 0 ? 30 : 5))
      let ticks = programs.map(\.running.ticks)
      defer { last = ticks }
      guard ticks == last, !ticks.contains(nil), try await !areServed() else {
        idle = 0
        continue
      }
      idle += 1
      guard idle < 3 else {
        let names = programs.map(\.name).joined(separator: " and ")
        throw MigrationError("\(names) and the server wait for one another: the connection is frozen; it was given up")
      }
    }
  }

  private func areServed() async throws -> Bool {
    for program in programs {
      do {
        if try await program.session.isServed() { return true }
      } catch is MigrationError {
        // Who can't be connected to serves nobody.
        try Task.checkCancellation()
      }
    }
    return false
  }
}
