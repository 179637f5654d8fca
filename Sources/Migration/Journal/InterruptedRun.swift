import Catalog
import Postgres

/// A run that did not come to its end, as the target's databases tell.
public struct InterruptedRun: Sendable, Equatable {
  /// In eight hexadecimal digits.
  public var run: String
  /// Those that it had begun.
  public var databases: [String]
  /// Whether all of them were done, and only its journals are still there, or some of them.
  public var isComplete: Bool

  /// Looks for journals in all databases of the target that can be connected to.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  public static func all(on target: ConnectionString, connectTimeout: Duration) async throws -> [InterruptedRun] {
    let endpoint = endpoint(target, connectTimeout)
    var runs: [String: InterruptedRun] = [:]
    var (interrupted, complete, unfinished): (Set<String>, Set<String>, Set<String>) = ([], [], [])
    for name in try await databases(of: endpoint) {
      let journals = try await endpoint.ifAdmitted(to: name, for: "looking for an interrupted run") { connection in
        var found: [(run: String, isReplicating: Bool, isDone: Bool, isComplete: Bool)] = []
        for journal in try await Journal.all(over: connection) {
          let manifest = try await journal.manifest(over: connection)?.content
          let steps = try await journal.steps(over: connection)
          found.append(
            (
              journal.run, manifest?.isReplicating == true, steps[Journal.done] != nil, steps[Journal.complete] != nil
            ))
        }
        return found
      }
      for journal in journals ?? [] {
        runs[journal.run, default: InterruptedRun(run: journal.run, databases: [], isComplete: false)].databases
          .append(name)
        guard !journal.isReplicating else { continue }
        interrupted.insert(journal.run)
        if journal.isComplete { complete.insert(journal.run) }
        if !journal.isDone { unfinished.insert(journal.run) }
      }
    }
    for run in complete.subtracting(unfinished) { runs[run]?.isComplete = true }
    return interrupted.sorted().compactMap { runs[$0] }
  }

  /// Closes the journals of a run that is complete.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  public func close(on target: ConnectionString, connectTimeout: Duration) async throws {
    let journal = Journal(run: run)
    for database in databases {
      try await Self.endpoint(target, connectTimeout).session(in: database, for: "closing the journal") { connection in
        let done = try await journal.steps(over: connection)[Journal.done].flatMap(Journal.finished)
        try await journal.close(isReplicating: done?.status == .inStep, over: connection)
      }
    }
  }

  private static func endpoint(_ target: ConnectionString, _ timeout: Duration) -> Endpoint {
    Endpoint(side: .target, string: target, applicationName: "pgpreflight", connectTimeout: timeout)
  }

  private static func databases(of endpoint: Endpoint) async throws -> [String] {
    let rows = try await endpoint.session(in: nil, for: "listing the databases") {
      try await $0.query(ReadingStatements.databases)
    }
    return (0..<rows.count).compactMap { rows.text($0, 0) }
  }
}
