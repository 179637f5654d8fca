import Foundation
import TestSupport
import Testing

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct VerificationTests {
  /// Checksums are of what values look like.
  @Test func `values are the same whatever the servers' own ways of writing them are`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      create table t (id int primary key, at timestamptz, day date, span interval, data bytea, number float8, list text[]);
      insert into t select i, now() + i * interval '1 hour', now()::date + i, i * interval '25 hours 3 min',
             decode(md5(i::text), 'hex'), i / 3.0, array['a', null, 'NULL', chr(34)] from generate_series(1, 1000) i;
      """, database: "shop")
    try await move.target.sql(
      """
      alter role postgres set timezone = 'Asia/Kolkata'; alter role postgres set datestyle = 'German, DMY';
      alter role postgres set intervalstyle = 'iso_8601'; alter role postgres set bytea_output = 'escape';
      alter role postgres set extra_float_digits = -3; alter role postgres set array_nulls = off;
      alter role postgres set standard_conforming_strings = off; alter role postgres set search_path = nowhere;
      """)
    let done = try await move.migrate(["--include-database", "shop", "--verify", "full"])
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    #expect(done.database("shop")?.verification?.tables == 1)
  }

  @Test func `what differs is found, whatever it is`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      create sequence up; create sequence down increment -1; create type mood as enum ('good', 'bad');
      create table t (id serial primary key, mood mood); insert into t (mood) values ('good');
      alter table t enable row level security; create policy all_of_them on t using (true);
      select nextval('up'), nextval('up'), nextval('down'), lo_from_bytea(1, 'first'), lo_from_bytea(2, 'second');
      """, database: "shop")
    let done = try await move.migrate(["--include-database", "shop", "--verify", "full"])
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")

    func verify(_ mode: String) async throws -> ProcessOutput {
      try await run(arguments: ["verify", "--verify", mode, "--include-database", "shop"] + move.connections)
    }
    let same = try await verify("full")
    #expect(same.status == .exited(0), "\(same.stdout)\(same.stderr)")
    // What is further on does no harm.
    try await move.target.sql("select nextval('up'), nextval('down')", database: "shop")
    #expect(try await verify("counts").status == .exited(0))
    try await move.target.sql("select lo_put(2, 0, 'changed')", database: "shop")
    #expect(try await verify("counts").status == .exited(0))
    let changed = try await verify("full")
    #expect(changed.status == .exited(1))
    #expect(changed.stdout.contains("large objects: 2 on both sides, not the same ones"), "\(changed.stdout)")

    try await move.source.sql(
      "select nextval('up') from generate_series(1, 5); select nextval('down') from generate_series(1, 5)",
      database: "shop")
    try await move.target.sql(
      "select lo_unlink(1); alter type mood add value 'so so'; drop policy all_of_them on t", database: "shop")
    let differs = try await verify("counts")
    #expect(differs.status == .exited(1))
    for line in [
      "sequence public.up: the next value is 8 on the source, 4 on the target",
      "sequence public.down: the next value is -7 on the source, -3 on the target",
      "large objects: 2 on the source, 1 on the target", "enum labels: 2 on the source, 3 on the target",
      "policies: 1 on the source, 0 on the target",
    ] {
      #expect(differs.stdout.contains(line), "\(differs.stdout)")
    }
  }

  @Test func `a sample finds what the counts do not`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      create table small (id int primary key, t text); insert into small select i, 't' from generate_series(1, 1000) i;
      create table large (a text collate "C", b int, c text, primary key (a, b)); alter table large alter c set storage plain;
      insert into large select chr(233) || '''' || i, i, repeat('x', 7000) from generate_series(1, 3000) i;
      create table keyless (like large including storage); insert into keyless select * from large;
      create function told(int) returns int immutable language plpgsql as 'begin return $1; end';
      create table indexed (like large including all); create index on indexed (told(b)); insert into indexed select * from large;
      create table parts (id int primary key, c text) partition by range (id);
      create table parts_1 partition of parts for values from (0) to (10000);
      alter table parts_1 alter c set storage plain; insert into parts select i, repeat('x', 7000) from generate_series(1, 3000) i;
      """, database: "shop")
    let done = try await move.migrate(["--include-database", "shop", "--method", "dump", "--verify", "sample"])
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    let verification = try #require(done.database("shop")?.verification)
    #expect((verification.mode, verification.tables) == (.sample, 5))
    #expect((verification.sampledTables, verification.countedTables) == (2, 2))

    func verify(_ mode: String) async throws -> ProcessOutput {
      try await run(arguments: ["verify", "--verify", mode, "--include-database", "shop"] + move.connections)
    }
    let same = try await verify("sample")
    #expect(same.status == .exited(0), "\(same.stdout)\(same.stderr)")
    #expect(
      same.stdout.contains("5 tables (1 compared in full, 2 by a sample of rows, 2 by counts alone)"), "\(same.stdout)")

    try await move.target.sql(
      """
      update small set t = 'other' where id = 500; update large set c = c || 'y'; update indexed set c = c || 'y';
      delete from parts where id > 1000; insert into parts select i, 'new' from generate_series(5001, 7000) i;
      """, database: "shop")
    #expect(try await verify("counts").status == .exited(0))
    let differs = try await verify("sample")
    #expect(differs.status == .exited(1))
    #expect(differs.stdout.contains("public.small: 1000 rows on both sides, not the same ones"), "\(differs.stdout)")
    #expect(
      differs.stdout.contains(
        /public\.large: 3000 rows on both sides; of a sample of (\d+), \1 are missing or different on the target/),
      "\(differs.stdout)")
    #expect(differs.stdout.contains(/public\.parts_1: 3000 rows on both sides; of a sample of/), "\(differs.stdout)")
    #expect(!differs.stdout.contains("public.indexed:"), "\(differs.stdout)")
  }

  /// Nothing on the target is for the role to give away, and some things are not for it to make.
  @Test(arguments: [15, 18])
  func `what initdb's superuser owns goes to a role that is none`(version: Int) async throws {
    guard TestCluster.available(version) != nil else { return }
    let move = try await Move.start(to: version)
    try await move.source.sql("create role app; create database shop")
    try await move.source.sql(
      """
      create schema s; create table s.t (id serial primary key); insert into s.t select from generate_series(1, 10);
      grant usage on schema s to app; grant select on s.t to app; create table s.own (id int); alter table s.own owner to app;
      create function told() returns event_trigger language plpgsql as 'begin end';
      create event trigger "Told ""it"" x" on ddl_command_end execute function told();
      comment on event trigger "Told ""it"" x" is 'x';
      create publication everything for all tables; create publication one for table s.t;
      comment on publication one is 'one'; create role keeper;
      alter default privileges for role keeper in schema s grant select on tables to app;
      insert into pg_seclabel (objoid, classoid, objsubid, provider, label)
        values ('s.t'::regclass, 'pg_class'::regclass, 0, 'no such', 'secret');
      """, database: "shop")
    try await move.target.sql("create role mover login createdb createrole")
    let connections = [
      "--source", move.source.connectionString(), "--target", move.target.connectionString(user: "mover"),
    ]
    let done = try await move.migrate(
      ["--include-database", "shop", "--verify", "full"], connections: connections)
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    let message = try #require(done.database("shop")?.message)
    #expect(message.contains("not created: EVENT TRIGGER - Told \"it\" x"), "\(message)")
    #expect(message.contains("not created: PUBLICATION - everything"), "\(message)")
    #expect(message.contains("not created: SECURITY LABEL s TABLE \"t\""), "\(message)")
    #expect(!message.contains("COMMENT - PUBLICATION one"), "\(message)")
    #expect(
      try await move.target.value(
        "select obj_description(oid, 'pg_publication') from pg_publication where pubname = 'one'", database: "shop")
        == "one")
    #expect(message.contains("all objects belong to the target role"), "\(message)")
    // On a terminal it goes over several lines.
    let words = done.output.stdout.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("not created: EVENT TRIGGER"), "\(done.output.stdout)")
    let owners =
      "select string_agg(distinct relowner::regrole::text, ',') from pg_class where relnamespace = 's'::regnamespace"
    #expect(try await move.target.value(owners, database: "shop") == "mover")
    #expect(
      try await move.target.value("select string_agg(pubname, ',') from pg_publication", database: "shop") == "one")
    #expect(
      try await move.target.value("select has_table_privilege('app', 's.t', 'SELECT')", database: "shop") == "t")
  }
}
