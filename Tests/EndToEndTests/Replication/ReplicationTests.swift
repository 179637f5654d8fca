import Assessment
import Foundation
import Migration
import Postgres
import TestSupport
import Testing

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct ReplicationTests {
  @Test(arguments: [15, 17, 18])
  func `all that was committed arrives, from the first copy to the cutover`(version: Int) async throws {
    guard TestCluster.available(version) != nil else { return }
    let move = try await Move.start(to: version)
    let name = "shop \"%s\" <b>'"
    try await move.makeReplicable(name, tables: 100, rows: 500)
    let load = try await Load(on: move.source, database: name, tables: 100)
    let migrated = try await move.migrate(
      ["--include-database", "\"\(name.replacing("\"", with: "\"\""))\""], by: "auto")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    let database = try #require(migrated.database(name))
    try #require(database.method == "replication", "\(database.message ?? "")")
    #expect(database.status == .inStep)
    #expect(database.verification?.mismatches == [])
    // Of a table that somebody has emptied meanwhile there is nothing to compare.
    #expect(
      [
        "",
        "; not compared, as they were altered, emptied or dropped on the source after they had been copied: public.emptied",
      ]
      .map { "copied again at cutover: table public.unlogged, as it is unlogged\($0)" }.contains(database.message))

    let (output, databases) = try await move.status()
    try #require(databases.map(\.name) == [name])
    #expect(databases[0].trouble == nil)
    #expect(databases[0].differences == [])
    #expect(databases[0].state.map { $0.tables == $0.tablesReady && $0.tables > 100 } == true)
    #expect([.exited(0), .exited(2)].contains(output.status), "\(output.stdout)\(output.stderr)")

    try await move.source.sql("update unlogged set t = 'late'", database: name)
    let dry = try await move.command("cutover", ["--dry-run", "--block-writes"])
    #expect(dry.status == .exited(0))
    #expect(dry.stdout.contains("close the source by ALTER DATABASE"))

    let (cutover, results) = try await move.cutOver(["--block-writes", "--verify", "full", "--sequence-margin", "10"])
    let rounds = try await load.stop()
    #expect(rounds > 20)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    try #require(results.map(\.status) == [.done])
    #expect(results[0].verification?.mismatches == [])
    let blocked = try #require(results[0].blockedSeconds)
    print("a source of 100 tables under load: writes were blocked for \(blocked) s")

    await #expect(throws: ConnectionFailure.self) {
      _ = try await move.source.value("insert into keyed values (-1, -1)", database: name)
    }
    try await move.openSource(name)
    #expect(try await move.target.value("select t from unlogged limit 1", database: name) == "late")
    #expect(try await move.target.value("select last_value from lonely", database: name) == "4721")
    let last = "select max(id) from toasted"
    let used = try #require(Int(try await move.source.value(last, database: name)))
    #expect(Int(try await move.target.value("select nextval('toasted_id_seq')", database: name)) ?? 0 > used)
    #expect(
      try await move.target.value("select * from counted", database: name)
        == move.target.value("select count(*) from keyed", database: name))
    try await move.source.sql("refresh materialized view counted", database: name)
    try await move.expectSame(name)
    try await move.expectNothingLeft()
    #expect(try await move.sessions() == 0)
  }

  @Test func `what can't be set up goes by dump, and leaves nothing behind`() async throws {
    let move = try await Move.start()
    try await move.makeReplicable("shop")
    let unreachable = ["--source-for-target", "host=127.0.0.1 port=1 user=postgres"]
    let forced = try await move.migrate(unreachable + ["--include-database", "shop"], by: "replication")
    #expect(forced.output.status == .exited(1))
    #expect(forced.database("shop")?.status == .failed)
    #expect(forced.database("shop")?.message.contains("creating the subscription") == true)
    #expect(try await move.source.value("select count(*) from pg_replication_slots") == "0")
    #expect(try await move.source.value("select count(*) from pg_publication", database: "shop") == "0")
    try await move.target.sql("drop database shop")

    let done = try await move.migrate(unreachable + ["--include-database", "shop"], by: "auto")
    #expect(done.output.status == .exited(0), "\(done.output.stderr)")
    #expect(done.database("shop")?.status == .done)
    #expect(done.database("shop")?.method == "dump")
    #expect(done.database("shop")?.message.contains("by dump, as the replication could not be set up") == true)
    try await move.expectSame("shop")
    try await move.expectNothingLeft()
  }

  @Test func `replication that is to stop does so when all is there, not before`() async throws {
    let move = try await Move.start()
    try await move.makeReplicable("shop", rows: 50_000)
    let load = try await Load(on: move.source, database: "shop", sessions: 1)
    let migrated = try await move.migrate(
      ["--include-database", "shop", "--max-replication-lag", "100kB", "--stop-replication"], by: "replication")
    try await load.stop()
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stderr)")
    #expect(migrated.database("shop")?.status == .done)
    #expect(migrated.database("shop")?.method == "replication")
    // What was there before it began is there.
    #expect(try await move.target.value("select count(*) from parts where t = 't'", database: "shop") == "50000")
    #expect(
      try await move.target.value("select last_value >= (select max(id) from t1) from t1_id_seq", database: "shop")
        == "t")
    try await move.expectNothingLeft()
  }

  @Test func `what replication does not carry is found, and is no cutover's to lose`() async throws {
    let move = try await Move.start()
    try await move.makeReplicable("shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stderr)")
    try await move.source.sql(
      """
      alter table keyed add column more int;
      create table "new ""one"" %s" (id serial primary key, t text unique, p int references parent);
      insert into "new ""one"" %s" (t, p) values ('a', 1), ('b', 2); create index on "new ""one"" %s" (t, id);
      create table parts_0 partition of parts for values from (minvalue) to (0); insert into parts values (-1, 'new');
      """, database: "shop")
    let (output, databases) = try await move.status()
    #expect(output.status == .exited(1))
    #expect(databases.first?.differences.first?.contains("table public.keyed has other columns") == true)
    #expect(databases.first?.newTables == [#"public."new ""one"" %s""#, "public.parts_0"])
    #expect(databases.first?.onlyOnSource == [])
    let refused = try await move.cutOver(["--block-writes"])
    #expect(refused.output.status == .exited(1))
    #expect(refused.output.stderr.contains("the schema has changed since: table public.keyed"))
    // Nothing was touched.
    try await move.source.sql("insert into emptied values (1, 'x')", database: "shop")

    // What is done on the target as well is no difference any more.
    try await move.target.sql("alter table keyed add column more int", database: "shop")
    let (again, _) = try await move.status()
    #expect(again.status == .exited(0), "\(again.stdout)")
    let cutover = try await move.cutOver()
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stderr)")
    #expect(try await move.target.value("select count(*) from emptied", database: "shop") == "1")
    // What was made since is there, with all that belongs to it.
    try await move.expectSame("shop")
    #expect(
      try await move.target.value(#"select nextval('public."new ""one"" %s_id_seq"')"#, database: "shop") == "3")
    try await move.expectNothingLeft()
  }

  @Test func `a cutover that fails puts the source back as it was`() async throws {
    let move = try await Move.start()
    try await move.makeReplicable("shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stderr)")
    // Somebody has written to the target: the comparison finds it.
    try await move.target.sql("insert into emptied values (4711, 'astray')", database: "shop")
    let failed = try await move.cutOver(["--block-writes"])
    #expect(failed.output.status == .exited(1))
    #expect(failed.databases.first?.status == .failed)
    #expect(failed.databases.first?.message.contains("public.emptied: 0 rows on the source, 1 on the target") == true)
    #expect(failed.databases.first?.end == .undone)
    try await move.source.sql("insert into emptied values (1, 'x')", database: "shop")
    #expect(try await move.source.value("select count(*) from pg_db_role_setting") == "0")
    // It goes on, and the next cutover succeeds.
    try await move.target.sql("delete from emptied where id = 4711", database: "shop")
    let cutover = try await move.cutOver(["--block-writes"])
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stderr)")
    #expect(try await move.target.value("select t from emptied", database: "shop") == "x")
    try await move.openSource("shop")
    try await move.expectNothingLeft()
  }

  @Test func `a cutover that is killed is undone by the next one, or by cleanup`() async throws {
    let move = try await Move.start()
    try await move.makeReplicable("shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stderr)")
    @Sendable func isOpen() async throws -> Bool {
      try await move.source.value("select datallowconn from pg_database where datname = 'shop'") == "t"
    }
    func killCutover() async throws {
      // The switch waits for a lock that somebody holds.
      let holder = try await Connection.connect(
        ConnectionString(move.target.connectionString(database: "postgres")), options: .init())
      _ = try await holder.query("begin")
      _ = try await holder.query("lock table pg_catalog.pg_subscription in exclusive mode")
      let killed = try await move.command("cutover", ["--yes", "--block-writes"]) { pid in
        try await eventually("the source is closed") { try await !isOpen() }
        try await Task.sleep(for: .milliseconds(300))
        kill(pid, SIGKILL)
      }
      #expect(killed.status == .signaled(SIGKILL))
      await holder.close()
    }
    try await killCutover()
    #expect(try await !isOpen())
    let (status, databases) = try await move.status()
    #expect(status.status == .exited(1))
    #expect(databases.first?.trouble?.hasPrefix("the source is closed: a cutover ") == true)
    // The next one opens it, and says why it goes no further.
    try await move.target.sql("insert into emptied values (4711, 'astray')", database: "shop")
    let failed = try await move.cutOver(["--block-writes"])
    #expect(failed.output.status == .exited(1))
    #expect(failed.databases.first?.end == .undone)
    #expect(try await isOpen())
    try await move.source.sql("insert into parts values (1, 'x')", database: "shop")

    try await killCutover()
    let cleaned = try await move.command("cleanup", ["--yes"])
    #expect(cleaned.status == .exited(0), "\(cleaned.stdout)\(cleaned.stderr)")
    #expect(try await isOpen())
    try await move.source.sql("insert into parts values (2, 'x')", database: "shop")
    try await move.expectNothingLeft()
  }

  @Test func `a row in conflict stops it, is told of, and does no more when it is gone`() async throws {
    let move = try await Move.start()
    try await move.makeReplicable("shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stderr)")
    try await move.target.sql("insert into emptied values (7, 'astray')", database: "shop")
    try await move.source.sql(
      "insert into emptied values (7, 'x'); insert into keyed values (-1, -1)", database: "shop")
    try await eventually("applying has failed") {
      let databases = try await move.status().databases
      return databases.first?.state?.errors.contains { $0.kind == "apply error" && $0.count > 0 } == true
    }
    let (output, databases) = try await move.status()
    #expect(output.status != .exited(0))
    #expect(databases.first?.isInStep == false)
    try await move.target.sql("delete from emptied where id = 7", database: "shop")
    try await eventually("it has caught up") { try await move.status().output.status == .exited(0) }
    let cutover = try await move.cutOver(["--verify", "full"])
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stderr)")
    #expect(try await move.target.value("select t from emptied where id = 7", database: "shop") == "x")
    try await move.expectNothingLeft()
  }

  @Test func `a slot that has lost what it needs is told of, and never cut over`() async throws {
    let move = try await Move.start(settings: ["min_wal_size": "32MB", "max_wal_size": "32MB"])
    try await move.makeReplicable("shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stderr)")
    let subscription = try await move.target.value("select subname from pg_subscription")
    try await move.target.sql("alter subscription \(subscription) disable", database: "shop")
    #expect(try await move.status().databases.first?.trouble == "the subscription is disabled")
    try await move.source.sql("alter system set max_slot_wal_keep_size = '1MB'")
    try await move.source.sql("select pg_reload_conf()")
    try await eventually("the slot is lost") {
      try await move.source.sql(
        "insert into toasted (wide) select repeat(md5(i::text), 2000) from generate_series(1, 500) i; select pg_switch_wal(); checkpoint",
        database: "shop")
      return try await move.source.value("select wal_status from pg_replication_slots") == "lost"
    }
    let (output, databases) = try await move.status()
    #expect(output.status == .exited(1))
    #expect(databases.first?.trouble == "the replication slot has lost WAL that it needs")
    let cutover = try await move.cutOver(["--block-writes"])
    #expect(cutover.output.status == .exited(1))
    #expect(cutover.output.stderr.contains("has lost WAL"), "\(cutover.output.stderr)")
    // Nothing was touched, and all of it can be removed.
    try await move.source.sql("insert into emptied values (1, 'x')", database: "shop")
    let cleaned = try await move.command("cleanup", ["--yes"])
    #expect(cleaned.status == .exited(0), "\(cleaned.stdout)\(cleaned.stderr)")
    try await move.expectNothingLeft()
  }

  @Test func `cleanup removes its own, also when the other side is gone`() async throws {
    let move = try await Move.start()
    try await move.makeReplicable("shop")
    try await move.source.sql("create publication foreign_one for all tables", database: "shop")
    try await move.source.sql("select pg_create_logical_replication_slot('foreign_one', 'pgoutput')", database: "shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    let unasked = try await move.command("cleanup")
    #expect(unasked.status == .exited(64))

    let gone = "host=127.0.0.1 port=1 user=postgres dbname=postgres"
    let onTarget = try await move.command(
      "cleanup", ["--yes"], connections: ["--source", gone, "--target", move.target.connectionString()])
    #expect(onTarget.status == .exited(1))
    #expect(onTarget.stdout.contains("removed: subscription"))
    #expect(try await move.target.value("select count(*) from pg_subscription") == "0")
    // Whose they are is not known where the target does not answer.
    let connections = ["--source", move.source.connectionString(), "--target", gone]
    let unknown = try await move.command("cleanup", ["--yes"], connections: connections)
    #expect(unknown.status == .exited(1))
    #expect(unknown.stderr.contains("name the run with --run"), "\(unknown.stderr)")
    #expect(try await move.source.value("select count(*) from pg_replication_slots") == "2")
    let run = try await move.source.value(
      "select substr(slot_name, 13, 8) from pg_replication_slots where slot_name ~ '^pgpreflight_'")
    let onSource = try await move.command("cleanup", ["--yes", "--run", run], connections: connections)
    #expect(onSource.status == .exited(1))
    #expect(try await move.source.value("select string_agg(slot_name, ',') from pg_replication_slots") == "foreign_one")
    #expect(
      try await move.source.value("select string_agg(pubname, ',') from pg_publication", database: "shop")
        == "foreign_one")
    let nothing = try await move.command("cleanup", ["--yes"])
    #expect(nothing.stdout == "nothing is left\n")
  }
}
