import Assessment
import Catalog
import Postgres

/// How many objects of each kind users have made: neither the server's nor an extension's, nor the journal.
enum ObjectCounts {
  /// - Parameter found: nil where nobody knows what stood on the target before: then what lies in schemas that the source
  ///   lacks is taken for that.
  static func mismatches(
    _ snapshot: SourceSnapshot, _ target: Endpoint, found: FoundBefore?
  ) async throws -> [Verification.Mismatch] {
    let here = try await attempting("counting objects", snapshot.source, database: snapshot.database) {
      try await snapshot.connection.query(ReadingStatements.foundSchemas).decode(FoundBefore.Schema.self)
    }
    return try await target.session(in: snapshot.database, for: "counting objects", purpose: .reading) { connection in
      var kept = found?.kept ?? []
      var others: [String] = []
      if found == nil {
        let there = try await FoundBefore.schemas(over: connection)
        kept = (here + there).filter(\.isOfExtension).map(\.nspname)
        let names = try await attempting("listing the schemas", snapshot.source, database: snapshot.database) {
          try await snapshot.connection.query(ReadingStatements.schemaNames)
        }
        others = try await foreignSchemas(than: names, over: connection)
      }
      let source = try await attempting("counting objects", snapshot.source, database: snapshot.database) {
        try await counts(over: snapshot.connection, leavingOut: kept)
      }
      return mismatches(source, try await counts(over: connection, leavingOut: kept, within: others), found: found)
    }
  }

  /// The schemas of the database that are not among these.
  static func foreignSchemas(than names: Rows, over connection: Connection) async throws -> [String] {
    let here = Set((0..<names.count).compactMap { names.text($0, 0) })
    let there = try await connection.query(ReadingStatements.schemaNames)
    return (0..<there.count).compactMap { there.text($0, 0) }.filter { !here.contains($0) }
  }

  static func mismatches(
    _ here: [String: Int], _ there: [String: Int], found: FoundBefore?
  ) -> [Verification.Mismatch] {
    Set(here.keys).union(there.keys).sorted().compactMap { kind in
      let (source, target) = (here[kind] ?? 0, (there[kind] ?? 0) - (found?.counts[kind] ?? 0))
      guard source != target else { return nil }
      return Verification.Mismatch(object: kind, message: "\(source) on the source, \(target) on the target")
    }
  }

  /// Event triggers and publications are not counted, as they can be left out, nor what belongs to roles. The schema
  /// `public` is in each new database, whether the source has it or not.
  ///
  /// - Parameters:
  ///   - leavingOut: schemas that are not counted themselves.
  ///   - within: schemas in which nothing is counted.
  static func counts(
    over connection: Connection, leavingOut: [String], within: [String] = []
  ) async throws -> [String: Int] {
    let rows = try await connection.query(
      sql(ServerVersion(rawValue: connection.session.serverVersion)), [arrayLiteral(leavingOut), arrayLiteral(within)])
    return Dictionary(
      (0..<rows.count).map { (rows.text($0, 0) ?? "", Int(rows.text($0, 1) ?? "") ?? 0) }, uniquingKeysWith: +)
  }

  static func sql(_ version: ServerVersion) -> String {
    let own = """
      NOT IN (SELECT n.oid FROM pg_catalog.pg_namespace n
               WHERE n.nspname ~ '^(pg_|\(Journal.prefix))' OR n.nspname = 'information_schema'
                  OR n.nspname::text = ANY ($2::text[]))
      """
    func isNoMember(_ catalog: String, _ oid: String) -> String {
      """
      NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.\(catalog)'::pg_catalog.regclass
                     AND d.objid = \(oid) AND d.deptype = 'e')
      """
    }
    func plain(_ kind: String, _ catalog: String, _ namespace: String, where condition: String = "true") -> String {
      """
      UNION ALL
      SELECT '\(kind)', count(*) FROM pg_catalog.\(catalog) x
       WHERE x.\(namespace) \(own) AND (\(condition)) AND \(isNoMember(catalog, "x.oid"))
      """
    }
    func ofTables(_ kind: String, _ catalog: String, _ table: String, where condition: String = "true") -> String {
      """
      UNION ALL
      SELECT '\(kind)', count(*) FROM pg_catalog.\(catalog) x JOIN pg_catalog.pg_class c ON c.oid = x.\(table)
       WHERE (\(condition)) AND c.relnamespace \(own) AND \(isNoMember("pg_class", "c.oid"))
      """
    }
    // From 14 on a range type comes with more functions that make its values.
    func isNoPart(_ catalog: String) -> String {
      isNoMember(catalog, "x.oid").replacing("deptype = 'e'", with: "deptype = 'i'")
    }
    // Constraints of partitions have parents since 11.
    let parentless = version.major >= 11 ? "AND k.conparentid = 0" : ""
    return """
      SELECT CASE c.relkind WHEN 'r' THEN 'tables' WHEN 'p' THEN 'partitioned tables' WHEN 'v' THEN 'views'
                            WHEN 'm' THEN 'materialized views' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'foreign tables'
                            WHEN 'i' THEN 'indexes' WHEN 'I' THEN 'partitioned indexes' WHEN 'c' THEN 'composite types'
                            ELSE c.relkind::text END, count(*)
        FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
       WHERE c.relnamespace \(own) AND \(isNoMember("pg_class", "coalesce(i.indrelid, c.oid)"))
         AND coalesce(i.indisvalid OR c.relkind = 'I', true)
         AND (c.relkind <> 'c' OR \(isNoMember("pg_type", "c.reltype")))
       GROUP BY 1
      UNION ALL
      SELECT CASE k.contype WHEN 'f' THEN 'foreign keys' WHEN 'c' THEN 'check constraints' ELSE 'keys' END, count(*)
        FROM pg_catalog.pg_constraint k
       WHERE k.connamespace \(own) AND k.contype IN ('f', 'c', 'p', 'u', 'x') \(parentless)
         AND (k.conrelid = 0 OR \(isNoMember("pg_class", "k.conrelid")))
       GROUP BY 1
      UNION ALL
      SELECT 'enum labels', count(*) FROM pg_catalog.pg_enum l JOIN pg_catalog.pg_type x ON x.oid = l.enumtypid
       WHERE x.typnamespace \(own) AND \(isNoMember("pg_type", "x.oid"))
      UNION ALL
      SELECT 'schemas', count(*) FROM pg_catalog.pg_namespace x
       WHERE x.oid \(own) AND x.nspname <> 'public' AND NOT x.nspname::text = ANY ($1::text[])
         AND \(isNoMember("pg_namespace", "x.oid"))
      \(plain("functions", "pg_proc", "pronamespace", where: isNoPart("pg_proc")))
      \(plain("types", "pg_type", "typnamespace", where: "x.typtype IN ('d', 'e', 'r')"))
      \(plain("operators", "pg_operator", "oprnamespace"))
      \(plain("operator classes", "pg_opclass", "opcnamespace"))
      \(plain("collations", "pg_collation", "collnamespace"))
      \(plain("conversions", "pg_conversion", "connamespace"))
      \(plain("text search configurations", "pg_ts_config", "cfgnamespace"))
      \(plain("text search dictionaries", "pg_ts_dict", "dictnamespace"))
      \(version.major >= 10 ? plain("statistics objects", "pg_statistic_ext", "stxnamespace") : "")
      \(ofTables("triggers", "pg_trigger", "tgrelid", where: "NOT x.tgisinternal"))
      \(ofTables("rules", "pg_rewrite", "ev_class", where: "x.rulename <> '_RETURN'"))
      \(ofTables("policies", "pg_policy", "polrelid"))
      """
  }
}
