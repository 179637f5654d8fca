/// A view that reads a column of a system table which a later version's table lacks.
public struct SystemTableColumn: CatalogRow {
  public var nspname: String
  public var relname: String
  public var isMaterialized: Bool
  /// As they were asked for: `pg_database.datlastsysoid`.
  public var columns: [String]

  public static let subject = "the columns of system tables that views read"

  // What depends on a pinned table is not recorded, but a stored query names its OID; the columns are numbers there, so
  // those few queries are looked at as text, without constants and without the names that columns are given.
  // `pg_get_viewdef` takes AccessShareLock on what the view reads.
  public static func sql(_ server: ServerVersion) -> String {
    """
    WITH gone AS (
      SELECT x.name, pg_catalog.split_part(x.name, '.', 2) AS col,
             pg_catalog.to_regclass('pg_catalog.' || pg_catalog.split_part(x.name, '.', 1))::oid AS relation
        FROM pg_catalog.unnest($1::text[]) x (name)
    ), reading AS (
      SELECT r.ev_class, g.name, g.col FROM pg_catalog.pg_rewrite r
        JOIN gone g ON r.ev_action::text LIKE '%:relid ' || g.relation || ' %'
       WHERE r.ev_class >= 16384::oid AND r.rulename = '_RETURN'::name
    ), texts AS (
      SELECT v.ev_class, pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.pg_get_viewdef(v.ev_class),
               $$'([^']|'')*'$$, '', 'g'), $$\\mAS\\s+("[^"]*"|\\w+)$$, '', 'g') AS body
        FROM (SELECT DISTINCT g.ev_class FROM reading g) v
    )
    SELECT n.nspname, c.relname, c.relkind = 'm'::"char" AS is_materialized, array_agg(DISTINCT g.name) AS columns
      FROM reading g JOIN texts t ON t.ev_class = g.ev_class JOIN pg_catalog.pg_class c ON c.oid = g.ev_class
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE (g.col = '' OR t.body ~ ('\\m' || g.col || '\\M')) AND \(isNoMember("c.oid", of: "pg_class"))
     GROUP BY n.nspname, c.relname, c.relkind ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
    """
  }

  public static func parameters(_ removed: [RemovedBuiltin]) -> [String] { [arrayLiteral(removed.map(\.name))] }
}
