import Assessment
import Catalog
import Foundation
import TestSupport
import Testing

/// Code that reads other tables while rows are loaded, indexes are built and materialized views are refreshed.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct LoadOrderTests {
  private static let name = "order \"%s\" <b>' 🐘"

  /// The largest tables read the smallest ones, at two removes; the names of materialized views are in the wrong order.
  private static func make(on source: TestCluster) async throws {
    try await source.sql("create database :\"name\" template template0", variables: ["name": name])
    try await source.sql(
      #"""
      create schema "s ""; '";
      create table public.base (id int primary key, n int not null); insert into base select g, g * 3 from generate_series(1, 50) g;
      create function public.based(i int) returns int language plpgsql immutable as
        'begin return (select n from public.base where id = i); end';
      create table "s ""; '".factors (id int primary key, v int, factor int generated always as (public.based(id)) stored);
      insert into "s ""; '".factors select g, g from generate_series(1, 50) g;
      create view public.seen as select * from "s ""; '".factors;
      create function "s ""; '"."scaled; x"(v int, f int) returns int language plpgsql immutable as
        $$ declare r int; begin select factor into r from "s ""; '".factors where id = f; return v * coalesce(r, 0); end $$;
      create function public.is_known(int) returns bool language sql stable
        begin atomic select exists (select from public.seen where id = $1); end;
      create domain public.known as int check (public.is_known(value));
      create table public.large (id int primary key, f int, pad text default repeat('x', 200),
        g int generated always as ("s ""; '"."scaled; x"(id, f)) stored);
      insert into large (id, f) select g, 1 + g % 50 from generate_series(1, 20000) g;
      create table "s ""; '"."checked <b>" (id int primary key, f int constraint "it's known" check (public.is_known(f)),
        pad text default repeat('x', 200));
      insert into "s ""; '"."checked <b>" select g, 1 + g % 50 from generate_series(1, 15000) g;
      create table public.typed (id int primary key, f public.known, a public.known[], pad text default repeat('x', 200));
      insert into typed select g, 1 + g % 50, '{1,2}' from generate_series(1, 10000) g;
      create table public.parts (id int, pad text default repeat('x', 200)) partition by range (public.based(id));
      create table public.part_1 partition of parts for values from (0) to (60);
      create table public.part_2 partition of parts for values from (60) to (1000);
      insert into parts select 1 + g % 50 from generate_series(1, 10000) g;
      create table public.indexed (id int primary key, f int, pad text default repeat('x', 200));
      insert into indexed select g, 1 + g % 50 from generate_series(1, 10000) g;
      create index by_factor on indexed ("s ""; '"."scaled; x"(1, f));
      create index "some" on indexed (id) where "s ""; '"."scaled; x"(1, f) > 75;
      alter table indexed add constraint "no; two" exclude using btree (("s ""; '"."scaled; x"(id, f)) with =) where (id < 50);
      comment on constraint "no; two" on indexed is 'it''s there'; comment on index "some" is 'too';
      create statistics public.of_scaled on ("s ""; '"."scaled; x"(1, f)), id from indexed;
      create materialized view public.zz as select id, factor from public.seen;
      create function public.most() returns int language sql stable as 'select max(factor) from public.zz';
      create materialized view public.mm as select public.most() as most;
      create function public.twice() returns int language plpgsql stable as 'begin return (select 2 * most from public.mm); end';
      create materialized view public.aa as select public.twice() as twice;
      create materialized view public.empty as select 1 as one with no data;
      create function public.in_view(int) returns int language sql immutable as 'select factor from public.zz where id = $1';
      create index of_view on indexed (public.in_view(f));
      create function public.refuse() returns event_trigger language plpgsql as $$begin raise 'no more'; end$$;
      create event trigger refusing on ddl_command_start when tag in ('CREATE INDEX', 'REFRESH MATERIALIZED VIEW')
        execute function public.refuse();
      """#, database: name)
  }

  /// What an index holds is what a query finds by it.
  private static let byIndexes = #"""
    set enable_seqscan = off; set enable_bitmapscan = off;
    select count(*), sum(id) from public.indexed where "s ""; '"."scaled; x"(1, f) > 75;
    select count(*), sum(id) from public.indexed where "s ""; '"."scaled; x"(1, f) = 30;
    select count(*), sum(id) from public.indexed where public.in_view(f) = 30;
    select count(*), sum(g::bigint) from public.large; select * from public.mm; select * from public.aa;
    """#

  private func expectSameByIndexes(_ move: Move, twice: Int) async throws {
    let found = try await (
      move.source.sql(Self.byIndexes, database: Self.name), move.target.sql(Self.byIndexes, database: Self.name)
    )
    #expect(found.0 == found.1)
    #expect(found.0.hasSuffix("\(twice)"), "\(found.0)")
  }

  @Test(arguments: [15, 18])
  func `tables come after what their code reads, indexes and materialized views too`(version: Int) async throws {
    guard TestCluster.available(version) != nil else { return }
    let move = try await Move.start(to: version)
    try await Self.make(on: move.source)
    let done = try await move.migrate(["--jobs", "4"])
    #expect(done.output.status == .exited(0), "\(done.output.stderr)")
    #expect(done.database(Self.name)?.status == .done, "\(done.database(Self.name)?.message ?? "")")
    try await move.expectSame(Self.name)
    try await expectSameByIndexes(move, twice: 300)
  }

  @Test(arguments: [15, 18])
  func `where changes are replicated, such tables are copied at the cutover`(version: Int) async throws {
    guard TestCluster.available(version) != nil else { return }
    let move = try await Move.start(to: version)
    try await Self.make(on: move.source)
    try await move.source.sql("drop event trigger refusing", database: Self.name)
    let done = try await move.migrate(["--jobs", "4", "--max-blocked-time", "300"], by: "replication")
    #expect(done.output.status == .exited(0), "\(done.output.stderr)")
    #expect(done.database(Self.name)?.method == "replication")
    try await move.source.sql(
      #"""
      begin; insert into base values (51, 900); insert into "s ""; '".factors values (51, 51);
      insert into large (id, f) values (30000, 51); insert into "s ""; '"."checked <b>" values (30000, 51);
      insert into typed values (30000, 51, '{51}'); insert into parts values (51); insert into indexed values (30000, 51);
      update large set f = 51 where id < 100; commit;
      refresh materialized view zz; refresh materialized view mm; refresh materialized view aa;
      """#, database: Self.name)
    let cutover = try await move.cutOver(["--block-writes", "--max-blocked-time", "300"])
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stderr)")
    try await move.openSource(Self.name)
    let contents = try await (
      move.contents(of: Self.name, on: move.source), move.contents(of: Self.name, on: move.target)
    )
    #expect(contents.0 == contents.1)
    try await expectSameByIndexes(move, twice: 1800)
  }

  /// Functions in SQL are looked into when a table is created, those of constants run then.
  @Test(arguments: [15, 18])
  func `tables whose code is looked into when they are created come after what it reads`(version: Int) async throws {
    guard TestCluster.available(version) != nil else { return }
    let move = try await Move.start(to: version)
    try await move.source.sql("create role keeper; create database :\"name\"", variables: ["name": Self.name])
    try await move.source.sql(
      #"""
      create table public.zz (id int primary key, n int not null); insert into zz select g, g * 3 from generate_series(1, 50) g;
      create function public.read_zz(int) returns int language sql immutable as 'select n from public.zz where id = $1';
      create table public."m ""; x" (id serial primary key, g int generated always as (public.read_zz(id)) stored);
      insert into "m ""; x" (id) select g from generate_series(1, 50) g;
      comment on table "m ""; x" is 'kept'; comment on column "m ""; x".g is 'too'; grant select on "m ""; x" to keeper;
      create view public.over_m as select * from "m ""; x"; alter view over_m owner to keeper;
      create function public.of_row("m ""; x") returns int language sql immutable as 'select $1.g';
      create function public.read_m(int) returns int language sql immutable as 'select g from public.over_m where id = $1';
      create function public.tenth() returns int language plpgsql immutable as
        'begin return (select n from public.zz where id = 10); end';
      create table public.aa (id int primary key, g int generated always as (public.read_m(id) + public.tenth()) stored,
        d int default nextval('"m ""; x_id_seq"'));
      insert into aa (id) select g from generate_series(1, 50) g;
      create table public.parts (id int, t text) partition by range (id, (public.read_zz(id)));
      create table public.part_1 partition of parts for values from (0, 0) to (50, maxvalue);
      create table public.part_2 (like parts);
      alter table parts attach partition part_2 for values from (51, 0) to (1000, 10);
      insert into parts select g, 't' from generate_series(1, 49) g;
      create table public.child (more text) inherits ("m ""; x");
      insert into child (id, more) values (7, 'x');
      """#, database: Self.name)
    let database = ["--include-database", quotedIdentifier(Self.name)]
    let rehearsed = try await check(move.connections + database + ["--rehearse"])
    let rehearsal = try #require(rehearsed.outcome("schema-rehearsal", database: Self.name))
    #expect(rehearsal.outcome == .passed, "\(rehearsal.message)")
    let done = try await move.migrate(["--jobs", "4"])
    #expect(done.database(Self.name)?.status == .done, "\(done.database(Self.name)?.message ?? "")")
    #expect(done.output.status == .exited(0), "\(done.output.stderr)")
    // pg_restore by itself fails with such a schema.
    let contents = try await (
      move.contents(of: Self.name, on: move.source), move.contents(of: Self.name, on: move.target)
    )
    #expect(contents.0 == contents.1)
    let definitions = """
      select c.oid::regclass, relowner::regrole, has_table_privilege('keeper', c.oid, 'select'), obj_description(c.oid, 'pg_class'), c.relispartition,
             pg_get_expr(c.relpartbound, c.oid) from pg_class c where relnamespace = 'public'::regnamespace
        and relkind in ('r', 'p', 'v', 'S') order by c.oid::regclass::text
      """
    let found = try await (
      move.source.sql(definitions, database: Self.name), move.target.sql(definitions, database: Self.name)
    )
    #expect(found.0 == found.1)
  }

  /// Code that is not immutable, though it says so, gives other values when it runs again.
  @Test(arguments: ["counts", "sample", "full"])
  func `values that code of users computes are compared, whatever is compared otherwise`(mode: String) async throws {
    let move = try await Move.start()
    try await move.source.sql("create role plain")
    for name in ["changed", "indexed", "same"] {
      let index = name == "indexed" ? "create index on goods (public.price(id));" : ""
      let change = """
        create or replace function public.price(int) returns int language sql immutable as 'select $1 * 3';
        """
      try await move.source.sql("create database \(name)")
      try await move.source.sql(
        #"""
        create function public.price(int) returns int language sql immutable as 'select $1 * 2';
        create table public.goods (id int primary key, "p;""" int generated always as (public.price(id)) stored, t text);
        alter table goods owner to \#(name == "same" ? "plain" : "postgres");
        insert into goods (id, t) select g, 't' from generate_series(1, 1000) g;
        \#(index) \#(name == "same" ? "" : change)
        """#, database: name)
    }
    let done = try await move.migrate(["--verify", mode])
    #expect(done.output.status == .exited(1), "\(done.output.stderr)")
    #expect(done.database("same")?.status == .done, "\(done.database("same")?.message ?? "")")
    for name in ["changed", "indexed"] {
      #expect(done.database(name)?.status == .failed)
      #expect(
        done.database(name)?.message.contains("1000 rows on both sides, other values of \"p;\"\"\" on the") == true,
        "\(done.database(name)?.message ?? "")")
    }
  }
}
