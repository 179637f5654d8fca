import Catalog
import Postgres

/// Privileges on what belongs to extensions that are left out: a dump holds those that were changed, whether it creates the
/// extension or not.
enum ExtensionPrivileges {
  /// How the entries of an archive begin that grant them, as `pg_restore --list` writes it.
  static func entries(of extensions: [String], over connection: Connection) async throws -> [String] {
    guard !extensions.isEmpty else { return [] }
    func members(_ catalog: String) -> String {
      """
      x.oid IN (SELECT d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
                 WHERE d.classid = 'pg_catalog.\(catalog)'::pg_catalog.regclass AND d.deptype = 'e'
                   AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                   AND e.extname = ANY ($1::text[]))
      """
    }
    // As `--quote-all-identifiers` has it.
    func quoted(_ name: String) -> String { #"'"' || pg_catalog.replace(\#(name)::text, '"', '""') || '"'"# }
    let rows = try await connection.query(
      """
      SELECT pg_catalog.translate(y.words, E'\\n\\r', '  ') FROM (
        SELECT 'ACL ' || n.nspname || CASE x.relkind WHEN 'S' THEN ' SEQUENCE ' ELSE ' TABLE ' END || \(quoted("x.relname")) || ' '
          FROM pg_catalog.pg_class x JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
         WHERE \(members("pg_class"))
        UNION ALL
        SELECT 'ACL ' || n.nspname || ' COLUMN ' || \(quoted("x.relname")) || '.'
          FROM pg_catalog.pg_class x JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
         WHERE \(members("pg_class"))
        UNION ALL
        SELECT 'ACL ' || n.nspname || k.word || \(quoted("x.proname")) || '('
          FROM pg_catalog.pg_proc x JOIN pg_catalog.pg_namespace n ON n.oid = x.pronamespace
         CROSS JOIN (VALUES (' FUNCTION '), (' PROCEDURE ')) AS k(word) WHERE \(members("pg_proc"))
        UNION ALL
        SELECT 'ACL ' || n.nspname || ' TYPE ' || \(quoted("x.typname")) || ' '
          FROM pg_catalog.pg_type x JOIN pg_catalog.pg_namespace n ON n.oid = x.typnamespace
         WHERE \(members("pg_type"))
        UNION ALL
        SELECT 'ACL - SCHEMA ' || \(quoted("x.nspname")) || ' ' FROM pg_catalog.pg_namespace x WHERE \(members("pg_namespace"))
      ) AS y(words)
      """, [arrayLiteral(extensions)])
    return (0..<rows.count).compactMap { rows.text($0, 0) }
  }
}
