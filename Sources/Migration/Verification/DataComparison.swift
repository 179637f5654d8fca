import Assessment
import Catalog
import Postgres

/// Compares the rows of databases that both servers have, whoever has copied them.
///
/// Neither server is written to. The source is read in one snapshot for each database; what is written to it while the
/// target is read counts as a difference.
public struct DataComparison: Sendable {
  public struct Settings: Sendable {
    public var jobs = 4
    public var connectTimeout = Duration.seconds(10)
    public var mode = Verification.Mode.counts
    public var tables = TableFilter.all
    public var excludedExtensions: [String] = []

    public init() {}
  }

  /// What came out for one database.
  public struct Result: Codable, Sendable, Equatable {
    public var name: String
    public var verification: Verification?
    /// Why it could not be compared.
    public var error: String?
  }

  private let settings: Settings
  private let source: Endpoint
  private let target: Endpoint

  public init(source: ConnectionString, target: ConnectionString, settings: Settings) {
    self.settings = settings
    let name = "pgpreflight verify"
    self.source = Endpoint(
      side: .source, string: source, applicationName: name, connectTimeout: settings.connectTimeout)
    self.target = Endpoint(
      side: .target, string: target, applicationName: name, connectTimeout: settings.connectTimeout)
  }

  /// The databases of the source, as far as they can be connected to.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  public func databases() async throws -> [Database] {
    try await source.session(in: nil, for: "listing the databases") { connection in
      let version = ServerVersion(rawValue: connection.session.serverVersion)
      return try await connection.query(Database.sql(version)).decode(Database.self)
    }
  }

  /// - Throws: only `CancellationError`.
  public func compare(_ names: [String], progress: @Sendable (Result) -> Void) async throws -> [Result] {
    let slots = Slots(settings.jobs)
    var results: [Result] = []
    for name in names {
      var result = Result(name: name)
      do {
        result.verification = try await compare(name, slots)
      } catch let error as CancellationError {
        throw error
      } catch {
        result.error = "\(error)"
      }
      progress(result)
      results.append(result)
    }
    return results
  }

  private func compare(_ name: String, _ slots: Slots) async throws -> Verification {
    let snapshot = try await SourceSnapshot(of: name, from: source)
    do {
      let rows = try await attempting("listing the tables", source, database: name) {
        try await snapshot.connection.query(ReadingStatements.comparableTables)
      }
      let chosen = (0..<rows.count).filter { row in
        settings.tables.selects(schema: rows.text(row, 1) ?? "", table: rows.text(row, 2) ?? "", in: name)
      }
      let tables = try await snapshot.rows(
        of: SourceTable.self, for: "listing the tables", SourceTable.sql(snapshot.version),
        [
          arrayLiteral(chosen.compactMap { rows.text($0, 0).flatMap { Int($0) } }),
          arrayLiteral(settings.excludedExtensions),
        ])
      let isWhole = settings.tables == .all && settings.excludedExtensions.isEmpty
      var verification = try await Verifier(
        mode: settings.mode, snapshot: snapshot, target: target, slots: slots, jobs: settings.jobs,
        comparesObjects: isWhole
      ).run(isWhole ? tables : tables.filter { !$0.isOfExtension })
      if isWhole, settings.mode != .none {
        verification.mismatches += try await LargeObjectComparison(snapshot, target, settings.mode).mismatches()
        verification.mismatches += try await SequenceValues(database: name, source: source, target: target).behind()
      }
      await snapshot.close()
      return verification
    } catch {
      await snapshot.close()
      throw error
    }
  }
}
