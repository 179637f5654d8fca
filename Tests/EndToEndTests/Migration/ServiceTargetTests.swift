import Assessment
import Foundation
import TestSupport
import Testing

/// A target as services have it: databases, schemas and extensions belong to the service, an allow list says which
/// extensions there may be, an event trigger looks on, and the role of the customer has what was granted to it.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct ServiceTargetTests {
  private static let password = "korrekt pferd"

  private func move() async throws -> Move {
    let hba = ["host all mover,lander all scram-sha-256", "host all all all trust"]
    let extensions = try TestExtension.all(in: Scenario.fixtures.appending(path: "installations/rich/extension").path)
    let settings = ["wal_level": "logical", "autovacuum": "off"]
    let list = ["session_preload_libraries": "pgextwlist", "extwlist.extensions": "dblink,hstore,pg_trgm"]
    async let source = TestCluster.start(settings: settings, hba: hba, offering: extensions)
    async let target = TestCluster.start(settings: settings.merging(list) { $1 }, hba: hba, offering: extensions)
    let move = try await Move(source: source, target: target)
    try await move.source.sql(
      """
      create role app; create role mover login replication password '\(Self.password)';
      grant app, pg_read_all_data to mover; create database shop owner app;
      """)
    try await move.source.sql(
      """
      create extension aiven_extras; grant usage on schema aiven_extras to mover;
      create schema ext; create extension hstore schema ext; create extension dblink schema ext; grant usage on schema ext to app;
      create extension postgis; create extension pg_trgm;
      create schema app authorization app; set role app;
      create table app.orders (id serial primary key, attributes ext.hstore, note text);
      create index on app.orders using gin (note public.gin_trgm_ops);
      create view app.notes as select note from app.orders;
      insert into app.orders (attributes, note) select 'a=>1', 'note ' || i from generate_series(1, 100) i;
      """, database: "shop")
    try await move.target.sql(
      """
      create role svc; create role lander login createrole password '\(Self.password)'; create database shop owner svc;
      grant create on database shop to lander;
      """)
    try await move.target.sql(
      """
      create extension aiven_extras; grant usage on schema aiven_extras to lander;
      create schema ext authorization svc; create extension hstore schema ext; grant usage on schema ext to public;
      create extension postgis; alter schema public owner to svc;
      create schema svc authorization svc; create table svc.seen (tag text); grant insert on svc.seen to public;
      grant usage on schema svc to public; create schema other authorization svc; create table other.theirs (id int);
      create function svc.see() returns event_trigger language plpgsql as
        'begin insert into svc.seen values (tg_tag); end';
      create event trigger see on ddl_command_end execute function svc.see();
      """, database: "shop")
    return move
  }

  @Test(arguments: ["dump", "replication"])
  func `a customer's role migrates into what belongs to the service`(method: String) async throws {
    guard FileManager.default.fileExists(atPath: "/usr/lib/postgresql/15/lib/pgextwlist.so") else { return }
    let move = try await move()
    let connections = [
      "--source", move.source.connectionString(user: "mover", password: Self.password),
      "--target", move.target.connectionString(user: "lander", password: Self.password),
    ]
    let done = try await move.migrate(["--verify", "full"], by: method, connections: connections)
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    #expect(done.report?.outcomes.filter { $0.outcome == .undetermined }.map(\.rule) == [])
    let empty = try #require(done.database("postgres"))
    #expect(empty.status == .done && empty.message.contains("the source's database is empty"), "\(empty.message)")
    #expect(try await move.journals(in: "postgres") == "0")
    let shop = try #require(done.database("shop"))
    #expect(shop.status == (method == "dump" ? .done : .inStep), "\(shop.message)")
    #expect(shop.verification?.mismatches == [])
    #expect(shop.message.contains("its owner app: it belongs to svc"), "\(shop.message)")
    #expect(!shop.message.contains("the schemas differ"), "\(shop.message)")
    #expect(!shop.message.contains("not created: COMMENT"), "\(shop.message)")

    if method == "replication" {
      try await move.source.sql(
        "insert into app.orders (attributes, note) values ('b=>2', 'late'); delete from app.orders where id = 1",
        database: "shop")
      let cutover = try await move.command("cutover", ["--yes", "--verify", "full"], connections: connections)
      #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
      try await move.expectNothingLeft()
    }
    let rows = "select count(*), sum(hashtext(o::text)) from app.orders o"
    #expect(try await move.target.value(rows, database: "shop") == move.source.value(rows, database: "shop"))
    let owners =
      "select string_agg(relname || ' ' || relowner::regrole, ', ' order by relname) from pg_class "
      + "where relnamespace = 'app'::regnamespace"
    #expect(try await move.target.value(owners, database: "shop") == move.source.value(owners, database: "shop"))
    #expect(
      try await move.target.value(
        "select nspowner::regrole || (select ' ' || nspowner::regrole from pg_namespace where nspname = 'ext') "
          + "from pg_namespace where nspname = 'public'", database: "shop") == "svc svc")
    // It has no more of the owners than before, and so reads none of their tables.
    try await move.target.sql("grant pg_read_all_data to lander")
    let verify = try await move.command("verify", ["--verify", "full"], connections: connections)
    #expect(verify.status == .exited(0), "\(verify.stdout)\(verify.stderr)")
  }
}
