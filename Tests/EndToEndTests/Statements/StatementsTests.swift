import Catalog
import Foundation
import Inspection
import Migration
import Postgres
import TestSupport
import Testing

/// What this program asks servers is listed, and none of it reaches anything that a user could have defined.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct StatementsTests {
  /// Names and texts of all statements that read, for a server of that version.
  static func all(on version: ServerVersion) -> [(name: String, sql: String)] {
    CatalogStatements.all(on: version) + InspectionStatements.all.map { ("inspection", $0) }
      + ReadingStatements.all(on: version).map { ("reading", $0) }
      + [SessionPurpose.reading, .writing].flatMap { purpose in
        SessionSettings.statements(
          for: purpose, on: version.rawValue, isLocal: true, timeouts: (statement: 60_000, lock: 5000)
        ).map { ("settings", $0.sql) }
      }
  }

  /// Without a plan or a query: transactions, settings, and COPY of one table of an extension.
  private static let utility = [
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "ROLLBACK", "SAVEPOINT inspected",
    "ROLLBACK TO SAVEPOINT inspected", "SET LOCAL search_path = ''", "SET LOCAL statement_timeout = 60000",
    "COPY cron.job (active) TO STDOUT",
  ]

  @Test func `every type of row is listed`() throws {
    let sources = URL(filePath: #filePath).appending(path: "../../../../Sources").standardizedFileURL
    var declared: Set<String> = []
    for case let file as URL in try #require(
      FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)) where file.pathExtension == "swift"
    {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /(?:struct|enum|class) (\w+): [^{\n]*\bCatalogRow\b/) {
        declared.insert(String(match.output.1))
      }
    }
    #expect(declared.count > 70)
    #expect(declared == Set(CatalogStatements.rows.map { "\($0)" }))
  }

  @Test(arguments: [90_600, 100_000, 110_000, 120_000, 130_016, 140_000, 150_020, 160_014, 170_010, 180_006, 190_000])
  func `no statement has the server plan something, or is more than one`(version: Int) {
    for (name, sql) in Self.all(on: ServerVersion(rawValue: version)) {
      #expect(
        !sql.contains(/(?i)\b(explain|prepare|execute|do|call|refresh|analyze|listen|declare)\b/), "\(name): \(sql)")
      let isReading = sql.hasPrefix("SELECT ") || sql.hasPrefix("WITH ")
      #expect(isReading || Self.utility.contains(sql), "\(name): \(sql)")
      // Within strings and regular expressions there may be one.
      #expect(!sql.replacing(/'[^']*'|\$\$.*?\$\$/, with: "").contains(";"), "\(name): \(sql)")
    }
  }

  /// The server itself says what a statement refers to: it parses each one as the body of a function, in a database in
  /// which nobody has defined anything.
  @Test(.needsPostgres(15, 16, 17, 18), arguments: [15, 16, 17, 18])
  func `the server finds only its own relations, functions and operators in each statement`(version: Int) async throws {
    let cluster = try await TestCluster.start(version: version)
    let connection = try await Connection.connect(ConnectionString(cluster.connectionString()))
    _ = try await connection.query("SET search_path = ''")
    _ = try await connection.query("CREATE SCHEMA probe")
    var called: Set<String> = []
    let server = ServerVersion(rawValue: connection.session.serverVersion)
    for (name, sql) in Self.all(on: server) where !Self.utility.contains(sql) {
      let count = sql.matches(of: /\$([0-9])\b/).compactMap { Int($0.output.1) }.max() ?? 0
      let parameters = Array(repeating: "text", count: count).joined(separator: ", ")
      let body = "CREATE FUNCTION probe.one(\(parameters)) RETURNS void LANGUAGE sql BEGIN ATOMIC \(sql);\nEND"
      do {
        _ = try await connection.query(body)
      } catch let error as PostgresError {
        // A server that was built without libxml says so.
        if error.sqlstate == "0A000", sql.contains("pg_catalog.xml") { continue }
        Issue.record("\(name): \(error.message)\n\(sql)")
        continue
      }
      let found = try await connection.query(
        """
        SELECT m[1], m[2]::oid >= 16384,
               CASE m[1] WHEN 'relid' THEN (SELECT c.relnamespace = 11 FROM pg_catalog.pg_class c WHERE c.oid = m[2]::oid)
                         WHEN 'opno' THEN (SELECT o.oprnamespace = 11 FROM pg_catalog.pg_operator o WHERE o.oid = m[2]::oid)
                         ELSE (SELECT f.pronamespace = 11 FROM pg_catalog.pg_proc f WHERE f.oid = m[2]::oid) END,
               CASE WHEN m[1] LIKE '%f%id' OR m[1] LIKE '%fnoid' THEN
                 (SELECT f.proname FROM pg_catalog.pg_proc f WHERE f.oid = m[2]::oid) END
          FROM pg_catalog.pg_proc p,
               pg_catalog.regexp_matches(p.prosqlbody::text, ':(relid|opno|opfuncid|funcid|aggfnoid|winfnoid) ([0-9]+)', 'g') m
         WHERE p.oid = 'probe.one'::regproc AND m[2] <> '0'
        """)
      for row in 0..<found.count {
        #expect(found.text(row, 1) == "f" && found.text(row, 2) == "t", "\(name): \(found.text(row, 0) ?? "")\n\(sql)")
        if found.text(row, 0) == "funcid" || found.text(row, 0)?.hasSuffix("fnoid") == true {
          called.insert(found.text(row, 3) ?? "")
        }
      }
      _ = try await connection.query("DROP FUNCTION probe.one")
    }
    await connection.close()
    #expect(called.subtracting(Self.functions).sorted() == [])
  }

  /// All functions that statements call by name. None of them runs what users have defined: they look into catalogs,
  /// take texts apart, count and measure. A new one is added here after a look at what it does with the names or OIDs
  /// that it is given (`query_to_xml`, `ts_stat` and `lo_get` are functions of the server's, too).
  private static let functions: Set<String> = [
    "abs", "acldefault", "aclexplode", "age", "array_agg", "array_remove", "array_to_string", "array_upper", "bit",
    "bool_or", "chareq",
    "charne", "clock_timestamp", "concat", "concat_ws", "count", "current_database", "current_setting", "encode",
    "extract", "float8", "floor", "format", "format_type", "generate_series", "has_any_column_privilege",
    "has_database_privilege",
    "has_parameter_privilege", "has_schema_privilege", "has_sequence_privilege", "has_table_privilege",
    "has_tablespace_privilege", "hashtextextended", "host", "inet_server_addr", "inet_server_port", "int2", "int4",
    "int8", "json_agg", "json_build_array", "json_build_object", "json_object_agg", "json_strip_nulls", "left",
    "length", "lower", "max", "md5", "min", "mxid_age", "name", "now", "numeric", "obj_description", "oidge", "oidne",
    "oidvectortypes", "parse_ident", "pg_available_extension_versions", "pg_available_extensions", "pg_backend_pid",
    "pg_blocking_pids", "pg_collation_actual_version", "pg_config", "pg_control_checkpoint", "pg_control_init",
    "pg_control_system", "pg_current_wal_flush_lsn", "pg_current_wal_lsn", "pg_database_collation_actual_version",
    "pg_database_size", "pg_describe_object", "pg_encoding_to_char", "pg_export_snapshot", "pg_get_constraintdef",
    "pg_get_expr", "pg_get_function_arguments", "pg_get_function_identity_arguments", "pg_get_function_result",
    "pg_get_functiondef", "pg_get_indexdef", "pg_get_keywords", "pg_get_object_address", "pg_get_partkeydef",
    "pg_get_ruledef", "pg_get_statisticsobjdef", "pg_get_triggerdef", "pg_get_userbyid", "pg_get_viewdef",
    "pg_has_role", "pg_identify_object", "pg_identify_object_as_address", "pg_is_in_recovery",
    "pg_postmaster_start_time", "pg_relation_filenode", "pg_relation_size", "pg_sequence_last_value", "pg_stat_file",
    "pg_stat_clear_snapshot", "pg_stat_get_activity",
    "pg_stat_get_db_stat_reset_time", "pg_stat_get_live_tuples", "pg_stat_get_tuples_deleted",
    "pg_stat_get_tuples_inserted", "pg_stat_get_tuples_updated",
    "pg_stat_get_wal", "pg_table_size", "pg_total_relation_size", "pg_try_advisory_lock", "pg_wal_lsn_diff",
    "pg_walfile_name", "pg_xact_status", "quote_ident", "quote_nullable", "regexp_matches", "regexp_replace",
    "replace",
    "row_number",
    "row_security_active", "set_config", "shobj_description", "split_part", "string_agg", "string_to_array", "strpos",
    "substr", "substring", "sum", "text", "textne", "timezone", "to_char", "to_regclass",
    "to_regoperator", "to_regprocedure",
    "txid_current_snapshot", "txid_snapshot_xmax", "unnest", "version",
  ]
}
