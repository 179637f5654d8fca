import Assessment
import Foundation
import TestSupport
import Testing

/// Whatever a role or a database has set, a check says the same.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct SessionSettingsTests {
  /// Each changes what a statement means, how a value is written, how long a session lives, or how it is planned.
  private static func hostile(_ version: Int) -> [String: String] {
    var settings = [
      "quote_all_identifiers": "on", "standard_conforming_strings": "off", "transform_null_equals": "on",
      "array_nulls": "off", "DateStyle": "'SQL, DMY'", "IntervalStyle": "sql_standard",
      "TimeZone": "'Pacific/Kiritimati'", "bytea_output": "escape", "extra_float_digits": "-15",
      "xmloption": "document",
      "xmlbinary": "hex", "search_path": "trap, pg_catalog", "lock_timeout": "'1ms'",
      "idle_in_transaction_session_timeout": "'1ms'", "row_security": "off", "client_min_messages": "debug5",
      "debug_print_plan": "on", "jit": "on", "jit_above_cost": "0", "default_transaction_isolation": "serializable",
      "default_transaction_read_only": "on", "default_transaction_deferrable": "on", "exit_on_error": "on",
      "backslash_quote": "off", "escape_string_warning": "on", "from_collapse_limit": "1", "join_collapse_limit": "1",
      "geqo_threshold": "2", "work_mem": "'64kB'", "random_page_cost": "1e9", "seq_page_cost": "1e9",
      "enable_hashjoin": "off", "enable_indexscan": "off", "enable_bitmapscan": "off", "enable_sort": "off",
      "plan_cache_mode": "force_generic_plan", "statement_timeout": "'1ms'", "lc_numeric": "'C.UTF-8'",
      version >= 16 ? "debug_parallel_query" : "force_parallel_mode": version >= 16 ? "regress" : "regress",
    ]
    if version >= 14 { settings["idle_session_timeout"] = "'1ms'" }
    if version >= 17 { settings["transaction_timeout"] = "'1ms'" }
    return settings
  }

  /// What these say is about settings, or about sizes, which change as the servers write.
  private static let aboutSettings: Set<String> = [
    "target-not-in-recovery", "role-settings-valid", "database-properties", "session-timeouts", "semantics-settings",
    "replication-timeouts",
    "size-summary", "estimated-duration", "target-disk-space",
  ]

  private static func start(_ version: Int) async throws -> Move {
    let move = try await Move.start(to: version)
    try await move.makeEverything(icu: false, xml: false)
    for cluster in [move.source, move.target] {
      try await cluster.sql("create role inspector superuser login; create role weak")
      try await cluster.sql("create database app")
      try await cluster.sql(
        """
        create schema trap; create table "Mixed Case" (a int primary key, "b c" text); create table plain (a int);
        create function trap.same(name, name) returns bool language plpgsql as
          $$ begin raise exception 'trapped'; end $$;
        create operator trap.= (leftarg = name, rightarg = name, function = trap.same);
        create view trap.pg_roles as select 1 as oid;
        """, database: "app")
    }
    return move
  }

  private static func set(_ cluster: TestCluster, _ settings: [String: String]) async throws {
    let sql = settings.sorted { $0.key < $1.key }.map {
      "alter database app set \($0.key) = \($0.value); alter role inspector set \($0.key) = \($0.value);"
    }
    try await cluster.sql(sql.joined(separator: "\n"))
  }

  private static func said(_ run: CheckRun) throws -> [String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try run.report.outcomes.filter { !aboutSettings.contains($0.rule) }.map { outcome in
      var outcome = outcome
      outcome.durationSeconds = 0
      return String(decoding: try encoder.encode(outcome), as: UTF8.self)
    }
  }

  @Test(.needsPostgres(15, 17), arguments: [15, 17])
  func `settings of roles and databases change nothing but what is said of them`(version: Int) async throws {
    let move = try await Self.start(version)
    let arguments = [
      "--source", move.source.connectionString(database: "app", user: "inspector"), "--target",
      move.target.connectionString(database: "app", user: "inspector"), "--jobs", "1",
    ]
    _ = try await check(arguments)
    let before = try Self.said(try await check(arguments))
    try await Self.set(move.source, Self.hostile(15))
    try await Self.set(move.target, Self.hostile(version))
    for cluster in [move.source, move.target] { try await cluster.sql("alter database app set role = weak") }
    let run = try await check(arguments)
    try #require(run.report.source.reachable && run.report.target.reachable)
    for (expected, found) in zip(before, try Self.said(run)) { #expect(found == expected) }
    #expect(!(try move.source.logText()).contains("trapped"))
    // A dump and a comparison find their way, too.
    let verified = try await move.command(
      "verify", ["--include-database", "app"], connections: Array(arguments.prefix(4)))
    #expect(verified.stdout.contains("are the same"), "\(verified.stdout)\(verified.stderr)")
  }

  @Test(.needsPooler) func `nor do they through a pooler`() async throws {
    let move = try await Self.start(15)
    let pooler = try await TestPooler.start(for: move.source, mode: .transaction)
    let arguments = [
      "--source", pooler.connectionString(database: "app"), "--target",
      move.target.connectionString(database: "app", user: "inspector"), "--jobs", "1",
    ]
    let before = try Self.said(try await check(arguments))
    // The pooler's own sessions live by these.
    let lasting = Self.hostile(15).filter {
      !["statement_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout"].contains($0.key)
    }
    try await Self.set(move.source, lasting)
    let other = try await TestPooler.start(for: move.source, mode: .transaction)
    let run = try await check(["--source", other.connectionString(database: "app")] + arguments.dropFirst(2))
    for (expected, found) in zip(before, try Self.said(run)) {
      #expect(found.replacing("\(other.port)", with: "\(pooler.port)") == expected)
    }
  }
}
