import Assessment
import Catalog
import Foundation
import TestSupport
import Testing

/// What is part of the move.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct SelectionTests {
  private static let source = Task {
    let cluster = try await TestCluster.start(settings: ["wal_level": "logical", "autovacuum": "off"])
    try await cluster.sql(
      """
      create database shop; create database "a,b"; create database "We""ird";
      create database rdsadmin; create database tpl is_template true;
      create role clerk login; create role boss login;
      """)
    try await cluster.sql(
      """
      create schema sales; create schema "s.x";
      create table items (id int primary key, note text); create table "Order" (id int primary key);
      create table sales.items (id int primary key); create table sales."comma,ted" (id int primary key);
      create table "s.x"."dot.ted" (id int primary key); create table "quo""ted" (id int primary key);
      create table events (id int, day date) partition by range (day);
      create table events_1 partition of events for values from ('2026-01-01') to ('2027-01-01');
      insert into items select g, repeat('x', 500) from generate_series(1, 4000) g;
      """, database: "shop")
    return cluster
  }

  private func check(_ arguments: String...) async throws -> CheckRun {
    let source = try await Self.source.value
    let target = try await ClusterPair.shared.value.target
    return try await EndToEndTests.check(
      ["-s", source.connectionString(), "-t", target.connectionString()] + arguments)
  }

  private func planned(_ arguments: String...) async throws -> [String] {
    let source = try await Self.source.value
    let target = try await ClusterPair.shared.value.target
    let run = try await EndToEndTests.check(
      ["-s", source.connectionString(), "-t", target.connectionString()] + arguments)
    return run.report.plan.databases.map(\.name)
  }

  // MARK: - Databases

  @Test func `templates and what is the provider's stay where they are`() async throws {
    let run = try await check()
    #expect(run.report.plan.databases.map(\.name) == ["We\"ird", "a,b", "postgres", "shop", "tpl"])
    #expect(
      run.report.source.excludedDatabases == [
        ExcludedDatabase(name: "rdsadmin", reason: .provider), ExcludedDatabase(name: "template0", reason: .template),
        ExcludedDatabase(name: "template1", reason: .template),
      ])
  }

  @Test func `databases can be left out, in lists, by repetition and in quotes`() async throws {
    #expect(
      try await planned("--exclude-database", "shop, postgres", "--exclude-database", "\"a,b\"")
        == ["We\"ird", "tpl"])
    #expect(try await planned("-f", "\"We\"\"ird\",tpl,shop") == ["a,b", "postgres"])
    #expect(try await planned("--filtered-db", "We\"\"ird", "-f", "nothing-of-that-name").contains("We\"ird"))
  }

  @Test func `only some databases can be named, a provider's too`() async throws {
    #expect(
      try await planned("--include-database", "shop,rdsadmin", "--include-database", "\"a,b\"") == [
        "a,b", "rdsadmin", "shop",
      ])
    let run = try await check("--include-database", "shop", "--include-database", "SHOP")
    #expect(run.report.plan.databases.map(\.name) == ["SHOP", "shop"])
    #expect(run.outcome("connection-source-databases", database: "SHOP")?.outcome == .failed)
    #expect(run.report.run.exitStatus == 1)
    #expect(run.report.source.excludedDatabases.contains(ExcludedDatabase(name: "tpl", reason: .notIncluded)))
  }

  // MARK: - The spellings of aiven-db-migrate

  @Test func `options of aiven-db-migrate mean what they mean there`() async throws {
    let source = try await Self.source.value
    let target = try await ClusterPair.shared.value.target
    let run = try await EndToEndTests.check(
      [
        "-d", "-f", "rdsadmin,postgres,tpl,a", "-xr", "clerk", "-xe", "plpgsql", "--no-createdb", "--force-method",
        "dump",
        "--dbs-max-total-size", "1kB", "--skip-db-version-check",
      ],
      environment: ["SOURCE_SERVICE_URI": source.connectionString(), "TARGET_SERVICE_URI": target.connectionString()])
    #expect(run.report.plan.databases.map(\.name) == ["We\"ird", "a,b", "shop"])
    #expect(run.report.plan.databases.allSatisfy { $0.replication == nil })
    let roles = Dictionary(uniqueKeysWithValues: run.report.plan.roles.map { ($0.name, $0.action) })
    #expect(roles["clerk"] == .leaveOut)
    #expect(roles["boss"] == .create)
    #expect(run.outcome("source-size-limit")?.outcome == .failed)
    #expect(run.outcome("database-exists-or-creatable", database: "shop")?.outcome == .failed)
    #expect(run.outcome("wal-level-logical")?.outcome == .skipped)

    let long = try await check("--excluded-roles", "clerk,boss", "--excluded-extensions", "plpgsql")
    #expect(
      long.report.plan.roles.filter { ["clerk", "boss"].contains($0.name) }.allSatisfy { $0.action == .leaveOut })
  }

  // MARK: - Tables

  private func tables(_ arguments: String...) async throws -> [String] {
    let source = try await Self.source.value
    let target = try await ClusterPair.shared.value.target
    let run = try await EndToEndTests.check(
      ["-s", source.connectionString(), "-t", target.connectionString(), "--include-database", "shop"] + arguments)
    guard case .named(let names) = run.report.plan.databases.first?.tables else { return ["not a list"] }
    return names
  }

  @Test func `tables are named as in SQL`() async throws {
    #expect(try await tables("--with-table", "items") == ["public.items", "sales.items"])
    #expect(try await tables("--with-table", "sales.items") == ["sales.items"])
    #expect(try await tables("--with-table", "shop.SALES.Items") == ["sales.items"])
    #expect(try await tables("--with-table", "postgres.sales.items") == [])
    #expect(try await tables("--with-table", "Order") == [])
    #expect(try await tables("--with-table", "\"Order\"") == ["public.\"Order\""])
    #expect(
      try await tables("--with-table", "sales.\"comma,ted\", \"s.x\".\"dot.ted\"", "--with-table", "\"quo\"\"ted\"")
        == ["public.\"quo\"\"ted\"", "\"s.x\".\"dot.ted\"", "sales.\"comma,ted\""])
    let all = ["public.\"Order\"", "public.events", "public.events_1", "public.items", "public.\"quo\"\"ted\""]
    #expect(
      try await tables("--skip-table", "shop.sales.items,\"dot.ted\"") == all + ["sales.\"comma,ted\""])
  }

  @Test func `the size is that of the selected tables`() async throws {
    let source = try await Self.source.value
    let expected = Int(
      try await source.sql(
        "select pg_total_relation_size('items') + pg_total_relation_size('sales.items')", database: "shop"))
    let some = try await check("--include-database", "shop", "--with-table", "items", "--max-total-size", "1MB")
    #expect(some.report.plan.databases.first?.sizeBytes == expected)
    #expect(some.outcome("source-size-limit")?.outcome == .failed)
    let others = try await check("--include-database", "shop", "--skip-table", "items", "--max-total-size", "1MB")
    #expect(others.outcome("source-size-limit")?.outcome == .passed)
    #expect(others.outcome("target-disk-space")?.outcome == .passed)
    let whole = try await check("--include-database", "shop")
    #expect(whole.report.plan.databases.first?.tables == .all(7))
    #expect(whole.report.plan.databases.first?.sizeBytes ?? 0 > expected ?? 0)
  }
}
