import Assessment
import Foundation
import Migration
import Postgres
import TestSupport
import Testing

/// What logical replication does not carry, in databases that are replicated all the same.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct CrossingTests {
  private static let name = "cross \"%s\" <b>' 🐘"

  /// Something of everything that can't be replicated, beside what can.
  private static func make(on source: TestCluster) async throws {
    try await source.sql("create database :\"name\" template template0", variables: ["name": name])
    try await source.sql(
      """
      create table fine (id serial primary key, t text);
      create table "key""less" (a int, t text); create table join_table (a int not null, b int not null, unique (a, b));
      create table json_rows (a int, j json); create unlogged table cache (id int primary key, t text);
      create table nothing (id int primary key, t text); alter table nothing replica identity nothing;
      create table generated (a int not null, k int generated always as (a * 2) stored primary key, t text);
      create table whole (a int, j json); alter table whole replica identity full;
      create table log (at timestamptz, what text) partition by list (what);
      create table log_a partition of log for values in ('a'); create table log_b partition of log default;
      create type color as enum ('red', 'green', 'blue', 'black', 'white', 'pink');
      create table hashed (c color, n int, primary key (c, n)) partition by hash (c);
      create table hashed_0 partition of hashed for values with (modulus 2, remainder 0);
      create table hashed_1 partition of hashed for values with (modulus 2, remainder 1);
      create table parent (code text unique); create table child (id int primary key, code text references parent (code));
      create table scans (id int primary key, scan oid);
      insert into fine (t) select 't' from generate_series(1, 500); insert into "key""less" select i, 't' from generate_series(1, 500) i;
      insert into join_table select i, i from generate_series(1, 500) i; insert into json_rows select i, '{}' from generate_series(1, 500) i;
      insert into cache select i, 't' from generate_series(1, 500) i; insert into nothing select i, 't' from generate_series(1, 500) i;
      insert into generated select i from generate_series(1, 500) i; insert into whole select i, '[]' from generate_series(1, 500) i;
      insert into log select now(), chr(97 + i % 4) from generate_series(1, 500) i;
      insert into hashed select c, i from unnest(enum_range(null::color)) c, generate_series(1, 50) i;
      insert into parent select 'p' || i from generate_series(1, 50) i; insert into child select i, 'p' || i from generate_series(1, 50) i;
      insert into scans select i, lo_from_bytea(0, decode(repeat('ab', 3000 + i), 'hex')) from generate_series(1, 50) i;
      create materialized view first as select count(*) as n from "key""less";
      create materialized view second as select n + 1 as n from first;
      create materialized view empty as select 1 with no data;
      """, database: name)
  }

  private static func statements(session: Int, round: Int) -> [String] {
    let (a, id) = (1 + round % 500, session * 1_000_000 + round)
    return [
      "insert into fine (t) values ('f')", "update fine set t = 'u\(round)' where id = \(a)",
      #"update "key""less" set t = 'u\#(round)' where a = \#(a)"#, #"insert into "key""less" values (\#(id), 'i')"#,
      #"delete from "key""less" where a = \#(id - 3)"#,
      "update join_table set b = b + 1000000 where a = \(a)", "delete from join_table where a = \(id - 1)",
      "insert into join_table values (\(id + 1000), \(id))",
      "update json_rows set j = '{\"n\": \(round)}' where a = \(a)",
      "delete from json_rows where a = \(1 + round % 17)",
      "update cache set t = 'c\(round)' where id = \(a)",
      "update nothing set t = 'n\(round)' where id = \(a)", "delete from nothing where id = \(400 + round % 100)",
      "update generated set t = 'g\(round)' where a = \(a)", "update whole set j = '[\(round)]' where a = \(a)",
      "insert into log values (now(), '\(round % 2 == 0 ? "a" : "z")')",
      "delete from log where ctid in (select ctid from only log_a where random() < 0.01)",
      "update hashed set n = n + 1000 where c = 'green' and n = \(1 + round % 50)",
      "insert into parent values ('s\(id)')", "insert into child values (\(1000 + id), 's\(id)')",
      "select lo_put(scan, 0, 'round \(round)') from scans where id = \(1 + round % 12 * 2 + session)",
      "insert into scans values (\(1000 + id), lo_from_bytea(0, 'new \(id)'))",
      "select lo_unlink(scan) from scans where id = \(1000 + id - 5)", "delete from scans where id = \(1000 + id - 5)",
    ]
  }

  /// Of all user tables, as they are defined.
  private static let identities = """
    select string_agg(relname || ' ' || relreplident::text, ', ' order by relname) from pg_class
     where relkind = 'r' and oid >= 16384 and relnamespace = 'public'::regnamespace
    """

  private static func largeObjects(on cluster: TestCluster) async throws -> String {
    try await cluster.value(
      "select count(*) || ' ' || sum(hashtextextended(oid::text || encode(lo_get(oid), 'hex'), 0)::numeric) from pg_largeobject_metadata",
      database: name)
  }

  @Test(arguments: [(15, false), (15, true), (18, true)])
  func `every table gets across, and no statement of the application fails`(
    version: Int, setsIdentity: Bool
  ) async throws {
    guard TestCluster.available(version) != nil else { return }
    let move = try await Move.start(to: version)
    try await Self.make(on: move.source)
    let before = try await move.source.value(Self.identities, database: Self.name)
    let selection = ["--include-database", "\"\(Self.name.replacing("\"", with: "\"\""))\""]
    let load = try await Load(on: move.source, database: Self.name) { Self.statements(session: $0, round: $1) }

    let migrated = try await move.migrate(
      selection + (setsIdentity ? ["--set-replica-identity"] : []), by: "auto")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    let database = try #require(migrated.database(Self.name))
    #expect((database.method, database.status) == ("replication", .inStep), "\(database.message)")
    let plan = try #require(migrated.report?.plan.databases.first)
    let late = [
      "public.\"key\"\"less\"", "public.cache", "public.generated", "public.hashed", "public.join_table",
      "public.json_rows", "public.log_a", "public.log_b", "public.nothing", "public.parent", "public.whole",
    ]
    let given = [
      "public.\"key\"\"less\" FULL", "public.join_table USING INDEX", "public.log_a FULL", "public.log_b FULL",
      "public.nothing DEFAULT", "public.parent FULL",
    ]
    let names = Set(setsIdentity ? given.map { String($0.prefix { $0 != " " }) } : [])
    #expect(plan.tablesAtCutover.map(\.name).sorted() == late.filter { !names.contains($0) })
    #expect(plan.replicaIdentityChanges.map { "\($0.name) \($0.to.rawValue)" }.sorted() == (setsIdentity ? given : []))
    #expect(plan.largeObjectsAtCutover?.count ?? 0 >= 50)
    let during = try await move.source.value(Self.identities, database: Self.name)
    #expect((during == before) == !setsIdentity)

    let (status, databases) = try await move.status()
    #expect([.exited(0), .exited(2)].contains(status.status), "\(status.stdout)\(status.stderr)")
    #expect(databases.first?.temporaryIdentities == plan.replicaIdentityChanges.count)
    #expect(databases.first?.lateCopy?.largeObjects ?? 0 >= 50)

    let refused = try await move.cutOver(["--block-writes", "--max-blocked-time", "1", "--throughput", "10kB/s"])
    #expect(refused.output.status == .exited(1))
    #expect(refused.output.stderr.contains("s are allowed: "), "\(refused.output.stderr)")

    let folder = try TemporaryFolder()
    let file = URL(filePath: folder.path + "/report.json")
    try JSONEncoder().encode(try #require(migrated.report)).write(to: file)
    let (cutover, results) = try await move.cutOver(
      ["--block-writes", "--verify", "full", "--update-report", file.path])
    let rounds = try await load.stop()
    #expect(rounds > 20)
    #expect(load.refused == [])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    let result = try #require(results.first)
    #expect((result.status, result.verification?.mismatches, result.notRefreshed) == (.done, [], []))
    let (blocked, estimated) = (try #require(result.blockedSeconds), try #require(result.estimatedBlockedSeconds))
    let phases = try #require(result.downtimePhases)
    let downtime = try #require(result.downtimeSeconds)
    #expect(abs(downtime - blocked) < 0.01)
    #expect(abs(phases.reduce(0) { $0 + $1.seconds } - downtime) < 0.001)
    #expect(phases.map(\.name) == estimated.parts.map(\.name))
    let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: file))
    let updated = try #require(report.migration?.databases.first { $0.name == Self.name })
    #expect((updated.status, updated.blockedSeconds, updated.verification?.mode) == (.done, blocked, .full))
    #expect((updated.downtimeSeconds, updated.downtimePhases) == (downtime, phases))
    #expect(updated.message.hasPrefix("switched over; writes were blocked for "), "\(updated.message)")
    print("to \(version): writes were blocked for \(blocked) s, estimated \(estimated.low) to \(estimated.high) s")

    try await move.openSource(Self.name)
    try await move.source.sql(
      "refresh materialized view first; refresh materialized view second", database: Self.name)
    try await move.expectSame(Self.name)
    #expect(try await Self.largeObjects(on: move.source) == Self.largeObjects(on: move.target))
    #expect(try await move.source.value(Self.identities, database: Self.name) == before)
    #expect(try await move.target.value(Self.identities, database: Self.name) == before)
    #expect(
      try await move.target.value("select nextval('fine_id_seq') > max(id) from fine", database: Self.name) == "t")
    try await move.expectNothingLeft()
  }

  @Test func `a replication that is given up leaves every identity as it was`() async throws {
    let move = try await Move.start()
    try await Self.make(on: move.source)
    let before = try await move.source.value(Self.identities, database: Self.name)
    let options = ["--set-replica-identity", "--exclude-database", "postgres"]
    // A set-up that fails goes by dump, and both sides are as they were.
    let failed = try await move.migrate(
      options + ["--source-for-target", "host=127.0.0.1 port=1 user=postgres"], by: "auto")
    #expect(failed.output.status == .exited(0), "\(failed.output.stderr)")
    #expect(failed.database(Self.name)?.method == "dump")
    #expect(try await move.source.value(Self.identities, database: Self.name) == before)
    #expect(try await move.target.value(Self.identities, database: Self.name) == before)
    try await move.target.sql("drop database :\"name\"", variables: ["name": Self.name])

    // One that runs is removed by cleanup, which tells what is there.
    let migrated = try await move.migrate(options, by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stderr)")
    #expect(try await move.source.value(Self.identities, database: Self.name) != before)
    let cleanup = try await move.command("cleanup", ["--yes"])
    #expect(cleanup.status == .exited(0), "\(cleanup.stderr)")
    #expect(try await move.source.value(Self.identities, database: Self.name) == before)
    #expect(try await move.target.value(Self.identities, database: Self.name) == before)
    try await move.expectNothingLeft()
  }

  @Test func `materialized views that are not to be refreshed are named`() async throws {
    let move = try await Move.start()
    try await Self.make(on: move.source)
    let migrated = try await move.migrate(["--exclude-database", "postgres"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stderr)")
    let (cutover, results) = try await move.cutOver(["--refresh", "never"])
    #expect(cutover.status == .exited(0), "\(cutover.stderr)")
    #expect(results.first?.notRefreshed == ["public.first", "public.second"])
  }

  @Test func `tables of extensions that are not to be replicated are copied again`() async throws {
    let move = try await Move.start(settings: [
      "shared_preload_libraries": "pg_cron", "cron.database_name": "shop", "cron.launch_active_jobs": "off",
    ])
    try await move.source.sql("create database shop template template0")
    try await move.source.sql(
      "create extension pg_cron; create table t (id int primary key); select cron.schedule('one', '0 0 1 1 *', 'select 1')",
      database: "shop")
    let migrated = try await move.migrate(
      ["--include-database", "shop", "--no-replicate-extension-tables"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    #expect(
      try await move.source.value("select string_agg(tablename, ' ') from pg_publication_tables", database: "shop")
        == "t")
    try await move.source.sql(
      "select cron.unschedule('one'); select cron.schedule('two', '0 0 2 2 *', 'select 2')", database: "shop")
    let (cutover, _) = try await move.cutOver(["--verify", "full"])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    #expect(try await move.target.value("select string_agg(jobname, ' ') from cron.job", database: "shop") == "two")
    try await move.expectNothingLeft()
  }

  @Test func `of a table of which some rows come with the extension only the others are moved`() async throws {
    let places = TestExtension(
      "places", control: "superuser = false",
      script: """
        CREATE TABLE places (id integer PRIMARY KEY, name text);
        INSERT INTO places VALUES (4326, 'comes with it');
        SELECT pg_catalog.pg_extension_config_dump('places', 'WHERE id <> 4326');
        """)
    let settings = ["wal_level": "logical", "autovacuum": "off"]
    let move = try await Move(
      source: TestCluster.start(settings: settings, offering: [places]),
      target: TestCluster.start(settings: settings, offering: [places]))
    try await move.source.sql("create database shop template template0")
    try await move.source.sql(
      "create extension places; insert into places values (1, 'own'); create table t (id int primary key)",
      database: "shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    #expect(
      try await move.source.value("select string_agg(tablename, ' ') from pg_publication_tables", database: "shop")
        == "t")
    try await move.source.sql(
      "insert into places values (2, 'later'); delete from places where id = 1", database: "shop")
    let (cutover, _) = try await move.cutOver(["--verify", "full"])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    #expect(
      try await move.target.value("select string_agg(name, ', ' order by id) from places", database: "shop")
        == "later, comes with it")
    try await move.expectNothingLeft()
  }

  @Test func `a database without a relation needs no slot and no subscription`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database shop template template0")
    try await move.source.sql("create function one() returns int language sql as 'select 1'", database: "shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "auto")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    #expect(migrated.database("shop")?.status == .done)
    #expect(
      migrated.database("shop")?.message == "nothing to replicate: no table, no sequence and no large object")
    #expect(try await move.target.value("select one()", database: "shop") == "1")
    try await move.expectNothingLeft()
  }

  @Test func `a database of which nothing can be replicated is copied at cutover`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database shop template template0")
    try await move.source.sql("create table alone (a int); insert into alone values (1)", database: "shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "auto")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    #expect(migrated.database("shop")?.method == "replication")
    try await move.source.sql("update alone set a = 2", database: "shop")
    let (cutover, _) = try await move.cutOver(["--block-writes", "--verify", "full"])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    #expect(try await move.target.value("select a from alone", database: "shop") == "2")
    try await move.openSource("shop")
    try await move.expectNothingLeft()
  }
}
