import Foundation
import Rules
import TestSupport
import Testing

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct RehearsalTests {
  private static let scratch = "select count(*) from pg_database where datname like 'pgpreflight%'"

  /// What no rule knows of and 18 refuses, as it was built without lz4.
  private static let needsLZ4 = "create table packed (id int primary key, t text compression lz4)"

  @Test func `what no rule knows is found, and the scratch databases are gone`() async throws {
    guard TestCluster.available(18) != nil else { return }
    let move = try await Move.start(to: 18)
    let secret = "create user mapping for postgres server s options (password 'hunter2')"
    for (name, sql) in [
      ("fine", "create table t (id int primary key)"),
      ("packed", "\(Self.needsLZ4); create foreign data wrapper w; create server s foreign data wrapper w; \(secret)"),
    ] {
      try await move.source.sql("create database \(name)")
      try await move.source.sql(sql, database: name)
    }
    let tools = ["--pg-bin", move.source.binDirectory]
    let blind = try await check(move.connections + tools)
    #expect(blind.outcome("schema-rehearsal", database: "packed")?.outcome == .skipped)
    #expect(blind.report.plan.databases.first { $0.name == "packed" }?.dump?.isReady == true)

    let run = try await check(move.connections + tools + ["--rehearse"])
    #expect(run.outcome("schema-rehearsal", database: "fine")?.outcome == .passed)
    let outcome = try #require(run.outcome("schema-rehearsal", database: "packed"))
    #expect(outcome.outcome == .failed)
    #expect(outcome.findings.first?.object == "TABLE public packed")
    #expect(outcome.findings.first?.message.contains("lz4 not supported") == true)
    #expect(run.report.plan.databases.first { $0.name == "packed" }?.dump == .blocked)
    #expect(!(run.json + run.output.stdout + run.output.stderr).contains("hunter2"))
    #expect(!run.json.contains("CREATE TABLE"))
    #expect(try await move.target.value(Self.scratch) == "0")
    #expect(try await move.sessions() == 0)
  }

  @Test func `it can be on another server, and tells what killed runs have left`() async throws {
    let move = try await Move.start()
    let other = try await TestCluster.start()
    try await move.makeShop(rows: 100)
    try await other.sql("create database pgpreflight_rehearsal_0badcafe_1")
    let run = try await check(move.connections + ["--rehearse-on", other.connectionString(), "--jobs", "1"])
    let outcome = try #require(run.outcome("schema-rehearsal", database: "shop"))
    #expect(outcome.outcome == .passed)
    #expect(outcome.findings.map(\.object) == ["database pgpreflight_rehearsal_0badcafe_1"])
    #expect(try await other.value(Self.scratch) == "1")
    #expect(
      try await move.target.value("select count(*) from pg_database where datname not like 'template%'") == "1")
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends it, and the scratch databases are gone`(signal: Int32) async throws {
    let move = try await Move.start()
    try await move.source.sql("create database slow")
    // What is constant is computed when the index is made: here at once, there it takes a minute.
    try await move.source.sql(
      """
      create function slow() returns int language plpgsql immutable as
        'begin if current_setting(''test.fast'', true) is null then perform pg_sleep(60); end if; return 1; end';
      create table t (id int primary key); set test.fast = 'on'; create index on t (id) where slow() = 1;
      """, database: "slow")
    let output = try await run(
      arguments: ["check", "--target-free-space", "1TB", "--rehearse", "--include-database", "slow"] + move.connections
    ) { pid in
      try await eventually("an index is made in a scratch database") {
        try await move.target.value("select count(*) from pg_stat_activity where query like 'CREATE INDEX%'") != "0"
      }
      kill(pid, signal)
    }
    #expect(output.status == .exited(128 + signal))
    #expect(output.stderr.contains("interrupted; no report was written"))
    #expect(try await move.target.value(Self.scratch) == "0")
    try await eventually("the sessions are gone") { try await move.sessions() == 0 }
  }

  @Test func `code of owners is not run, and leaves it undetermined`() async throws {
    let move = try await Move.start()
    for name in ["coded", "indexed"] { try await move.source.sql("create database \(name)") }
    try await move.source.sql("create role owner login; grant create on database coded, indexed to owner")
    let function = """
      create schema s; create function s.compute(int) returns int immutable language plpgsql as
        $$begin raise log 'PLANTED as %', current_user; return $1; end$$;
      """
    try await move.source.sql(
      "\(function) create table s.t (a int, b int generated always as (s.compute(1)) stored)", database: "coded",
      user: "owner")
    try await move.source.sql(
      "\(function) create table s.t (a int); create index on s.t ((a + s.compute(1)))", database: "indexed",
      user: "owner")
    try await move.target.sql("create role owner; create role mover login createdb createrole")
    let run = try await check(move.connections + ["--rehearse"])
    let outcome = try #require(run.outcome("schema-rehearsal", database: "coded"))
    #expect(outcome.outcome == .undetermined)
    #expect(
      outcome.message.contains("\"s\".\"t\" of role") || outcome.message.contains("s.t of role"), "\(outcome.message)")
    // An index is created with the rights of the table's owner.
    #expect(run.outcome("schema-rehearsal", database: "indexed")?.outcome == .passed)
    let folder = try TemporaryFolder()
    try folder.write(
      "waivers:\n  - {rule: load-code, by: Ada, reason: the owner is trusted, expires: 2999-12-31}\n",
      to: "waivers.yaml")
    let asMover = try await check(
      ["--source", move.source.connectionString(), "--target", move.target.connectionString(user: "mover")]
        + ["--rehearse", "--config", folder.path + "/waivers.yaml"])
    #expect(asMover.outcome("schema-rehearsal", database: "indexed")?.outcome == .undetermined)
    let ran = try move.target.logText().matches(of: /PLANTED as (.*)/).map { String($0.1) }
    // That of the scratch database has no other rights.
    #expect(Set(ran.filter { $0.wholeMatch(of: /pgpreflight_load_[0-9a-f]{8}_0_[0-9]+/) == nil }) == ["owner"])
  }

  @Test func `code that runs for rows reaches nothing outside of the scratch database, and nothing is left`()
    async throws
  {
    let move = try await Move.start()
    try await move.source.sql("create database shop")
    // On the source, it does nothing.
    try await move.source.sql(
      """
      create function attempt(statement text) returns void language plpgsql as
        $$begin execute statement; raise log 'DONE: %', statement;
          exception when others then raise log 'REFUSED: %', statement; end$$;
      create function reach(int) returns int language plpgsql immutable as
        $$begin
          if current_database() = 'shop' then return $1; end if;
          raise log 'RAN as % in %', session_user, current_database();
          perform public.attempt(s) from unnest(array[
            'reset role', 'reset session authorization', 'set role postgres', 'create role planted',
            'alter role postgres set work_mem = 1024', 'alter system set work_mem = 1024',
            'copy (select 1) to program $a$true$a$', 'copy (select 1) to $a$/tmp/planted$a$',
            'select pg_catalog.pg_read_file($a$PG_VERSION$a$)', 'select pg_catalog.pg_reload_conf()',
            'select pg_catalog.lo_export(0, $a$/tmp/planted$a$)', 'select rolpassword from pg_catalog.pg_authid',
            'select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where usename = $a$postgres$a$',
            'comment on database other is $a$planted$a$', 'alter database other set work_mem = 1024',
            'create extension dblink', 'create function public.c() returns int language c as $a$libc$a$']) s;
          return $1; end$$;
      create table t (id int primary key, g int generated always as (reach(id)) stored, check (reach(id) = id));
      create index on t ((reach(id)));
      insert into t values (1);
      create materialized view m as select reach(id) from t;
      """, database: "shop")
    let folder = try TemporaryFolder()
    try folder.write(
      "waivers:\n  - {rule: load-code, by: Ada, reason: it is trusted, expires: 2999-12-31}\n", to: "waivers.yaml")
    try await move.target.sql("create database other")
    let before = try await move.target.value(Self.cluster)
    let run = try await check(
      move.connections + ["--include-database", "shop", "--rehearse", "--config", folder.path + "/waivers.yaml"])
    let outcome = try #require(run.outcome("rows-rehearsal", database: "shop"))
    #expect(outcome.outcome == .passed, "\(outcome.message) \(outcome.findings)")
    let log = try move.target.logText()
    let ran = log.matches(of: /RAN as (.*) in (.*)/)
    // A generated column, a CHECK, an index and a materialized view.
    #expect(ran.count >= 4)
    #expect(
      ran.allSatisfy {
        $0.1.wholeMatch(of: /pgpreflight_load_[0-9a-f]{8}_0_1/) != nil && $0.2.hasPrefix("pgpreflight_rehearsal_")
      })
    let done = Set(log.matches(of: /DONE: (.*)/).map { String($0.1) })
    #expect(done.isSubset(of: ["reset role", "reset session authorization"]), "\(done)")
    #expect(log.contains("REFUSED: create role planted"))
    #expect(try await move.target.value(Self.cluster) == before)
    #expect(try await move.target.value(Self.scratch) == "0")
  }

  private static let cluster = """
    select string_agg(x, ',' order by x) from (select rolname || coalesce(rolconfig::text, '') from pg_roles
      union all select datname || coalesce(shobj_description(oid, 'pg_database'), '') from pg_database) y(x)
    """

  @Test func `a role without CREATEDB leaves it undetermined`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database shop; create role mover login")
    try await move.target.sql("create database shop; create role mover login; grant all on database shop to mover")
    try await move.target.sql("grant all on schema public to mover", database: "shop")
    let run = try await check([
      "--source", move.source.connectionString(), "--target", move.target.connectionString(user: "mover"),
      "--include-database", "shop", "--rehearse",
    ])
    let outcome = try #require(run.outcome("schema-rehearsal", database: "shop"))
    #expect(outcome.outcome == .undetermined)
    #expect(outcome.message.contains("permission denied to create database (SQLSTATE 42501)"))
  }
}
