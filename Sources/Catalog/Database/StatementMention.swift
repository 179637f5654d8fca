/// What the statements of applications name of an extension, as far as `pg_stat_statements` of the source has them.
public struct StatementMention: Codable, Sendable, Equatable {
  public var extname: String
  /// How many different ones name a member of it.
  public var statements: Int
  /// `function crypt`, `type hstore`, …: see `ExtensionMention`.
  public var names: [String]

  public init(extname: String, statements: Int, names: [String]) {
    self.extname = extname
    self.statements = statements
    self.names = names
  }

  /// The schema of `pg_stat_statements` where its function is a superuser's, as the extension is: it runs with this
  /// session's rights.
  public static let place = """
    SELECT n.nspname FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_roles o ON o.oid = x.extowner AND o.rolsuper
      JOIN pg_catalog.pg_depend m ON m.classid = 1255::oid AND m.refclassid = 3079::oid AND m.refobjid = x.oid
       AND m.deptype = 'e'::"char"
      JOIN pg_catalog.pg_proc p ON p.oid = m.objid AND p.proname = 'pg_stat_statements'::name AND p.prolang = 13::oid
      JOIN pg_catalog.pg_roles r ON r.oid = p.proowner AND r.rolsuper
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE x.extname = 'pg_stat_statements'::name
    """

  /// Statements are normalized by the server, their constants gone; those that define something are left out, as functions
  /// are searched by themselves.
  ///
  /// - Parameter schema: of `pg_stat_statements`, quoted.
  public static func sql(_ server: ServerVersion, schema: String) -> String {
    let fence = MemberNames.fence(server)
    return """
      WITH \(MemberNames.patterns(server)), texts AS \(fence) (
        SELECT DISTINCT pg_catalog.regexp_replace(pg_catalog.lower(s.query),
                 $$("(?:[^"]|"")*")|'(?:[^']|'')*'|--[^\\n]*|/\\*(?:[^*]|\\*+[^*/])*\\*+/$$, $$\\1 $$, 'g') AS body
          FROM \(schema).pg_stat_statements(true) s
         WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
           AND s.query !~* '^\\s*(create|alter|drop|comment|grant|revoke|do|reindex|analyze|vacuum|refresh)\\M'
      ), found AS \(fence) (
        SELECT n.extname, t.body, n.kind || ' ' || n.name AS name FROM texts t
          JOIN patterns n ON n.kind <> 'column' AND pg_catalog.strpos(t.body, n.low) > 0
         WHERE t.body ~ n.mentioned
      )
      SELECT f.extname, count(DISTINCT f.body) AS statements, array_agg(DISTINCT f.name ORDER BY f.name) AS names
        FROM found f GROUP BY f.extname ORDER BY 1
      """
  }
}
