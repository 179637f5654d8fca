import Assessment
import Catalog
import FoundationEssentials
import Postgres

/// What a run has finished in one database: a table in a schema of its own on the target, written in the transactions
/// that do the work, so that neither can be there without the other. It is removed when the run is complete.
struct Journal: Sendable {
  /// The run, in eight hexadecimal digits.
  let run: String

  static let prefix = "pgpreflight_journal_"

  var schema: String { Self.prefix + run }
  private var table: String { "\(schema).steps" }

  var creation: [Statement] {
    [
      Statement("CREATE SCHEMA \(schema)"),
      Statement(
        """
        CREATE TABLE \(table) (step pg_catalog.text PRIMARY KEY, detail pg_catalog.text,
                               finished pg_catalog.timestamptz DEFAULT pg_catalog.now())
        """),
    ]
  }

  var removal: Statement { Statement("DROP SCHEMA IF EXISTS \(schema) CASCADE") }

  func record(_ step: String, _ detail: String = "") -> Statement {
    Statement("INSERT INTO \(table) (step, detail) VALUES ($1, $2)", [step, detail])
  }

  /// The step of a database that is complete.
  static let done = "done"

  /// The step that tells that all databases are done: some of the journals are perhaps gone already.
  static let complete = "complete"

  /// What is replicated keeps its manifest until the cutover.
  func close(isReplicating: Bool, over connection: Connection) async throws {
    guard isReplicating, var manifest = try await manifest(over: connection)?.content else {
      _ = try await connection.query(removal.sql)
      return
    }
    manifest.isReplicating = true
    _ = try await connection.pipeline([[try change(to: manifest), forget([Self.complete])]])[0].get()
  }

  func record(finished database: MigratedDatabase) throws -> Statement {
    record(Self.done, String(decoding: try JSONEncoder().encode(database), as: UTF8.self))
  }

  static func finished(_ detail: String) -> MigratedDatabase? {
    try? JSONDecoder().decode(MigratedDatabase.self, from: Data(detail.utf8))
  }

  func forget(_ steps: [String]) -> Statement {
    Statement("DELETE FROM \(table) WHERE step = ANY ($1::pg_catalog.text[])", [arrayLiteral(steps)])
  }

  func steps(over connection: Connection) async throws -> [String: String] {
    let rows = try await connection.query("SELECT step, coalesce(detail, '') FROM \(table)")
    return Dictionary(
      (0..<rows.count).map { (rows.text($0, 0) ?? "", rows.text($0, 1) ?? "") }, uniquingKeysWith: { $1 })
  }

  /// The journals that are in a database.
  static func all(over connection: Connection) async throws -> [Journal] {
    let rows = try await connection.query(ReadingStatements.journals)
    return (0..<rows.count).compactMap { rows.text($0, 0).map { Journal(run: $0) } }
  }
}
