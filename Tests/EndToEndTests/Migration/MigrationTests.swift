import Assessment
import Foundation
import TestSupport
import Testing
import Yams

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct MigrationTests {
  @Test(arguments: [15, 17, 18])
  func `every kind of object arrives as it is`(version: Int) async throws {
    guard TestCluster.available(version) != nil else { return }
    let move = try await Move.start(to: version)
    // What the newer servers of the tests were built without.
    try await move.makeEverything(icu: version == 15, xml: version != 18)
    let done = try await move.migrate(["--verify", "full"])
    let database = try #require(done.database(Move.everything), "\(done.output.stderr)")
    #expect(database.status == .done, "\(database.message)")
    #expect(database.verification?.mode == .full)
    #expect(database.verification?.mismatches == [])
    #expect(database.rows > 10_000)
    #expect(done.output.status == .exited(0))
    try await move.expectSame(Move.everything)

    for query in [
      "select string_agg(x.y, ',') from (select loid || md5(string_agg(data, '' order by pageno)) as y from pg_largeobject group by loid order by loid) x",
      "select string_agg(l.oid || l.lomowner::regrole::text || l.lomacl::text, ',') from pg_largeobject_metadata l",
      "select last_value || is_called::text from app.customers_id_seq",
      "select last_value || is_called::text from app.alone",
      "select last_value || is_called::text from app.untouched",
      "select string_agg(setrole::regrole::text || setconfig::text, ',' order by 1) from pg_db_role_setting, pg_database d "
        + "where d.oid = setdatabase and datname = current_database()",
      "select string_agg(umoptions::text, ',') from pg_user_mappings",
    ] {
      let values = try await (
        move.source.value(query, database: Move.everything), move.target.value(query, database: Move.everything)
      )
      #expect(values.0 == values.1 && !values.0.isEmpty, "\(query)")
    }
    #expect(try await move.journals(in: Move.everything) == "0")
    #expect(try await move.sessions() == 0)
    // Planner's statistics are there, those of several columns among them.
    #expect(
      try await move.target.value(
        "select count(*) from pg_stats_ext where statistics_schemaname = 'app'", database: Move.everything) == "1")
  }

  @Test func `large values arrive in little memory`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database wide")
    try await move.source.sql(
      """
      create domain long as text; create table wide (
        id int generated always as identity, c text not null check (length(c) > 3), d long, v varchar, j json,
        bp char(5000000), "q"" r" bytea, e int[], n numeric default 7);
      alter table wide alter "q"" r" set storage external, alter c set storage external;
      insert into wide (c, d, v, j, bp, e) select repeat('é🐘x', 2000000), repeat('d', 5000000), repeat('v', 3000000),
        to_json(repeat('j', 3000000)), 'short  ', '{1,2}';
      insert into wide (c, "q"" r") select 'with bytes', convert_to(repeat('0123456789abcdef', 10000000), 'UTF8');
      insert into wide (c) select 'small ' || i from generate_series(1, 1000) i;
      """, database: "wide")
    let peak = Locked(0)
    @Sendable func watch(_ pid: pid_t) async throws {
      while let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
      {
        peak.set(max(peak.get(), Int(line.filter(\.isNumber)) ?? 0))
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    let done = try await move.migrate(whileRunning: watch)
    #expect(done.output.status == .exited(0), "\(done.output.stderr)")
    #expect(done.database("wide")?.rows == 1002)
    #expect(peak.get() > 10_000 && peak.get() < 200_000, "KiB")
    // To compare, a row is held as libpq holds it: the largest value has 160 MB.
    peak.set(0)
    let compared = try await run(
      arguments: ["verify", "--verify", "full", "--include-database", "wide"] + move.connections, whileRunning: watch)
    #expect(
      compared.stdout == "wide: the rows of 1 table, and 5 objects of the schema are the same\n",
      "\(compared.stdout)\(compared.stderr)")
    #expect(peak.get() > 10_000 && peak.get() < 900_000, "KiB")
    let sums = "select count(*), sum(hashtextextended(concat(c, d, v, j, bp, e, n, id, md5(\"q\"\" r\")), 0)) from wide"
    let values = try await (move.source.sql(sums, database: "wide"), move.target.sql(sums, database: "wide"))
    #expect(values.0 == values.1)
  }

  @Test func `healthy schemas of different kinds arrive as they are`() async throws {
    let move = try await Move.start()
    let folder = migrationFixtures.appending(path: "../scenarios/general").standardizedFileURL
    for name in ["shop", "tenants", "geodata"] {
      let text = try String(contentsOf: folder.appending(path: "healthy-\(name).yaml"), encoding: .utf8)
      let scenario = try YAMLDecoder().decode(Scenario.self, from: text)
      let variables = ["database": name, "role": "postgres"]
      try await move.source.sql("create database \(name)")
      try await move.source.sql(scenario.source?.clusterSql ?? "", variables: variables)
      try await move.source.sql(scenario.source?.sql ?? "", database: name, variables: variables)
    }
    let done = try await move.migrate(["--verify", "full"])
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    for name in ["shop", "tenants", "geodata"] { try await move.expectSame(name) }
  }

  @Test func `a database that is there is used when it is empty, and never when it is not`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1000)
    try await move.source.sql("create database other")
    try await move.source.sql("create table t (a int)", database: "other")
    try await move.target.sql("create database shop")
    try await move.target.sql("create database other")
    try await move.target.sql("create table t (mine int); insert into t values (1)", database: "other")

    let refused = try await move.migrate()
    #expect(refused.output.status == .exited(1))
    #expect(refused.report?.migration == nil)
    #expect(refused.output.stderr.contains("nothing was migrated: database other can't be migrated: no method is left"))
    #expect(
      try await move.target.value("select count(*) from pg_class where relname = 'orders'", database: "shop") == "0")

    let partial = try await move.migrate(["--skip-blocked"])
    #expect(partial.output.status == .exited(1))
    #expect(partial.database("shop")?.status == .done)
    #expect(partial.database("other")?.status == .skipped)
    #expect(try await move.target.value("select mine from t", database: "other") == "1")
    try await move.expectSame("shop")
    #expect(try await move.journals(in: "shop") == "0")
  }

  @Test func `properties of a database come along, also those that forbid to write, and to one that is there`()
    async throws
  {
    let move = try await Move.start()
    try await move.source.sql("create role app; create role reader")
    let properties =
      "comment on database :\"name\" is 'it''s ours'; grant connect, create on database :\"name\" to app "
      + "with grant option; alter database :\"name\" set default_transaction_read_only = on; alter database :\"name\" set "
      + "search_path = \"$user\", 'a,b'; alter role reader in database :\"name\" set work_mem = '3MB'"
    for name in ["made", "there"] {
      try await move.source.sql("create database \(name)")
      try await move.source.sql("create table t (a int primary key); insert into t values (1)", database: name)
      try await move.source.sql(properties, variables: ["name": name])
    }
    try await move.target.sql("create database there")
    let done = try await move.migrate(["--verify", "full"])
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    for name in ["made", "there"] { try await move.expectSame(name) }
  }

  @Test func `filters choose databases, tables, roles and extensions`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1000)
    try await move.source.sql("create role left_out; create role taken_along; create database not_this")
    try await move.source.sql(
      "create extension pg_trgm; create schema \"S 1\"; create table \"S 1\".\"T \"\"1\" (a int)", database: "shop")
    let done = try await move.migrate([
      "--exclude-database", "not_this", "--exclude-role", "left_out", "--exclude-extension", "pg_trgm",
      "--skip-table", "orders,\"S 1\".\"T \"\"1\",sums", "--verify", "full",
    ])
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    #expect(done.database("not_this") == nil)
    let roles = Dictionary(
      uniqueKeysWithValues: (done.report?.migration?.roles ?? []).map { ($0.name, $0.status) })
    #expect(roles == ["left_out": .excluded, "taken_along": .created, "postgres": .exists])
    let names = "select string_agg(relname, ',' order by relname) from pg_class where relkind = 'r' and oid > 16383"
    #expect(try await move.target.value(names, database: "shop") == "customers,small")
    #expect(
      try await move.target.value("select count(*) from pg_extension where extname = 'pg_trgm'", database: "shop")
        == "0")
    #expect(try await move.target.value("select count(*) from pg_roles where rolname = 'left_out'") == "0")
    #expect(try await move.target.value("select count(*) from customers", database: "shop") == "100")
    #expect(try await move.target.value("select convert_from(lo_get(4711), 'utf8')", database: "shop") == "large")
  }

  @Test func `an approved plan holds as long as the clusters are what they were`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1000)
    let folder = try TemporaryFolder()
    let plan = folder.path + "/plan.json"
    let check = try await run(
      arguments: ["check", "--target-free-space", "1TB", "--method", "dump", "--report", "json=\(plan)"]
        + move.connections)
    #expect(check.status == .exited(0))
    try await move.source.sql("create table new (a int)", database: "shop")
    let arguments = ["--method", "dump", "--plan", plan]
    let refused = try await move.migrate(arguments)
    #expect(refused.output.status == .exited(1))
    #expect(refused.output.stderr.contains("no longer match the approved plan: the source has other"))
    try await move.source.sql("drop table new", database: "shop")
    try await move.target.sql("create database more")
    let again = try await move.migrate(arguments)
    #expect(again.output.stderr.contains("the target has a new database, more"))
    try await move.target.sql("drop database more; create role other")
    let inPart = try await move.migrate(arguments + ["--skip-table", "orders", "--exclude-role", "postgres"])
    #expect(inPart.output.stderr.contains("database shop was to be moved as a whole, and now in part"))
    #expect(inPart.output.stderr.contains("role postgres was to be carried over, and is left out"))
    try await move.target.sql("drop role other")
    let done = try await move.migrate(arguments)
    #expect(done.output.status == .exited(0), "\(done.output.stderr)")
  }

  @Test func `nothing is written that was not asked for`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1000)
    let unasked = try await move.migrate(confirms: false)
    #expect(unasked.output.status == .exited(64))
    #expect(unasked.output.stderr == "pgpreflight: without a terminal to ask on, --yes is needed\n")
    #expect(try await move.target.value("select count(*) from pg_database where datname = 'shop'") == "0")

    // `script` gives it a terminal.
    let folder = try TemporaryFolder()
    let words = ([pgpreflight, "migrate", "--method", "dump", "--target-free-space", "1TB"] + move.connections).map {
      "'\($0.replacing("'", with: "'\\''"))'"
    }
    for (answer, status) in [("no", Int32(1)), ("yes", 0)] {
      let output = try await run(
        executable: "/usr/bin/script",
        arguments: ["-q", "-e", "-c", words.joined(separator: " "), folder.path + "/typescript"], input: answer + "\n")
      #expect(output.status == .exited(status), "\(output.stdout)")
      #expect(output.stdout.contains("To be migrated by dump: postgres, shop"))
    }
    try await move.expectSame("shop")
  }

  @Test func `roles come with attributes, passwords, memberships and settings`() async throws {
    let move = try await Move.start()
    try await move.source.sql(
      """
      create role a_group nologin; create role "o'dd ""role x" login password 's3cr''et: /@#\\ x' connection limit 3
        valid until '2040-01-01' createdb noinherit bypassrls;
      grant a_group to "o'dd ""role x" with admin option; grant pg_monitor to "o'dd ""role x";
      alter role "o'dd ""role x" set search_path = "$user", 'pu,blic', "we""ird"; alter role a_group set work_mem = '7MB';
      comment on role a_group is 'it''s one';
      """)
    let done = try await move.migrate()
    #expect(done.output.status == .exited(0), "\(done.output.stderr)")
    func roles(_ cluster: TestCluster) async throws -> [Substring] {
      let output = try await run(
        executable: "\(cluster.binDirectory)/pg_dumpall",
        arguments: ["--roles-only", "--dbname", cluster.connectionString()])
      return output.stdout.split(separator: "\n").filter { !$0.hasPrefix("\\") && !$0.contains("ROLE postgres") }
    }
    let both = try await (roles(move.source), roles(move.target))
    #expect(both.0 == both.1)
  }

  @Test(arguments: [15, 17])
  func `a role that is no superuser migrates what belongs to others, and leaves no trace`(version: Int) async throws {
    guard TestCluster.available(version) != nil else { return }
    let move = try await Move.start(to: version)
    try await move.source.sql(
      """
      create role owner_1; create role "owner ""2"; create role reader; create role left_out; create role rds_superuser;
      create database shop owner owner_1
      """)
    try await move.source.sql(
      """
      create schema s authorization owner_1; grant create, usage on schema s to "owner ""2", left_out; set role owner_1; create table s.t (id serial primary key, a text);
      insert into s.t (a) select 'x' || i from generate_series(1, 100) i; create view s.v as select * from s.t;
      grant select on s.t to reader, left_out, rds_superuser; reset role;
      create table s.other (a int primary key references s.t); alter table s.other owner to "owner ""2";
      create table s.lost (a int); alter table s.lost owner to left_out;
      alter table s.t enable row level security; create policy p on s.t to reader, left_out using (true);
      """, database: "shop")
    try await move.target.sql("create role mover login createdb createrole")
    let connections = [
      "--source", move.source.connectionString(), "--target", move.target.connectionString(user: "mover"),
    ]
    let done = try await move.migrate(
      ["--exclude-role", "left_out", "--include-database", "shop", "--verify", "full"], connections: connections)
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    #expect(done.database("shop")?.message == "", "\(done.database("shop")?.verification?.objectDifferences ?? [])")
    #expect(try await move.contents(of: "shop", on: move.source) == move.contents(of: "shop", on: move.target))
    let owners =
      "select string_agg(relname || ' ' || relowner::regrole, ', ' order by relname) from pg_class where relkind in ('r', 'v') and relnamespace = 's'::regnamespace"
    #expect(
      try await move.target.value(owners, database: "shop") == "lost mover, other \"owner \"\"2\", t owner_1, v owner_1"
    )
    #expect(
      try await move.target.value("select relacl::text from pg_class where relname = 't'", database: "shop")
        == "{owner_1=arwdDxt\(version >= 17 ? "m" : "")/owner_1,reader=r/owner_1}")
    #expect(
      try await move.target.value("select polroles::regrole[]::text from pg_policy", database: "shop") == "{reader}")
    let roles = try await move.target.value(
      "select string_agg(rolname, ',' order by rolname) from pg_roles where rolname !~ '^pg_'")
    #expect(roles == "mover,owner \"2,owner_1,postgres,reader")
    // On 16 and newer the creator of a role administers it; it has no more of it than that.
    let members = try await move.target.value(
      version >= 16
        ? "select count(*) from pg_auth_members where member = 'mover'::regrole and (set_option or inherit_option)"
        : "select count(*) from pg_auth_members where member = 'mover'::regrole")
    #expect(members == "0")
    #expect(try await move.journals(in: "shop") == "0")
  }
}
