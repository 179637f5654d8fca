import Catalog
import Postgres

/// What an inspection sends beside the queries of the catalogs, each of which stands with its row in `Catalog`.
///
/// Nothing here plans, executes or names anything outside `pg_catalog` but `cronJobs`, which is sent only where the table
/// is the extension's own and a superuser's, and which COPY reads without a plan; `hasOwnRows`, which is sent only where
/// extension and table are a superuser's; and `statementMentions`, where `pg_stat_statements` is one's.
public enum InspectionStatements {
  static let begin = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  static let rollback = Statement("ROLLBACK")
  static let savepoint = Statement("SAVEPOINT inspected")
  static let rollbackToSavepoint = Statement("ROLLBACK TO SAVEPOINT inspected")

  /// Whether the server was built with libxml.
  static let xml = Statement("SELECT '<a/>'::pg_catalog.xml")

  /// Fails where the operating system does not know the locale.
  static func locale(_ name: String) -> Statement {
    Statement("SELECT pg_catalog.set_config('lc_monetary', $1, true)", [name])
  }

  /// Fails where there is no such object.
  static func address(type: String, names: String, arguments: String) -> Statement {
    Statement("SELECT pg_catalog.pg_get_object_address($1, $2::text[], $3::text[])", [type, names, arguments])
  }

  private static var ownRowsOfCatalog: Statement {
    hasOwnRows(
      ExtensionTableCondition(
        nspname: "pg_catalog", relname: "pg_class", condition: "WHERE relname IS NULL", isGenuine: true))
  }

  static let cronJobs = "COPY cron.job (active) TO STDOUT"

  /// The condition is the extension's own (`pg_extension_config_dump`).
  static func hasOwnRows(_ table: ExtensionTableCondition) -> Statement {
    Statement(
      "SELECT EXISTS (SELECT FROM ONLY \(Quoting.identifier(table.nspname)).\(Quoting.identifier(table.relname)) "
        + "\(table.condition))")
  }

  static let placeOfStatements = Statement(StatementMention.place)

  /// - Parameter schema: of `pg_stat_statements`.
  static func statementMentions(in schema: String, _ version: ServerVersion) -> Statement {
    Statement(StatementMention.sql(version, schema: Quoting.identifier(schema)))
  }

  /// The texts of all of them.
  public static let all =
    [
      begin, rollback, savepoint, rollbackToSavepoint, xml, locale(""), address(type: "", names: "", arguments: ""),
      ownRowsOfCatalog, placeOfStatements,
    ]
    .map(\.sql) + [cronJobs]
}
