import Assessment
import Catalog
import FoundationEssentials
import Postgres

/// What a run has finished in one database: a table in a schema of its own on the target, written in the transactions
/// that do the work, so that neither can be there without the other. It is removed when the run is complete.
struct Journal: Sendable {
  /// The run, in eight hexadecimal digits.
  let run: String
  /// Whether the run has come to its end, and the journal is kept for a replication.
  var isComplete = false

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

  func record(finished database: MigratedDatabase) throws -> Statement {
    record(Self.done, String(decoding: try JSONEncoder().encode(database), as: UTF8.self))
  }

  static func finished(_ detail: String) -> MigratedDatabase? {
    try? JSONDecoder().decode(MigratedDatabase.self, from: Data(detail.utf8))
  }

  func forget(_ step: String) -> Statement { Statement("DELETE FROM \(table) WHERE step = $1", [step]) }

  func steps(over connection: Connection) async throws -> [String: String] {
    let rows = try await connection.query("SELECT step, coalesce(detail, '') FROM \(table)")
    return Dictionary(
      (0..<rows.count).map { (rows.text($0, 0) ?? "", rows.text($0, 1) ?? "") }, uniquingKeysWith: { $1 })
  }

  /// The journals that are in a database.
  static func all(over connection: Connection) async throws -> [Journal] {
    let rows = try await connection.query(ReadingStatements.journals)
    return (0..<rows.count).compactMap { row in
      rows.text(row, 0).map { Journal(run: $0, isComplete: rows.text(row, 1) == completed) }
    }
  }
}
