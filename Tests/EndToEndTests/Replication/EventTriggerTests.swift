import Assessment
import Migration
import TestSupport
import Testing

/// Event triggers that refuse DDL: what this program creates and removes itself is not refused, or it says so before.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct EventTriggerTests {
  private static let guards = """
    create function no_ddl() returns event_trigger language plpgsql as
      $$ begin raise exception 'schema is frozen: % is not allowed', tg_tag; end $$;
    create event trigger "froz%n 🐘" on ddl_command_start execute function no_ddl();
    create event trigger drops on sql_drop execute function no_ddl();
    """

  private static func makeShop(_ move: Move) async throws {
    try await move.source.sql("create role app; create database shop")
    try await move.source.sql(
      """
      create table orders (id int primary key, v text); insert into orders select g, 'x' from generate_series(1, 100) g;
      create table events (at timestamptz, who text); insert into events select now(), 'w' || g from generate_series(1, 5) g;
      create materialized view sums as select count(*) from orders; create sequence numbers; select lo_from_bytea(1, 'x');
      create table theirs (id int primary key check (id > 0)); alter table theirs owner to app;
      create publication others for table orders; comment on table orders is 'o'; \(guards)
      """, database: "shop")
  }

  private static func start(_ version: Int) async throws -> Move {
    let settings = ["wal_level": "logical", "autovacuum": "off"]
    async let source = TestCluster.start(version: version, settings: settings)
    async let target = TestCluster.start(version: version, settings: settings)
    return try await Move(source: source, target: target)
  }

  private static let triggers =
    "select string_agg(evtname || evtenabled::text, ' ' order by evtname) from pg_event_trigger"

  @Test(.needsPostgres(15, 18), arguments: [15, 18])
  func `a superuser replicates, cuts over and cleans up where all DDL is refused`(version: Int) async throws {
    let move = try await Self.start(version)
    try await Self.makeShop(move)
    let migrated = try await move.migrate(["--set-replica-identity"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    #expect(migrated.database("shop")?.status == .inStep, "\(migrated.database("shop")?.message ?? "")")
    try await move.source.sql("insert into orders values (1001, 'after')", database: "shop")
    let cutover = try await move.cutOver(["--block-writes", "--accept-drift", "all"])
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stdout)\(cutover.output.stderr)")
    #expect(try await move.target.value("select v from orders where id = 1001", database: "shop") == "after")
    #expect(try await move.target.value(Self.triggers, database: "shop") == "dropsO froz%n 🐘O")
    #expect(try await move.target.value("select count(*) from pg_subscription") == "0")
    #expect(
      try await move.source.value("select count(*) from pg_replication_slots where slot_name ~ '^pgpreflight'") == "0")
    try await move.openSource("shop")
    #expect(
      try await move.source.value("select string_agg(pubname, ',') from pg_publication", database: "shop") == "others")
    #expect(
      try await move.source.value("select relreplident from pg_class where relname = 'events'", database: "shop") == "d"
    )
    let cleaned = try await move.command("cleanup", ["--yes"])
    #expect(cleaned.status == .exited(0), "\(cleaned.stdout)\(cleaned.stderr)")
    #expect(try await move.journals(in: "shop") == "0")
  }

  @Test(.needsPostgres(15, 18), arguments: [15, 18])
  func `a superuser dumps and restores where all DDL is refused, and resumes`(version: Int) async throws {
    let move = try await Self.start(version)
    try await Self.makeShop(move)
    let done = try await move.migrate(["--verify", "full"])
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    #expect(try await move.target.value(Self.triggers, database: "shop") == "dropsO froz%n 🐘O")
    #expect(try await move.journals(in: "shop") == "0")
    try await move.expectSame("shop")
  }

  @Test(.needsPostgres(15, 18), arguments: [15, 18])
  func `a role that has to obey them goes by dump, and leaves nothing`(version: Int) async throws {
    let move = try await Self.start(version)
    try await Self.makeShop(move)
    // Large objects are read by their owner alone.
    try await move.source.sql("select lo_unlink(1)", database: "shop")
    try await move.source.sql(
      "create role mover login replication in role pg_read_all_data, app; alter database shop owner to mover")
    let connections = [
      "--source", move.source.connectionString(user: "mover"), "--target", move.target.connectionString(),
    ]
    let done = try await move.migrate(
      ["--include-database", "shop"], by: "auto", connections: connections)
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    #expect(done.database("shop")?.method == "dump")
    #expect(
      try await move.source.value("select string_agg(pubname, ',') from pg_publication", database: "shop") == "others")
    #expect(try await move.source.value("select count(*) from pg_replication_slots") == "0")
    try await move.expectSame("shop")
  }

  /// The check sees it in the function, but not what a function calls.
  @Test(.needsPostgres(15)) func `what the set-up is refused without warning goes by dump, and leaves nothing`()
    async throws
  {
    let move = try await Self.start(15)
    try await move.source.sql(
      "create database shop; create role mover login replication in role pg_read_all_data; alter database shop owner to mover"
    )
    try await move.source.sql(
      """
      create table orders (id int primary key); alter table orders owner to mover; insert into orders values (1);
      create function refuse() returns void language plpgsql as $$ begin raise 'schema is frozen'; end $$;
      create function no_ddl() returns event_trigger language plpgsql as $$ begin perform public.refuse(); end $$;
      create event trigger frozen on ddl_command_start execute function no_ddl();
      """, database: "shop")
    let connections = [
      "--source", move.source.connectionString(user: "mover"), "--target", move.target.connectionString(),
    ]
    let arguments = ["--include-database", "shop"]
    let refused = try await move.migrate(arguments, by: "replication", connections: connections)
    #expect(refused.output.status == .exited(1))
    #expect(refused.database("shop")?.message.contains("creating the publication") == true)
    #expect(
      refused.database("shop")?.message.contains("still there") == false, "\(refused.database("shop")?.message ?? "")")
    let done = try await move.migrate(arguments, by: "auto", connections: connections)
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    #expect(done.database("shop")?.method == "dump")
    #expect(done.database("shop")?.message.contains("by dump, as the replication could not be set up") == true)
    #expect(try await move.source.value("select count(*) from pg_replication_slots") == "0")
    #expect(try await move.source.value("select count(*) from pg_publication", database: "shop") == "0")
    try await move.expectSame("shop")
  }
}
