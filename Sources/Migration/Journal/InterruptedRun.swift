import Catalog
import Postgres

/// A run that did not come to its end, as the target's databases tell.
public struct InterruptedRun: Sendable, Equatable {
  /// In eight hexadecimal digits.
  public var run: String
  /// Those that it had begun.
  public var databases: [String]

  /// Looks for journals in all databases of the target that can be connected to.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  public static func all(on target: ConnectionString, connectTimeout: Duration) async throws -> [InterruptedRun] {
    let endpoint = Endpoint(
      side: .target, string: target, applicationName: "pgpreflight", connectTimeout: connectTimeout)
    let rows = try await endpoint.session(in: nil, for: "listing the databases") {
      try await $0.query(ReadingStatements.databases)
    }
    var databases: [String: [String]] = [:]
    var interrupted: Set<String> = []
    for name in (0..<rows.count).compactMap({ rows.text($0, 0) }) {
      let journals = try await endpoint.ifAdmitted(to: name, for: "looking for an interrupted run") { connection in
        var found: [(run: String, isComplete: Bool)] = []
        for journal in try await Journal.all(over: connection) {
          let manifest = try await journal.manifest(over: connection)?.content
          found.append((journal.run, manifest?.isReplicating == true))
        }
        return found
      }
      for journal in journals ?? [] {
        databases[journal.run, default: []].append(name)
        if !journal.isComplete { interrupted.insert(journal.run) }
      }
    }
    return interrupted.sorted().map { InterruptedRun(run: $0, databases: databases[$0] ?? []) }
  }
}
