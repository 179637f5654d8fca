import Catalog
import Postgres
import Rules

/// A table of the source, and whether its changes can be published.
struct PublishedTable: Sendable, Equatable {
  /// A row of the source's catalog.
  private struct Row: Decodable, Sendable {
    var oid: Int
    var nspname: String
    var relname: String
    @QuotedName var name: String
    var isLogged: Bool
    var hasIdentity: Bool
    var isRouted: Bool
  }

  var oid: Int
  var nspname: String
  var relname: String
  /// Qualified, quoted.
  var name: String
  /// Why its rows are copied at cutover instead. A table without a replica identity is never published: its updates
  /// would fail from then on, for everybody (PostgreSQL documentation, "Publication").
  var obstacle: Crossing.LateTable.Reason?

  /// Ordinary tables and partitions of users, and the configuration tables of extensions that are all the database's own
  /// and the role's to publish. The others' own rows are copied at cutover: what the extension brings, the target has too.
  private static func sql(_ version: ServerVersion) -> String {
    """
    SELECT c.oid, n.nspname, c.relname, c.oid::pg_catalog.regclass::text AS name,
           c.relpersistence = 'p' AS is_logged,
           CASE c.relreplident
             WHEN 'd' THEN EXISTS (SELECT FROM pg_catalog.pg_index i
                                    WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate AND i.indisvalid)
             WHEN 'i' THEN EXISTS (SELECT FROM pg_catalog.pg_index i
                                    WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid)
             ELSE c.relreplident = 'f' END AS has_identity,
           \(SourceTable.routedThrough(version)) IS NOT NULL AS is_routed
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                           AND d.deptype = 'e')
            OR $2::bool AND pg_catalog.pg_has_role(c.relowner, 'USAGE') AND EXISTS (
                 SELECT FROM pg_catalog.pg_extension e
                  CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition))
                     AS t(relation, condition)
                  WHERE t.relation = c.oid AND coalesce(t.condition, '') = '' AND NOT e.extname = ANY ($1::text[])))
     ORDER BY c.oid
    """
  }

  /// What is selected of a database.
  ///
  /// - Parameter crossing: what of it the plan replicates, and how; nil where it tells nothing.
  static func all(
    of database: String, over connection: Connection, options: CheckOptions, crossing: Crossing?
  ) async throws -> [PublishedTable] {
    let late = Dictionary(
      (crossing?.copiesAtCutover == true ? crossing?.tables ?? [] : []).map { ($0.qualifiedName, $0.reason) },
      uniquingKeysWith: { first, _ in first })
    let given = Set((crossing?.changes ?? []).map(\.qualifiedName))
    return try await connection.query(
      sql(ServerVersion(rawValue: connection.session.serverVersion)),
      [arrayLiteral(options.excludedExtensions), "\(options.replicatesExtensionTables)"]
    ).decode(Row.self)
      .filter { options.tables.selects(schema: $0.nspname, table: $0.relname, in: database) }
      .map { row in
        let name = qualifiedIdentifier(row.nspname, row.relname)
        let obstacle: Crossing.LateTable.Reason? =
          if !row.isLogged {
            .unlogged
          } else if !row.hasIdentity, !given.contains(name) {
            .noReplicaIdentity
          } else if row.isRouted {
            .routedElsewhere
          } else {
            late[name]
          }
        return PublishedTable(
          oid: row.oid, nspname: row.nspname, relname: row.relname, name: row.name, obstacle: obstacle)
      }
  }
}
