/// A relation that the connected role may not read.
public struct UnreadableRelation: CatalogRow {
  /// How many there are in all; rows are given for some of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  /// `r`, `p`, `m` or `S`, as in `pg_class.relkind`.
  public var kind: String
  public var schemaUsage: Bool
  /// The extension that it belongs to; empty for users' own.
  public var `extension`: String

  public static let subject = "what this role may not read"

  // pg_dump locks and reads every table and every sequence, of extensions those that hold configuration. Views are
  // only defined, not read.
  public static func sql(_ server: ServerVersion) -> String {
    let isUnreadable = """
      (NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            OR CASE WHEN c.relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                    ELSE NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') END)
      """
    return """
      SELECT count(*) OVER () AS n_total, n.nspname, c.relname, c.relkind::text AS kind,
             pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usage, \(configuredExtension) AS extension
        \(userRelations(where: "c.relkind IN ('r', 'p', 'm', 'S') AND \(isUnreadable)", withConfiguration: true))
       ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT 20
      """
  }
}
