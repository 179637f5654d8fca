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

  /// A step that another transaction completes, if it is committed. It takes the place of that of one that was not.
  func record(_ step: String, _ detail: String, of transaction: String) -> Statement {
    Statement(
      """
      INSERT INTO \(table) (step, detail) VALUES ($1, $2)
          ON CONFLICT (step) DO UPDATE SET detail = excluded.detail, finished = excluded.finished
      """, [step, "\(detail) \(transaction)"])
  }

  /// The identifier of the transaction that it runs in, in which nothing may have been written yet.
  static let transaction = Statement("SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text")

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

  /// Those that are finished. Rows that another session has loaded are noted before its transaction ends, with that
  /// transaction's identifier (`TableCopy`), and are there if it was committed. Its own records of WAL come before that of
  /// the note, so that no crash can give the identifier to another one that has written.
  ///
  /// - Throws: also where such a transaction has not ended, or the server does not know any more how it did.
  func steps(over connection: Connection) async throws -> [String: String] {
    let rows = try await connection.query("SELECT step, coalesce(detail, '') FROM \(table)")
    var steps = Dictionary(
      (0..<rows.count).map { (rows.text($0, 0) ?? "", rows.text($0, 1) ?? "") }, uniquingKeysWith: { $1 })
    var noted: [String: [String]] = [:]
    for (step, detail) in steps where step.hasPrefix("rows ") {
      let words = detail.split(separator: " ")
      if words.count == 3 { noted[String(words[2]), default: []].append(step) }
    }
    guard !noted.isEmpty else { return steps }
    let ends = try await connection.query(ReadingStatements.endsOfTransactions, [arrayLiteral(noted.keys.sorted())])
    for row in 0..<ends.count {
      guard let transaction = ends.text(row, 0) else { continue }
      switch ends.text(row, 1) {
      case "committed": break
      case "aborted": for step in noted[transaction] ?? [] { steps[step] = nil }
      case "in progress": throw MigrationError("a session of the interrupted run still loads rows: end it")
      default:
        throw MigrationError(
          "the server does not know any more whether transaction \(transaction) of the run was committed")
      }
    }
    return steps
  }

  /// What steps begin with that tell of a privilege on a schema which is to be taken back: their details are its name, the
  /// schema and the role. It is no statement, as it would be one that somebody else may have written.
  static let granted = "granted "

  func revokeGranted(over connection: Connection) async throws {
    let rows = try await connection.query(
      """
      SELECT s.step, (s.detail::text[])[1], (s.detail::text[])[2], (s.detail::text[])[3] FROM \(table) s
       WHERE pg_catalog.starts_with(s.step, $1)
      """, [Self.granted])
    for row in 0..<rows.count {
      guard let step = rows.text(row, 0), let privilege = rows.text(row, 1), ["CREATE", "USAGE"].contains(privilege),
        let schema = rows.text(row, 2), let role = rows.text(row, 3)
      else { continue }
      let quoted = try await connection.quote(identifier: schema)
      let revocation = Statement(
        "REVOKE \(privilege) ON SCHEMA \(quoted) FROM \(try await connection.quote(identifier: role))")
      _ = try await connection.pipeline([[revocation, forget([step])]])[0].get()
    }
  }

  /// The journals that are in a database.
  static func all(over connection: Connection) async throws -> [Journal] {
    let rows = try await connection.query(ReadingStatements.journals)
    return (0..<rows.count).compactMap { rows.text($0, 0).map { Journal(run: $0) } }
  }
}
