import Foundation
import Migration
import TestSupport
import Testing

/// Replication carries no DDL: what has changed since the set-up is found on both sides.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct SchemaDriftTests {
  private static let name = "drift \"%s\" <b>'"

  private static func start(from source: Int = 15, to target: Int = 15) async throws -> Move {
    let settings = ["wal_level": "logical", "autovacuum": "off"]
    return try await Move(
      source: TestCluster.start(version: source, settings: settings),
      target: TestCluster.start(version: target, settings: settings))
  }

  /// Something of every kind, with names that are hard to write.
  private static func make(on cluster: TestCluster) async throws {
    try await cluster.sql("create role app; create role \"<script>\"\"%s\"")
    try await cluster.sql("create database :\"name\"", variables: ["name": name])
    try await cluster.sql(
      #"""
      create type mood as enum ('a', 'b'); create domain positive as int check (value > 0); create type pair as (a int);
      create type span as range (subtype = int8); create schema other; create sequence s0;
      create function f0() returns int language sql as 'select 1'; create function f1() returns int language sql as 'select 1';
      create procedure p0() language sql as 'select 1'; create aggregate total (int) (sfunc = int4pl, stype = int);
      create function notice() returns trigger language plpgsql as 'begin return new; end';
      create table orders (id int primary key, v text, n int default 1, note text not null, code varchar(10));
      create table "we""ird
      <script>alert(1)</script> %s 🐘" (id serial primary key, "a ""b"" %" text);
      create index orders_v on orders (v); create index orders_code on orders (code) where code <> '';
      alter table orders add constraint small check (n < 1000), add constraint odd check (n <> 2) not valid;
      create table items (id int primary key, o int references orders);
      create view open_orders as select id, v from orders where n > 0; create view kept as select id from orders;
      create materialized view counted as select count(*) from orders;
      create rule noted as on insert to items do also select 1;
      create trigger t0 before insert on orders for each row execute function notice();
      create trigger t1 before update on orders for each row when (old.v is distinct from new.v) execute function notice();
      create policy p0 on orders for select to app using (n > 0); create statistics st on v, n from orders;
      create table parts (id int, t text, primary key (id)) partition by range (id);
      create table parts_1 partition of parts for values from (0) to (100);
      create table parts_2 partition of parts for values from (100) to (200);
      create table parts_3 (id int primary key, t text); create index on parts (t);
      create unlogged table unlogged (id int primary key); alter table items replica identity full;
      grant select on orders to app; grant update (v) on orders to app; comment on table orders is 'it''s';
      comment on column orders.v is 'v'; alter default privileges in schema public grant select on tables to app;
      create collation german from "C"; create text search configuration words (copy = simple);
      create operator === (leftarg = int, rightarg = int, function = int4eq);
      create operator family numbers using btree; create cast (pair as text) with inout;
      create foreign data wrapper far; create server away foreign data wrapper far options (host 'x');
      create user mapping for app server away options (password 'hunter2');
      create publication theirs for table orders;
      """#, database: name)
  }

  /// Publications of others stay.
  private func expectClean(_ move: Move) async throws {
    let cleanup = try await move.command("cleanup", ["--dry-run"])
    #expect(cleanup.stdout == "nothing is left\n")
  }

  private static let versions = [(13, 15), (15, 15), (16, 16), (17, 17), (18, 18), (13, 18), (15, 17)]

  @Test(arguments: versions)
  func `a schema that nobody has touched is the same`(from: Int, to: Int) async throws {
    guard TestCluster.available(from) != nil, TestCluster.available(to) != nil else { return }
    let move = try await Self.start(from: from, to: to)
    try await Self.make(on: move.source)
    // Every kind of object that there is, as far as the versions allow.
    if from == 15, to == 15 { try await move.makeEverything(icu: false, xml: false) }
    // Its checks call functions, which 15 runs as the subscription's owner.
    let folder = try TemporaryFolder()
    try folder.write(
      "waivers:\n  - {rule: apply-code, by: Ada, reason: the owners are trusted, expires: 2999-12-31}\n",
      to: "waivers.yaml")
    let migrated = try await move.migrate(
      ["--exclude-database", "postgres", "--config", folder.path + "/waivers.yaml"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    for cluster in [move.source, move.target] {
      try await cluster.sql("vacuum full", database: Self.name)
      try await cluster.sql(
        "analyze; cluster orders using orders_pkey; alter table orders set without cluster",
        database: Self.name)
      try await cluster.sql(
        """
        create temp table temporary (id int primary key); create temp view passing as select 1;
        reindex table orders; refresh materialized view counted; select nextval('s0');
        """, database: Self.name)
    }
    let (output, databases) = try await move.status()
    #expect([.exited(0), .exited(2)].contains(output.status), "\(output.stdout)\(output.stderr)")
    #expect(!databases.isEmpty)
    for database in databases { #expect(database.drift == SchemaDrift(), "\(database.name)") }
    let (cutover, _) = try await move.cutOver()
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    try await expectClean(move)
    #expect(try await move.journals(in: Self.name) == "0")
  }

  private static let changes = #"""
    create unique index orders_n on orders (n); drop index orders_v; drop index orders_code;
    create index orders_code on orders (code) where code <> 'x'; alter table orders drop constraint small;
    alter table orders validate constraint odd; alter table orders add constraint positive check (n > 0);
    create view made as select 1 as one; comment on view made is 'new'; grant select on made to "<script>""%s";
    create or replace view open_orders as select id, v from orders where n > 1; drop view kept;
    create function made(a int) returns int language sql as 'select a'; revoke execute on function made from public;
    create or replace function f0() returns int language sql as 'select 2'; drop function f1();
    alter procedure p0() security definer; create sequence invoice_no start 5; alter sequence s0 increment 2 cycle;
    alter table orders alter v set default 'new'; alter table orders alter n drop default;
    alter table orders alter n set not null; alter table orders alter note drop not null;
    alter table orders alter code set statistics 500; alter table orders alter code set storage external;
    alter table orders enable row level security; alter table orders set (fillfactor = 70);
    alter policy p0 on orders using (n > 1); create policy p1 on orders as restrictive for all to public using (true);
    grant insert on orders to "<script>""%s"; revoke select on orders from app; grant select (v) on orders to app;
    comment on table orders is 'other'; comment on column orders.v is null; alter table items owner to app;
    alter table items replica identity default; alter table orders disable trigger t0; drop trigger t1 on orders;
    create trigger t2 after insert on items for each row execute function notice(); drop rule noted on items;
    create type colour as enum ('re''d', 'blue'); alter type mood add value 'aa' before 'b';
    create schema "later""%s <b>"; alter schema other owner to app; create domain short as varchar(5) default 'x';
    alter statistics st set statistics 50; create materialized view mv as select 1 as x; create index on mv (x);
    alter table parts detach partition parts_2; alter table parts attach partition parts_3 for values from (300) to (400);
    alter table "we""ird
    <script>alert(1)</script> %s 🐘" alter "a ""b"" %" set default '%s<b>';
    alter default privileges in schema public grant update on tables to app; create extension hstore schema other;
    """#

  /// What no printed statement makes.
  private static let others = #"""
    drop aggregate total (int); create aggregate total (int) (sfunc = int4mi, stype = int);
    alter text search configuration words drop mapping for word; alter server away options (set host 'y');
    alter user mapping for app server away options (add "user" 'x'); drop publication theirs;
    alter type pair add attribute b int; alter operator === (int, int) set (restrict = eqsel); drop collation german;
    drop cast (pair as text);
    """#

  @Test(arguments: [(15, 15), (13, 17), (18, 18)])
  func `every change is told, and its statement makes the same on the target`(from: Int, to: Int) async throws {
    guard TestCluster.available(from) != nil, TestCluster.available(to) != nil else { return }
    let move = try await Self.start(from: from, to: to)
    try await Self.make(on: move.source)
    let migrated = try await move.migrate(["--exclude-database", "postgres"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    try await move.source.sql(Self.changes, database: Self.name)
    try await move.source.sql(
      "create table brand_new (id int primary key, o int references orders)", database: Self.name)

    let (output, databases) = try await move.status()
    #expect(output.status == .exited(1))
    let drift = try #require(databases.first?.drift)
    #expect(drift.target == [])
    let told = Set(drift.source.map(\.words))
    for words in Self.expected { #expect(told.contains(words), "\(words)") }
    #expect(told.subtracting(Self.expected) == [])
    #expect(drift.source.filter { $0.statement == nil }.map(\.words) == [])
    let text = try await move.command("status")
    #expect(text.stdout.contains(": needs help, "), "\(text.stdout)")
    #expect(
      text.stdout.contains(
        "changed on the source since the set-up: trigger t1 on public.orders: dropped, "))
    #expect(text.stdout.contains(" and \(drift.source.count - 3) more"))

    for arguments in [["--dry-run"], [], ["--accept-drift", "view public.made"]] {
      let refused = try await move.command("cutover", ["--yes"] + arguments)
      #expect(refused.status == .exited(arguments == ["--dry-run"] ? 0 : 1))
      #expect("\(refused.stdout)\(refused.stderr)".contains("trigger t1 on public.orders: dropped"))
    }
    #expect(
      try await move.source.value("select count(*) from pg_publication where pubname ~ '^pgpre'", database: Self.name)
        == "1")

    for change in drift.source {
      guard let statement = change.statement else { continue }
      do { try await move.target.sql(statement, database: Self.name) } catch {
        Issue.record("\(change.words): \(error)")
      }
    }
    let again = try await move.status().databases.first?.drift
    // Which of two definitions is the same only a server of the same version tells.
    let isSame = from == to
    #expect(
      (again?.source ?? []).filter { isSame || $0.aspect == nil || !["definition", "USING"].contains($0.aspect) }.map(
        \.words) == [])
    #expect(
      (again?.target ?? []).filter { isSame || $0.aspect == nil || !["definition", "USING"].contains($0.aspect) }.map(
        \.words) == [])
    let accepted = (again?.source ?? []).flatMap { ["--accept-drift", $0.name] }
    let (cutover, _) = try await move.cutOver(accepted)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    #expect(try await move.target.value("select to_regclass('brand_new')", database: Self.name) == "brand_new")
    try await expectClean(move)
  }

  private static let expected: Set<String> = [
    "index public.orders_n: created", "index public.orders_v: dropped", "index public.orders_code: definition changed",
    "constraint small on public.orders: dropped", "constraint odd on public.orders: definition changed",
    "constraint positive on public.orders: created", "view public.made: created",
    "view public.open_orders: definition changed", "view public.kept: dropped",
    "function public.made(integer): created",
    "function public.f0(): definition changed", "function public.f1(): dropped",
    "procedure public.p0(): definition changed",
    "sequence public.invoice_no: created", "sequence public.s0: parameters changed",
    "table public.orders: column v: default changed", "table public.orders: column n: default changed",
    "table public.orders: column n: NOT NULL changed", "table public.orders: column note: NOT NULL changed",
    "table public.orders: column code: statistics target changed", "table public.orders: column code: storage changed",
    "table public.orders: row security changed", "table public.orders: storage parameters changed",
    "policy p0 on public.orders: USING changed", "policy p1 on public.orders: created",
    "table public.orders: privileges changed", "table public.orders: column v: privileges changed",
    "table public.orders: comment changed", "table public.orders: column v: comment changed",
    "table public.items: owner changed", "table public.items: replica identity changed",
    "trigger t0 on public.orders: state changed", "trigger t1 on public.orders: dropped",
    "trigger t2 on public.items: created", "rule noted on public.items: dropped", "type public.colour: created",
    "type public.mood: labels changed", "schema \"later\"\"%s <b>\": created", "schema other: owner changed",
    "domain public.short: created", "statistics public.st: statistics target changed",
    "materialized view public.mv: created", "index public.mv_x_idx: created",
    "partition public.parts_2 of public.parts: detached", "partition public.parts_3 of public.parts: attached",
    "table public.\"we\"\"ird\n<script>alert(1)</script> %s 🐘\": column \"a \"\"b\"\" %\": default changed",
    "default privileges FOR ROLE postgres IN SCHEMA public ON TABLES: privileges changed", "extension hstore: created",
  ]

  @Test func `what no statement makes is told too, and can be accepted`() async throws {
    let move = try await Self.start()
    try await Self.make(on: move.source)
    let migrated = try await move.migrate(["--exclude-database", "postgres"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    try await move.source.sql(Self.others, database: Self.name)
    try await move.target.sql("create index more on orders (v, n); drop view kept", database: Self.name)
    let (output, databases) = try await move.status()
    #expect(output.status == .exited(1))
    let drift = try #require(databases.first?.drift)
    #expect(
      Set(drift.source.map(\.words)) == [
        "aggregate public.total(integer): definition changed",
        "text search configuration public.words: definition changed",
        "server away: definition changed", "user mapping FOR app SERVER away: options changed",
        "publication theirs: dropped",
        "type public.pair: column b: created", "operator public.===(integer, integer): definition changed",
        "collation public.german: dropped", "cast (public.pair AS text): dropped",
      ])
    #expect(drift.target.map(\.words) == ["view public.kept: dropped", "index public.more: created"])
    #expect(!output.stdout.contains("hunter2"))
    let kept =
      "select count(*) from pgpreflight_journal_\(databases[0].replication.split(separator: "_")[1]).objects where detail like '%hunter2%'"
    #expect(try await move.target.value(kept, database: Self.name) == "0")
    let refused = try await move.cutOver().output
    #expect(refused.status == .exited(1))
    #expect(refused.stderr.contains("on the target: view public.kept: dropped"), "\(refused.stderr)")
    let names = drift.source.flatMap { ["--accept-drift", $0.name] } + ["--accept-drift", "public.kept"]
    let (cutover, _) = try await move.cutOver(names)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    try await expectClean(move)
  }

  @Test func `what was not kept is not known, and a complete run is not an interrupted one`() async throws {
    let move = try await Self.start()
    try await move.source.sql("create database shop")
    try await move.source.sql("create table t (id int primary key)", database: "shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    #expect(try await move.journals(in: "shop") == "1")
    let resumed = try await move.migrate(["--include-database", "shop", "--resume"], by: "replication")
    #expect(resumed.output.status == .exited(0))
    #expect(resumed.output.stderr.contains("no run was interrupted"), "\(resumed.output.stderr)")
    let schema = try await move.target.value(
      "select nspname from pg_namespace where nspname ~ '^pgpre'", database: "shop")
    try await move.target.sql("drop table \(schema).objects", database: "shop")
    let refused = try await move.cutOver().output
    #expect(refused.status == .exited(1))
    #expect(refused.stderr.contains("could not determine whether the schema has changed"), "\(refused.stderr)")
    let (cutover, _) = try await move.cutOver(["--accept-drift", "all"])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    try await expectClean(move)
  }
}
