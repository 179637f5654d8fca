/// What PostgreSQL computes when a dump is restored, and a function in SQL without a search path of its own takes part:
/// the expressions of an index, a check constraint, a generated column, or the query of a materialized view.
///
/// Such functions are inlined, so that planning alone tells whether the names in their bodies are found.
public struct UserExpression: CatalogRow {
  public enum Kind: String, Codable, Sendable {
    case index, constraint, column
    case materializedView = "materialized view"
  }

  public var kind: Kind
  /// Of the table, or of the materialized view itself.
  public var nspname: String
  public var relname: String
  /// Of the index, the constraint, the column, or the materialized view.
  public var name: String
  /// A query that computes it.
  public var query: String
  /// The functions, as `regprocedure` names them; empty for a materialized view, which may call them through views.
  public var functions: [String]
  /// For each of them the schema, and the extension or an empty text.
  public var schemas: [String]
  public var extensions: [String]

  public static let subject = "the expressions of indexes, constraints and columns"
  public static let limit = 500

  // 1255 is pg_proc, 1259 pg_class, 2604 pg_attrdef, 2606 pg_constraint; 14 the language SQL. The dependency of an
  // expression on a function is recorded as one of the index, the constraint or the default. Generated columns are new
  // in 12.
  public static func sql(_ server: ServerVersion) -> String {
    let columns =
      server.major >= 12
      ? """
      UNION ALL
      SELECT 'column', a.attrelid, a.attname::text, d.function, pg_catalog.pg_get_expr(f.adbin, f.adrelid), NULL
        FROM called d JOIN pg_catalog.pg_attrdef f ON d.classid = 2604 AND f.oid = d.objid
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum AND a.attgenerated <> ''
      """ : ""
    return """
      WITH called AS (
        SELECT p.oid AS function, d.classid, d.objid
          FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_depend d ON d.refclassid = 1255 AND d.refobjid = p.oid
         WHERE p.oid >= 16384 AND p.prolang = 14 AND d.classid IN (1259, 2604, 2606)
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(p.proconfig) s WHERE pg_catalog.left(s, 12) = 'search_path=')
      ), used (kind, relation, name, function, expression, condition) AS (
        SELECT 'index', i.indrelid, x.relname::text, d.function,
               pg_catalog.pg_get_expr(i.indexprs, i.indrelid), pg_catalog.pg_get_expr(i.indpred, i.indrelid)
          FROM called d JOIN pg_catalog.pg_index i ON d.classid = 1259 AND i.indexrelid = d.objid
          JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        UNION ALL
        SELECT 'constraint', k.conrelid, k.conname::text, d.function,
               pg_catalog.pg_get_expr(k.conbin, k.conrelid), NULL
          FROM called d JOIN pg_catalog.pg_constraint k ON d.classid = 2606 AND k.oid = d.objid AND k.contype = 'c'
        \(columns)
      )
      SELECT u.kind, n.nspname::text AS nspname, c.relname::text AS relname, u.name,
             pg_catalog.format('SELECT ROW(%s) FROM %I.%I%s', u.expression, n.nspname, c.relname,
                               ' WHERE ' || u.condition) AS query,
             pg_catalog.array_agg(u.function::regprocedure::text ORDER BY u.function) AS functions,
             pg_catalog.array_agg(s.nspname::text ORDER BY u.function) AS schemas,
             pg_catalog.array_agg(coalesce(
               (SELECT e.extname::text FROM pg_catalog.pg_depend m JOIN pg_catalog.pg_extension e ON e.oid = m.refobjid
                 WHERE m.classid = 1255 AND m.objid = u.function AND m.deptype = 'e'), '') ORDER BY u.function)
               AS extensions
        FROM (SELECT DISTINCT * FROM used) u
        JOIN pg_catalog.pg_class c ON c.oid = u.relation
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_proc p ON p.oid = u.function
        JOIN pg_catalog.pg_namespace s ON s.oid = p.pronamespace
       WHERE u.relation IN (SELECT c.oid \(userRelations(where: "c.relkind IN ('r', 'p')")))
       GROUP BY u.kind, n.nspname, c.relname, u.name, u.expression, u.condition
      UNION ALL
      SELECT * FROM (
        SELECT 'materialized view', n.nspname::text, c.relname::text, c.relname::text,
               pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';'), '{}'::text[], '{}'::text[], '{}'::text[]
          \(userRelations(where: "c.relkind = 'm' AND c.relispopulated"))) AS v
       ORDER BY 1, 2, 3, 4 LIMIT \(limit)
      """
  }
}

/// One that the source itself can't compute with an empty search path.
public struct FailedExpression: Codable, Sendable, Equatable {
  public var expression: UserExpression
  /// What the server says, and the SQLSTATE.
  public var message: String
  public var sqlstate: String

  public init(_ expression: UserExpression, message: String, sqlstate: String) {
    self.expression = expression
    self.message = message
    self.sqlstate = sqlstate
  }
}
