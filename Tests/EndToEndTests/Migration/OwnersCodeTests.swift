import Foundation
import TestSupport
import Testing

/// Code of an owner who is no superuser, planted wherever a migration could run it. It asks for more than the owner may
/// do in every way that there is; and it says in the server's log who it was.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct OwnersCodeTests {
  private static let code = """
    create function s.act(what text) returns bool language plpgsql as $$begin
      begin execute 'reset role'; exception when others then null; end;
      begin execute 'alter role owner superuser'; exception when others then null; end;
      raise log 'PLANTED % AS % SUPERUSER %', what, current_user,
        (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user);
      return true; end$$;
    create function s.fold(what text) returns int immutable language plpgsql as
      $$begin perform s.act(what); return 1; end$$;
    create function s.compute(int, what text) returns int immutable language plpgsql as
      $$begin perform s.act(what); return $1; end$$;
    create function s.fire() returns trigger language plpgsql as
      $$begin perform s.act(tg_name || ' ' || tg_op); return new; end$$;
    create domain s.coded as int check (s.act('domain') and value + s.fold('domain') > 0);
    create table s.checked (a int, b s.coded[] default '{9}', check (s.act('check')));
    create view s.seen as select a from s.checked where b <> '{8}'::s.coded[];
    create function s.given(s.coded[] default '{6}') returns int language sql as 'select 1';
    create rule noticed as on update to s.checked where old.b = '{5}'::s.coded[] do also select 1;
    create policy seen on s.checked using (b <> '{4}'::s.coded[]);
    create index on s.checked (a) where b <> '{3}'::s.coded[];
    create domain s.few as s.coded[] default '{2}';
    alter table s.checked add constraint later check (b <> '{11}'::s.coded[]) not valid;
    create table s.generated (
      a int, g int generated always as (s.compute(a, 'generated') + s.fold('generated when created')) stored);
    create table s.parted (a int) partition by range ((s.compute(a, 'partition key') + s.fold('key when created')));
    create table s.part partition of s.parted for values from (0) to (1000);
    create index on s.parted (a);
    create trigger "of partitions" after insert on s.parted for each row execute function s.fire();
    create table s.judged (a int);
    create function s.judge(s.judged) returns int immutable language plpgsql as
      $$begin perform s.act('row'); return 1; end$$;
    alter table s.judged add check (s.judge(judged) + s.fold('check when created') > 0);
    create function s.next(s.coded[], int) returns s.coded[] immutable language sql as $$select $1$$;
    create aggregate s.last(int) (sfunc = s.next, stype = s.coded[], initcond = '{7}');
    create table s.indexed (a int, b int);
    create index on s.indexed ((a + s.fold('index')));
    create index on s.indexed (b) where s.compute(a, 'predicate') > 0;
    create unique index on s.indexed (a);
    create table s.referring (a int references s.indexed (a), check (s.fold('key') > 0));
    create table s.triggering (a int);
    create trigger "on row" before insert or delete on s.triggering for each row execute function s.fire();
    create trigger "on statement" after insert or truncate on s.triggering execute function s.fire();
    create constraint trigger deferred after insert on s.triggering deferrable initially deferred
      for each row execute function s.fire();
    alter table s.triggering enable always trigger "on row", enable replica trigger "on statement",
      enable always trigger deferred;
    create table s.tree (a int) partition by list (a);
    create table s.leaf partition of s.tree for values in (1, 2, 3);
    create table s.twig partition of s.tree for values in (9) partition by list (a);
    create index on s.tree ((a + s.fold('branches')));
    create trigger "of the tree" after insert on s.tree for each row execute function s.fire();
    alter table s.tree enable always trigger "of the tree";
    create table s.ruled (a int, t text);
    create rule also as on insert to s.ruled do also select s.act('rule');
    create rule instead as on delete to s.ruled do instead select s.act('rule');
    alter table s.ruled enable always rule also, enable always rule instead;
    create table s.replicated (a int primary key);
    """

  private static let rows = """
    insert into s.checked select i, array[i] from generate_series(1, 3) i;
    insert into s.generated select i from generate_series(1, 3) i;
    insert into s.parted select i from generate_series(1, 3) i;
    insert into s.judged select i from generate_series(1, 3) i;
    insert into s.indexed select i, i from generate_series(1, 3) i;
    insert into s.referring select i from generate_series(1, 3) i;
    insert into s.triggering select i from generate_series(1, 3) i;
    insert into s.tree select i from generate_series(1, 3) i;
    insert into s.ruled select i, repeat('x', 10) from generate_series(1, 3) i;
    """

  private static let tables = [
    "checked", "generated", "parted", "judged", "indexed", "referring", "triggering", "tree", "ruled",
  ]

  private static func start(_ version: Int, admits: Bool = true) async throws -> Move {
    let settings = ["wal_level": "logical", "autovacuum": "off", "jit": "off", "log_line_prefix": "%p %a|"]
    // A role that is made to load tables by has to know its password, and so has one that subscribes.
    let hba = ["host all postgres all trust", "host all all all \(admits ? "scram-sha-256" : "reject")"]
    async let source = TestCluster.start(version: version, settings: settings, hba: hba)
    async let target = TestCluster.start(version: version, settings: settings, hba: hba)
    let move = try await Move(source: source, target: target)
    try await move.source.sql(
      """
      create role owner login; create database planted owner owner; grant create on database planted to owner;
      create role mover login superuser password 'secret';
      """)
    try await move.source.sql("create schema s authorization owner", database: "planted")
    // By it the server computes checks where it looks at a foreign key.
    try await move.source.sql("alter database planted set constraint_exclusion = on", database: "planted")
    try await move.source.sql(code + rows, database: "planted", user: "owner")
    try await move.target.sql("create role mover login createdb createrole password 'secret'")
    return move
  }

  private static func connections(_ move: Move, as role: String) -> [String] {
    let password = role == "postgres" ? nil : "secret"
    return zip(["--source", "--target"], [move.source, move.target]).flatMap {
      [$0, $1.connectionString(user: role, password: password)]
    }
  }

  /// What of the planted code has run, and as whom, in a server's log.
  private static func sprung(_ cluster: TestCluster) throws -> [String] {
    try cluster.logText().matches(of: /PLANTED .* AS .* SUPERUSER [tf]/).map { String($0.output) }
  }

  /// That the code has run on the target, and never as more than its owner; and that every row is there.
  private static func expectTamed(
    _ move: Move, source before: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let ran = try sprung(move.target)
    #expect(ran.contains { $0.contains("check") }, sourceLocation: sourceLocation)
    #expect(ran.filter { $0.hasSuffix("t") || $0.contains("AS mover") } == [], sourceLocation: sourceLocation)
    #expect(ran.filter { $0.contains("rule") || $0.contains("on row") || $0.contains("on statement") } == [])
    #expect(ran.filter { $0.contains("deferred") || $0.contains("of the tree") } == [])
    #expect(try sprung(move.source).count == before, sourceLocation: sourceLocation)
    let superusers = "select string_agg(rolname, ',' order by 1) from pg_roles where rolsuper"
    #expect(try await move.target.value(superusers) == "postgres", sourceLocation: sourceLocation)
    let left = "select count(*) from pg_roles where rolname like 'pgpreflight%'"
    #expect(try await move.target.value(left) == "0", sourceLocation: sourceLocation)
    for table in tables {
      // COPY plans nothing, and so runs nothing.
      let rows = "copy s.\(table == "parted" ? "part" : table == "tree" ? "leaf" : table) to stdout"
      let contents = try await (
        move.source.sql(rows, database: "planted"), move.target.sql(rows, database: "planted")
      )
      #expect(contents.0 == contents.1 && !contents.0.isEmpty, "\(table)", sourceLocation: sourceLocation)
    }
  }

  @Test(.needsPostgres(13, 15, 17), arguments: [(15, "mover"), (17, "postgres"), (13, "postgres")])
  func `loading by dump runs an owner's code with the owner's rights alone`(version: Int, role: String) async throws {
    let move = try await Self.start(version)
    let before = try Self.sprung(move.source).count
    let done = try await move.migrate(
      ["--include-database", "planted", "--verify", "counts"], connections: Self.connections(move, as: role))
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    try await Self.expectTamed(move, source: before)
  }

  @Test(.needsPostgres(15, 17), arguments: [(15, "postgres"), (17, "postgres"), (17, "mover")])
  func `copying at cutover runs an owner's code with the owner's rights alone`(version: Int, role: String) async throws
  {
    let move = try await Self.start(version)
    if role == "mover" {
      try await move.target.sql(
        "grant pg_create_subscription to mover; grant set on parameter session_replication_role to mover")
    }
    let connections = Self.connections(move, as: role)
    let before = try Self.sprung(move.source).count
    let done = try await move.migrate(
      ["--include-database", "planted", "--verify", "counts"], by: "replication", connections: connections)
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    // Rows that were not there when the tables were copied first.
    try await move.source.sql(
      """
      alter table s.ruled disable rule also, disable rule instead;
      alter table s.triggering disable trigger user;
      alter table s.tree disable trigger user;
      """
        + Self.rows.replacing("generate_series(1, 3)", with: "generate_series(4, 6)")
        .replacing("into s.tree select i", with: "into s.tree select i - 3")
          + """
          alter table s.ruled enable always rule also, enable always rule instead;
          alter table s.triggering enable always trigger "on row", enable replica trigger "on statement",
            enable always trigger deferred;
          alter table s.tree enable always trigger "of the tree";
          """, database: "planted", user: "owner")
    let written = try Self.sprung(move.source).count
    #expect(written > before)
    let cutover = try await move.command(
      "cutover", ["--yes", "--block-writes", "--include-database", "planted"], connections: connections)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    try await move.openSource("planted")
    try await Self.expectTamed(move, source: written)
  }

  @Test func `rows that an owner's session has loaded are there for --resume where its transaction was committed`()
    async throws
  {
    let move = try await Self.start(15)
    let connections = Self.connections(move, as: "postgres")
    let held = try await move.makeHeldTable(in: "planted")
    let journal = "select nspname from pg_namespace where nspname like 'pgpreflight_journal_%'"
    let killed = try await move.migrate(["--include-database", "planted"], connections: connections) { pid in
      try await eventually("tables have arrived") {
        guard let schema = try? await move.target.value(journal, database: "planted"), !schema.isEmpty else {
          return false
        }
        let noted = "select count(*) from \(schema).steps where step like 'rows %' and detail like '% % %'"
        return await (try? move.target.value(noted, database: "planted")).flatMap { Int($0) } ?? 0 >= 3
      }
      kill(pid, SIGKILL)
    }
    #expect(killed.output.status == .signaled(SIGKILL))
    let roles = "select count(*) from pg_roles where rolname like 'pgpreflight_load_%'"
    #expect(try await move.target.value(roles) == "1")
    let cleanup = try await run(arguments: ["cleanup", "--dry-run"] + connections)
    #expect(cleanup.stdout.contains("role pgpreflight_load_"), "\(cleanup.stdout)\(cleanup.stderr)")

    // As if the program had been killed after the note and before the commit.
    let schema = try await move.target.value(journal, database: "planted")
    let aborted = try await move.target.sql(
      """
      begin; truncate s.checked; select pg_current_xact_id(); rollback;
      """, database: "planted")
    let oid = try await move.source.value("select 's.checked'::regclass::oid", database: "planted")
    try await move.target.sql(
      """
      truncate s.checked;
      update \(schema).steps set detail = regexp_replace(detail, '[0-9]+$', '\(aborted)')
       where step = 'rows \(oid) 0/1';
      """, database: "planted")
    try FileManager.default.removeItem(at: held)
    let resumed = try await move.migrate(["--resume", "--include-database", "planted"], connections: connections)
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    let count = try await move.target.sql("copy s.checked to stdout", database: "planted")
    #expect(count.split(separator: "\n").count == 3)
    #expect(try await move.target.value(roles) == "0")
  }

  @Test func `a foreign table's default runs with its owner's rights, and what two roles own is refused`() async throws
  {
    let move = try await Self.start(15)
    try await move.source.sql(
      "create foreign data wrapper far; create server far foreign data wrapper far; grant usage on foreign server far to owner",
      database: "planted")
    try await move.source.sql(
      "create foreign table s.distant (a s.coded[] default '{1}') server far", database: "planted", user: "owner")
    let connections = Self.connections(move, as: "postgres")
    let rehearsed = try await run(
      arguments: ["check", "--target-free-space", "1TB", "--rehearse", "--include-database", "planted"] + connections)
    #expect(rehearsed.stdout.contains("schema-rehearsal"), "\(rehearsed.stdout)\(rehearsed.stderr)")
    #expect(try Self.sprung(move.target) == [])
    let done = try await move.migrate(["--include-database", "planted"], connections: connections)
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    #expect(try Self.sprung(move.target).filter { $0.hasSuffix("t") } == [])

    let before = try Self.sprung(move.target).count
    try await move.target.sql("drop database planted")
    try await move.source.sql(
      "create role other; grant usage, create on schema s to other; alter table s.part owner to other",
      database: "planted")
    let refused = try await move.migrate(["--include-database", "planted"], connections: connections)
    #expect(refused.output.status == .exited(1))
    let message = refused.database("planted")?.message ?? ""
    #expect(message.contains("role owner") && message.contains("role other"), "\(message)")
    #expect(try Self.sprung(move.target).dropFirst(before).filter { $0.hasSuffix("t") } == [])
  }

  @Test func `where nobody can connect as the owners, nothing is loaded unless that is accepted`() async throws {
    let move = try await Self.start(15, admits: false)
    let connections = Self.connections(move, as: "postgres")
    let refused = try await move.migrate(["--include-database", "planted"], connections: connections)
    #expect(refused.output.status == .exited(1))
    let message = refused.database("planted")?.message ?? ""
    #expect(message.contains("of role owner") && message.contains("pg_hba.conf rejects connection"), "\(message)")
    #expect(try Self.sprung(move.target) == [])
    #expect(try await move.target.value("select rolsuper from pg_roles where rolname = 'owner'") == "f")
    #expect(try await move.target.value("select count(*) from pg_roles where rolname like 'pgpreflight%'") == "0")

    try await move.target.sql("drop database planted")
    let folder = try TemporaryFolder()
    try folder.write(
      "waivers:\n  - {rule: load-code, by: Ada, reason: the owner is trusted, expires: 2999-12-31}\n",
      to: "waivers.yaml")
    let accepted = try await move.migrate(
      ["--include-database", "planted", "--config", folder.path + "/waivers.yaml"], connections: connections)
    #expect(accepted.output.status == .exited(0), "\(accepted.output.stdout)\(accepted.output.stderr)")
    #expect(try await move.target.value("select rolsuper from pg_roles where rolname = 'owner'") == "t")
  }
}
