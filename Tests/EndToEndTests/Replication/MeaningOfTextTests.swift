import Foundation
import Migration
import TestSupport
import Testing

/// The same name, and the same value, is the same on both sides, whatever words and settings the servers read it by.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct MeaningOfTextTests {
  private static func start(from source: Int = 15, to target: Int) async throws -> Move {
    let settings = ["wal_level": "logical", "autovacuum": "off"]
    let hba = ["host all reader all scram-sha-256", "host all all all trust"]
    return try await Move(
      source: TestCluster.start(version: source, settings: settings, hba: hba),
      target: TestCluster.start(version: target, settings: settings, hba: hba))
  }

  private static let only = ["--include-database", "shop"]

  private static func expectSuccess(_ run: MigrationRun, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
      run.output.status == .exited(0), "\(run.output.stdout)\(run.output.stderr)", sourceLocation: sourceLocation)
  }

  /// A cutover that succeeds.
  private static func cutOver(
    _ move: Move, _ arguments: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Cutover.Result? {
    let (output, results) = try await move.cutOver(["--block-writes", "--verify", "full"] + arguments)
    #expect(output.status == .exited(0), "\(output.stdout)\(output.stderr)", sourceLocation: sourceLocation)
    return results.first
  }

  // MARK: Names

  private static let names = """
    create table t (id int primary key, json text, "system_user" text, merge_action int check (merge_action > 0),
      json_value text default 'x', constraint json_query unique (json));
    create table json (id serial primary key, "system_user" int references t); create table "system_user" (a int);
    create index json_object on t (json) where json_value <> 'q'; create schema json_table; create sequence json_seq;
    create table json_table.json ("system_user" int primary key, json json);
    create view json_array as select json, "system_user" as su, "system_user" from t;
    create function json_scalar(json text) returns text language sql as 'select json';
    create materialized view json_exists as select id from t; comment on table json is 'c';
    create policy json on t using (json <> ''); create role merge_action; grant select on json to merge_action;
    insert into t values (1, 'a', 'b', 1); insert into json values (1, 1); insert into json_table.json values (1, '{}');
    insert into "system_user" values (1); select setval('json_id_seq', 44), setval('json_seq', 7);
    """

  @Test(.needsPostgres(15, 17, 18), arguments: [17, 18], [false, true])
  func `a name that is a keyword on the target alone is the same name`(version: Int, quotesAll: Bool) async throws {
    let move = try await Self.start(to: version)
    if quotesAll {
      try await move.source.sql("alter system set quote_all_identifiers = on")
      try await move.source.sql("select pg_reload_conf()")
    }
    try await move.source.sql("create database shop")
    try await move.source.sql(Self.names, database: "shop")
    Self.expectSuccess(try await move.migrate(Self.only + ["--verify", "full"], by: "replication"))
    try await move.source.sql(
      """
      insert into t values (2, 'c', 'd', 1); insert into "system_user" values (2);
      update json_table.json set json = '{"a": 1}'; select nextval('json_seq');
      """, database: "shop")
    let (status, databases) = try await move.status()
    #expect(status.status == .exited(0), "\(status.stdout)\(status.stderr)")
    #expect(databases.first?.drift == SchemaDrift())
    _ = try await Self.cutOver(move)
    #expect(
      try await move.target.value(
        """
        select concat_ws(' ', (select count(*) from t), (select count(*) from "system_user"),
          (select json from json_table.json), (select last_value from json_id_seq), (select last_value from json_seq))
        """, database: "shop") == #"2 2 {"a": 1} 44 8"#)
    try await move.openSource("shop")
    try await move.expectNothingLeft()
  }

  @Test(.needsPostgres(15, 17), arguments: [17])
  func `a dump with such names is gone on with`(version: Int) async throws {
    let move = try await Self.start(to: version)
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      create table t (id int primary key, json text, "system_user" text);
      create table json (id int primary key, n int references t, "system_user" text unique,
        constraint "system_user" check (n > 0));
      create index json_value on json (n); insert into t values (1); insert into json values (1, 1);
      create function refused() returns int language plpgsql as $$begin
        if current_setting('server_version_num')::int > 160000 then raise 'not yet'; end if; return 1; end$$;
      create materialized view late as select public.refused() as x;
      """, database: "shop")
    let stopped = try await move.migrate(Self.only)
    #expect(stopped.output.status == .exited(1), "the materialized view is refused when all else is there")
    try await move.target.sql(
      "create or replace function refused() returns int language sql as 'select 1'", database: "shop")
    Self.expectSuccess(try await move.migrate(Self.only + ["--resume"]))
    #expect(try await move.target.value("select count(*) from json", database: "shop") == "1")
  }

  // MARK: Settings that change what is stored

  @Test(
    .needsPostgres(15, 16, 17),
    arguments: [
      "alter database shop set array_nulls = off", "alter role all set array_nulls = off",
      "alter role postgres set array_nulls = off", "alter role postgres in database shop set array_nulls = 'false'",
      "alter database shop set xmloption = document", "alter database shop set default_transaction_read_only = on",
    ], [15])
  func `what is replicated is what was written, whatever is set for the database or the role`(
    setting: String, version: Int
  ) async throws {
    let move = try await Self.start(to: version)
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      create table t (id int primary key, tags text[], x xml); insert into t values (1, array['a', null], xml 'a<b/>');
      create table keyless (tags text[] default '{d,NULL}'); insert into keyless values (array['k', null]);
      """, database: "shop")
    for cluster in setting.contains("role") ? [move.source, move.target] : [move.source] {
      guard cluster === move.source || !setting.contains("database") else { continue }
      try await cluster.sql(setting)
    }
    Self.expectSuccess(try await move.migrate(Self.only + ["--verify", "full"], by: "replication"))
    try await move.source.sql(
      """
      set default_transaction_read_only = off; insert into t values (2, array['c', null], xmlparse(content 'c<d/>'));
      insert into keyless values (array['l', null]);
      """, database: "shop")
    _ = try await Self.cutOver(move)
    #expect(
      try await move.target.sql(
        """
        set array_nulls = on; select string_agg(format('%s %s', tags, x), '; ' order by id) from t
        """, database: "shop") == "{a,NULL} a<b/>; {c,NULL} c<d/>")
    #expect(
      try await move.target.sql(
        """
        set default_transaction_read_only = off; set array_nulls = on; insert into keyless default values;
        select string_agg(tags::text, ' ' order by tags[1]) from keyless
        """, database: "shop") == "{d,NULL} {k,NULL} {l,NULL}")
    let kept = """
      select coalesce(string_agg(concat_ws(' ', d.datname, r.rolname, s.setconfig::text), '; ' order by d.datname, r.rolname), '')
        from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole
      """
    #expect(try await move.target.value(kept) == move.source.value(kept), "as on the source, and nothing of ours")
    try await move.openSource("shop")
    try await move.expectNothingLeft()
  }

  @Test(.needsPostgres(13, 15))
  func `settings that the target lacks or refuses are not migrated, and all others are`() async throws {
    let move = try await Self.start(from: 13, to: 15)
    try await move.source.sql("create role app login; create database shop")
    try await move.source.sql(
      """
      alter database shop set vacuum_cleanup_index_scale_factor = 0.2; alter database shop set work_mem = '8MB';
      alter database shop connection limit 50; comment on database shop is 'ours'; revoke connect on database shop from public;
      alter role app in database shop set operator_precedence_warning = on; alter role app in database shop set work_mem = '9MB';
      alter role app set vacuum_cleanup_index_scale_factor = 0.3; alter role app set work_mem = '10MB';
      alter database postgres set vacuum_cleanup_index_scale_factor = 0.2; alter database postgres set work_mem = '11MB';
      """)
    try await move.source.sql("create table t (id int primary key)", database: "shop")
    let migrated = try await move.migrate()
    Self.expectSuccess(migrated)
    for name in ["shop", "postgres"] {
      #expect(migrated.database(name)?.message.contains("its setting vacuum_cleanup_index_scale_factor") == true)
    }
    #expect(
      try await move.target.value(
        """
        select string_agg(concat_ws(' ', d.datname, r.rolname, s.setconfig::text), '; ' order by d.datname, r.rolname)
          from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole
        """) == "postgres {work_mem=11MB}; shop app {work_mem=9MB}; shop {work_mem=8MB}; app {work_mem=10MB}")
    #expect(
      try await move.target.value(
        """
        select concat_ws(' ', datconnlimit, shobj_description(oid, 'pg_database'),
          has_database_privilege('app', oid, 'CONNECT')) from pg_database where datname = 'shop'
        """) == "50 ours f")
  }

  // MARK: Sequences

  @Test func `a margin never takes a sequence past its end`() async throws {
    let move = try await Self.start(to: 15)
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      create table s (id smallserial primary key); select setval('s_id_seq', 32761);
      create sequence down increment -1 minvalue -100 maxvalue -1; select setval('down', -50);
      create sequence round maxvalue 100 cycle; select setval('round', 50);
      create sequence fits increment 5 maxvalue 5006; select setval('fits', 1);
      create sequence fresh maxvalue 1001; create sequence over maxvalue 3; select setval('over', 3);
      """, database: "shop")
    Self.expectSuccess(try await move.migrate(Self.only, by: "replication"))
    let plan = try await move.command("cutover", ["--dry-run", "--block-writes", "--sequence-margin", "1000"])
    #expect(
      plan.stdout.contains("warning: sequence public.s_id_seq ends at 32767: it is set to 32761, as on the source"))
    let result = try await Self.cutOver(move, ["--sequence-margin", "1000"])
    for name in ["s_id_seq", "down", "round", "over"] {
      #expect(result?.message.contains("sequence public.\(name) ends") == true, "\(result?.message ?? "")")
    }
    #expect(result?.message.contains("fits") == false)
    let next = ["s_id_seq": "32762", "down": "-51", "round": "51", "fits": "5006", "fresh": "1001"]
    for (name, value) in next {
      #expect(try await move.target.value("select nextval('\(name)')", database: "shop") == value, "\(name)")
    }
  }

  // MARK: Late tables

  @Test(.needsPostgres(15, 16), arguments: [false, true])
  func `tables that refer to each other are copied during cutover, also by a plain role`(isPlain: Bool) async throws {
    let move = try await Self.start(to: 16)
    try await move.source.sql("create database shop; create role reader superuser login password 'r'")
    try await move.source.sql(
      """
      create table kind (code text unique, v text); insert into kind select 'k' || g, 'x' from generate_series(1, 20000) g;
      create table item (code text references kind (code), up text, own text unique, foreign key (up) references item (own));
      insert into item select 'k' || g, null, 'o' || g from generate_series(1, 10) g;
      create table one (code text unique, two text); create table two (code text unique, one text references one (code));
      alter table one add foreign key (two) references two (code); insert into one values ('1', null);
      insert into two values ('2', '1'); update one set two = '2';
      create table kept (id int primary key, code text references kind (code)); insert into kept values (1, 'k1');
      create table late (kept int references kept);
      """, database: "shop")
    var connections = move.connections
    if isPlain {
      try await move.target.sql("create role mover login createdb createrole; grant pg_create_subscription to mover")
      connections = [
        "--source", move.source.connectionString(user: "reader", password: "r"), "--target",
        move.target.connectionString(user: "mover"),
      ]
    }
    let migrated = try await move.migrate(Self.only, by: "replication", connections: connections)
    Self.expectSuccess(migrated)
    try await move.source.sql(
      """
      insert into kind values ('new', 'x'); insert into item values ('new', 'o1', 'own'); insert into kept values (2, 'new');
      insert into late values (2); update one set two = null; insert into two values ('3', '1'); update one set two = '3';
      """, database: "shop")
    let output = try await move.command(
      "cutover", ["--yes", "--block-writes", "--verify", "full"], connections: connections)
    #expect(output.status == .exited(0), "\(output.stdout)\(output.stderr)")
    #expect(
      try await move.target.value(
        """
        select concat_ws(' ', (select count(*) from kind), (select count(*) from item), (select count(*) from late),
          (select two from one), (select count(*) from pg_constraint where contype = 'f' and convalidated))
        """, database: "shop") == "20001 11 1 3 6")
  }
}
