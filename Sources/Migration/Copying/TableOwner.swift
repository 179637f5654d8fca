import Catalog
import Postgres

/// A table of the target that has code of an owner who is no superuser, and who that is; or one of a superuser, with code of
/// somebody else.
struct TableOwner: Decodable, Sendable, Equatable {
  /// Qualified, quoted.
  @QuotedName var table: String
  var owner: String
  /// What has the code, in words: `check positive`, `partition key of t`.
  var code: [String]
  /// What of the owner's privileges, which a load as the owner takes, is missing.
  var lacks: [String]
  /// Whether the owner is a superuser, and the code somebody else's.
  var isSuperuser: Bool
  /// Whether row security holds for the owner too.
  var isForced: Bool

  /// Not those of role `$1`, which loads: their code runs with its rights in any case.
  static func sql(_ version: ServerVersion) -> String {
    """
    WITH RECURSIVE \(codeOfTables(version))
    SELECT c.oid::pg_catalog.regclass::text AS table, r.rolname AS owner, d.code,
           pg_catalog.array_remove(ARRAY[
             CASE WHEN NOT pg_catalog.has_schema_privilege(r.oid, c.relnamespace, 'USAGE') THEN 'USAGE on the schema' END,
             CASE WHEN NOT pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT') THEN 'INSERT on the table' END,
             CASE WHEN NOT pg_catalog.has_table_privilege(r.oid, c.oid, 'TRUNCATE') THEN 'TRUNCATE on the table' END],
             NULL) AS lacks,
           r.rolsuper AS is_superuser, c.relrowsecurity AND c.relforcerowsecurity AS is_forced
      FROM (SELECT k.relation, bool_or(k.is_planted) AS is_planted,
                   array_agg(DISTINCT k.kind || ' ' || k.name ORDER BY k.kind || ' ' || k.name) AS code
              FROM code k GROUP BY k.relation) d
      JOIN pg_catalog.pg_class c ON c.oid = d.relation
      JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
     WHERE c.relkind IN ('r', 'p') AND (r.rolsuper AND d.is_planted OR NOT r.rolsuper AND r.rolname <> $1)
     ORDER BY c.oid
    """
  }

  var words: String { "table \(table) of role \(quotedIdentifier(owner)) (\(code.joined(separator: ", ")))" }
}
