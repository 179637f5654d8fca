import Assessment
import Catalog
import Postgres

/// Whether all that is to be migrated is on the target already, so that whoever tries again has nothing left to do. No
/// journal tells that any more: both sides are compared.
public struct EarlierMigration: Sendable {
  private let source: Endpoint
  private let target: Endpoint
  private let comparison: DataComparison
  private let tables: TableFilter
  private let replications: Replications

  public init(source: ConnectionString, target: ConnectionString, settings: DataComparison.Settings) {
    let endpoint = { (side: Side, string: ConnectionString) in
      Endpoint(side: side, string: string, applicationName: "pgpreflight", connectTimeout: settings.connectTimeout)
    }
    self.source = endpoint(.source, source)
    self.target = endpoint(.target, target)
    tables = settings.tables
    comparison = DataComparison(source: source, target: target, settings: settings)
    var others = Replications.Settings()
    (others.jobs, others.connectTimeout) = (settings.jobs, settings.connectTimeout)
    replications = Replications(source: source, target: target, settings: others)
  }

  /// - Parameter options: which databases of the source.
  /// - Returns: what each database is like; nil where one of them is not on the target, or has nothing there.
  /// - Throws: `MigrationError`, `CancellationError`.
  public func report(_ options: CheckOptions) async throws -> MigrationReport? {
    let startedAt = now()
    guard let databases = try await databases(options) else { return nil }
    let isSame = databases.allSatisfy { $0.status != .failed }
    return MigrationReport(
      startedAt: startedAt, finishedAt: now(), status: isSame ? .done : .failed, databases: databases, roles: [])
  }

  private func databases(_ options: CheckOptions) async throws -> [MigratedDatabase]? {
    let names = DatabaseSelection(of: try await comparison.databases(), options: options).selected.map(\.datname)
    var isAnything = false
    for name in names {
      guard try await target.has(database: name, from: nil) else { return nil }
      let (here, there) = (try await hasContent(name, source), try await hasContent(name, target))
      guard there || !here else { return nil }
      isAnything = isAnything || there
    }
    guard isAnything else { return nil }
    let running = try await replications.all().filter(\.hasManifest)
    var databases: [MigratedDatabase] = []
    for name in names {
      if let replication = running.first(where: { $0.database == name }) {
        databases.append(Self.replicated(try await replications.status(of: replication)))
      } else {
        let result = try await comparison.compare([name]) { _ in }
        databases += result.map(Self.copied)
      }
    }
    return databases
  }

  /// Whether it has tables of users that are selected.
  private func hasContent(_ database: String, _ endpoint: Endpoint) async throws -> Bool {
    try await endpoint.session(in: database, for: "looking for tables", purpose: .reading) {
      let rows = try await $0.query(ReadingStatements.comparableTables)
      return (0..<rows.count).contains {
        tables.selects(schema: rows.text($0, 1) ?? "", table: rows.text($0, 2) ?? "", in: database)
      }
    }
  }

  private static func replicated(_ status: ReplicationStatus) -> MigratedDatabase {
    let trouble = status.trouble ?? status.differences.first ?? status.drift?.obstacle()
    return MigratedDatabase(
      name: status.name, method: Method.replication.rawValue, status: trouble == nil ? .inStep : .failed,
      message: trouble
        ?? (status.isInStep
          ? "was being replicated already, and has caught up" : "was being replicated already, and is on its way"))
  }

  private static func copied(_ result: DataComparison.Result) -> MigratedDatabase {
    let mismatches = result.verification?.mismatches ?? []
    let trouble =
      result.error
      ?? mismatches.first.map {
        "is on the target already, and differs in \(mismatches.count) places; \($0.object): \($0.message)"
      }
    var database = MigratedDatabase(
      name: result.name, method: nil, status: trouble == nil ? .done : .failed,
      message: trouble
        ?? (result.verification?.mode == .counts
          ? "was on the target already, with as many rows in each table" : "was on the target already, and is the same")
    )
    database.verification = result.verification
    return database
  }
}
