import Foundation
import Migration
import Postgres
import TestSupport
import Testing

/// What a cutover is never to do, each in the state of both servers in which it would be tempted.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct CutoverTests {
  /// Both with a database `shop` that is replicated: `orders` by its key, `events` without one.
  private static func replicating(
    _ move: Move, more: String = "", options: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      create table orders (id int primary key, v text); insert into orders select g, 'x' from generate_series(1, 100) g;
      create table events (at timestamptz, who text); insert into events select now(), 'w' || g from generate_series(1, 5) g;
      create sequence numbers; \(more)
      """, database: "shop")
    let migrated = try await move.migrate(["--include-database", "shop"] + options, by: "replication")
    #expect(
      migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)",
      sourceLocation: sourceLocation)
  }

  private static func session(on cluster: TestCluster, _ statements: [String], database: String = "shop") async throws
    -> Connection
  {
    let connection = try await Connection.connect(
      ConnectionString(cluster.connectionString(database: database)), options: .init(applicationName: "somebody"))
    for statement in statements { _ = try await connection.query(statement) }
    return connection
  }

  private static func isOpen(_ move: Move) async throws -> Bool {
    try await move.source.value("select datallowconn from pg_database where datname = 'shop'") == "t"
  }

  // MARK: Only what is ours

  @Test func `what was left out, and the target has of its own, stays what it is`() async throws {
    let move = try await Move.start()
    try await move.target.sql("create database shop")
    let own = """
      create table settings (k text primary key, v text); insert into settings values ('url', 'its own'), ('key', 'only here');
      create sequence tickets; select setval('tickets', 77);
      """
    try await move.target.sql(own, database: "shop")
    try await Self.replicating(
      move,
      more: """
        create table settings (k text primary key, v text); insert into settings values ('url', 'of the source');
        """, options: ["--skip-table", "public.settings"])
    // Since the set-up: the target's own again.
    try await move.source.sql("create sequence tickets; select setval('tickets', 1)", database: "shop")
    let (cutover, results) = try await move.cutOver(["--block-writes", "--accept-drift", "all", "--verify", "full"])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    #expect(results.first?.end == .done)
    #expect(
      try await move.target.value("select string_agg(k || '=' || v, ',' order by k) from settings", database: "shop")
        == "key=only here,url=its own")
    #expect(try await move.target.value("select last_value from tickets", database: "shop") == "77")
  }

  @Test func `what replicates to another target goes on`() async throws {
    let move = try await Move.start()
    let other = Move(
      source: move.source,
      target: try await TestCluster.start(settings: ["wal_level": "logical", "autovacuum": "off"]))
    try await Self.replicating(move)
    let second = try await other.migrate(["--include-database", "shop"], by: "replication")
    #expect(second.output.status == .exited(0), "\(second.output.stdout)\(second.output.stderr)")
    // Given up on one side, and cut over to the other.
    let cleaned = try await move.command("cleanup", ["--yes"])
    #expect(cleaned.status == .exited(0), "\(cleaned.stdout)\(cleaned.stderr)")
    #expect(cleaned.stderr.contains("left alone, as it is not known to be this target's: slot"), "\(cleaned.stderr)")
    try await move.source.sql("insert into orders values (1001, 'after')", database: "shop")
    let cutover = try await other.cutOver(["--block-writes"])
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stdout)\(cutover.output.stderr)")
    #expect(try await other.target.value("select v from orders where id = 1001", database: "shop") == "after")
  }

  @Test func `a copy of the target elsewhere is no target of this replication`() async throws {
    let move = try await Move.start()
    try await Self.replicating(move)
    let copy = Move(source: move.source, target: try await TestCluster.start(settings: ["wal_level": "logical"]))
    let folder = try TemporaryFolder()
    let dump = try await run(
      executable: "\(move.target.binDirectory)/pg_dump",
      arguments: [
        "-Fc", "--no-subscriptions", "-f", "\(folder.path)/copy", "-d", move.target.connectionString(database: "shop"),
      ])
    #expect(dump.status == .exited(0), "\(dump.stderr)")
    try await copy.target.sql("create database shop")
    let restored = try await run(
      executable: "\(move.target.binDirectory)/pg_restore",
      arguments: ["-d", copy.target.connectionString(database: "shop"), "\(folder.path)/copy"])
    #expect(restored.status == .exited(0), "\(restored.stderr)")
    let refused = try await copy.cutOver(["--block-writes"])
    #expect(refused.output.status == .exited(1))
    #expect(refused.output.stderr.contains("was written for another target"), "\(refused.output.stderr)")
    #expect(try await Self.isOpen(move))
    let cutover = try await move.cutOver(["--block-writes"])
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stderr)")
  }

  @Test func `a target that was restored is not taken for what it was`() async throws {
    let move = try await Move.start()
    try await Self.replicating(move)
    try await move.source.sql("insert into orders values (1001, 'confirmed')", database: "shop")
    try await eventually("it has caught up") { try await move.status().output.status == .exited(0) }
    // As if it came back from a backup without what it had confirmed, on a timeline of its own.
    try await move.target.sql("delete from orders where id = 1001", database: "shop")
    try await move.target.sql("alter system set restore_command = 'false'")
    try Data().write(to: URL(filePath: move.target.dataDirectory).appending(path: "recovery.signal"))
    try await move.target.restart(mode: .immediate)
    try await eventually("it is promoted") { try await move.target.value("select pg_is_in_recovery()") == "f" }
    let refused = try await move.cutOver(["--block-writes"])
    #expect(refused.output.stderr.contains("was restored from a backup or failed over"), "\(refused.output.stderr)")
    #expect(refused.databases.first?.end == .refused)
    let compared = try await move.cutOver(["--block-writes", "--verify", "full"])
    #expect(compared.databases.first?.end == .undone)
    #expect(
      compared.output.stderr.contains("public.orders: 101 rows on the source, 100 on the target"),
      "\(compared.output.stderr)")
    #expect(try await Self.isOpen(move))
  }

  @Test func `a connection string that names the closed database does`() async throws {
    let move = try await Move.start()
    try await Self.replicating(move)
    let connections = [
      "--source", move.source.connectionString(database: "shop"), "--target", move.target.connectionString(),
    ]
    let cutover = try await move.command("cutover", ["--yes", "--block-writes"], connections: connections)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    #expect(try await !Self.isOpen(move))
    let status = try await move.command("status", connections: connections)
    #expect(status.stdout == "no replication of this program is there\n", "\(status.stderr)")
  }

  // MARK: Nothing of theirs runs, and no row changes

  @Test func `triggers neither run while rows are copied at cutover, nor are they off afterwards`() async throws {
    let move = try await Move.start()
    try await Self.replicating(
      move,
      more: """
        create table ran (what text);
        create function stamp() returns trigger language plpgsql as $$begin
          insert into public.ran values (tg_name); new.who := current_user || '/' || new.who; return new; end$$;
        create trigger plain before insert on events for each row execute function stamp();
        create trigger always before insert on events for each row execute function stamp();
        create trigger replica before insert on events for each row execute function stamp();
        alter table events enable always trigger always; alter table events enable replica trigger replica;
        """)
    let before = try await move.source.value("select string_agg(who, ',' order by who) from events", database: "shop")
    let enabled =
      "select string_agg(tgname || tgenabled::text, ',' order by tgname) from pg_trigger where not tgisinternal"
    let cutover = try await move.cutOver(["--block-writes"])
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stdout)\(cutover.output.stderr)")
    #expect(
      try await move.target.value("select string_agg(who, ',' order by who) from events", database: "shop") == before)
    #expect(try await move.target.value("select count(*) from ran", database: "shop") == "0")
    #expect(try await move.target.value(enabled, database: "shop") == "alwaysA,plainO,replicaR")
  }

  // MARK: Bounded, and named beforehand

  @Test func `who stands in the way is named before anything is blocked`() async throws {
    let move = try await Move.start(settings: ["max_prepared_transactions": "2"])
    try await Self.replicating(move)
    func refusal(_ arguments: [String], _ words: String, sourceLocation: SourceLocation = #_sourceLocation) async throws
    {
      let (output, results) = try await move.cutOver(arguments)
      #expect(output.status == .exited(1), sourceLocation: sourceLocation)
      #expect(output.stderr.contains(words), "\(output.stderr)", sourceLocation: sourceLocation)
      #expect(results.first?.end == .refused, sourceLocation: sourceLocation)
      #expect(results.first?.blockedSeconds == nil, sourceLocation: sourceLocation)
      #expect(try await Self.isOpen(move), sourceLocation: sourceLocation)
    }
    let reader = try await Self.session(on: move.target, ["begin", "select * from events"])
    try await refusal(["--block-writes"], "(role postgres, application somebody, idle in transaction")
    await reader.close()

    try await move.source.sql(
      "begin; insert into orders values (2000, 'p'); prepare transaction 'it''s \"one\"'", database: "shop")
    try await refusal(
      ["--block-writes"], #"a prepared transaction, which nobody could end once it is closed: "it's ""one""""#)
    try await move.source.sql("rollback prepared 'it''s \"one\"'", database: "shop")

    // Without --block-writes nobody is to be there.
    let application = try await Self.session(on: move.source, ["select 1"])
    let (there, results) = try await move.cutOver()
    #expect(there.status == .exited(1))
    #expect(there.stderr.contains("the source is in use by session"), "\(there.stderr)")
    #expect(there.stderr.contains("application somebody"), "\(there.stderr)")
    #expect(results.first?.end == .undone)
    await application.close()
    let cutover = try await move.cutOver()
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stdout)\(cutover.output.stderr)")
    #expect(try await Self.isOpen(move))
  }

  @Test func `the limit is held whatever others do, and then all goes on`() async throws {
    let move = try await Move.start()
    try await Self.replicating(move)
    let holder = try await Self.session(
      on: move.target, ["begin", "lock table pg_catalog.pg_subscription in exclusive mode"], database: "postgres")
    let (output, results) = try await move.cutOver(["--block-writes", "--max-blocked-time", "10"])
    #expect(output.status == .exited(1))
    let result = try #require(results.first)
    #expect(result.end == .undone, "\(output.stderr)")
    #expect(result.message.contains("the time for which writes may be blocked is up"), "\(result.message)")
    #expect(try #require(result.blockedSeconds) < 11)
    #expect(try await Self.isOpen(move))
    try await move.source.sql("insert into orders values (1001, 'after')", database: "shop")
    await holder.close()
    let cutover = try await move.cutOver(["--block-writes"])
    #expect(cutover.output.status == .exited(0), "\(cutover.output.stderr)")
    #expect(try await move.target.value("select v from orders where id = 1001", database: "shop") == "after")
  }

  @Test func `there is one at a time, and the second says who is before it`() async throws {
    let move = try await Move.start()
    try await Self.replicating(move)
    let holder = try await Self.session(
      on: move.target, ["begin", "lock table pg_catalog.pg_subscription in exclusive mode"], database: "postgres")
    let first = try await move.command("cutover", ["--yes", "--block-writes"]) { _ in
      try await eventually("the source is closed") { try await !Self.isOpen(move) }
      let second = try await move.cutOver(["--block-writes"])
      #expect(second.output.status == .exited(1))
      #expect(second.output.stderr.contains("another cutover of shop is going on: session "), "\(second.output.stderr)")
      let status = try await move.status()
      #expect(status.databases.first?.trouble?.contains("a cutover is going on") == true)
      await holder.close()
    }
    #expect(first.status == .exited(0), "\(first.stdout)\(first.stderr)")
    try await move.openSource("shop")
    try await move.expectNothingLeft()
  }

  // MARK: What is said is so

  @Test func `after the switch an interruption leaves the rest to the next one`() async throws {
    let move = try await Move.start()
    try await Self.replicating(move)
    // Whoever reads the catalog of subscriptions in a transaction holds up DROP SUBSCRIPTION, a dump of any database, say.
    let reader = try await Self.session(
      on: move.target, ["begin", "select count(*) from pg_catalog.pg_subscription"], database: "postgres")
    let state = "select state from pgpreflight_journal_%.manifest"
    let schema = try await move.target.value(
      "select nspname from pg_namespace where nspname ~ '^pgpreflight_journal_'", database: "shop")
    let interrupted = try await move.command("cutover", ["--yes", "--block-writes"]) { pid in
      try await eventually("it has switched over") {
        try await move.target.value(
          state.replacing("pgpreflight_journal_%", with: schema), database: "shop") == "switched"
      }
      kill(pid, SIGINT)
    }
    #expect(interrupted.status == .exited(130), "\(interrupted.stdout)\(interrupted.stderr)")
    #expect(interrupted.stderr.contains("switched over, and the target is in use"), "\(interrupted.stderr)")
    #expect(!(interrupted.stdout + interrupted.stderr).contains("not switched over"))
    #expect(try await !Self.isOpen(move))
    #expect(try await move.status().databases.first?.trouble?.hasPrefix("switched over:") == true)
    await reader.close()
    let next = try await move.cutOver(["--block-writes"])
    #expect(next.output.status == .exited(0), "\(next.output.stdout)\(next.output.stderr)")
    #expect(next.databases.first?.end == .done)
    // Nobody has opened it.
    try await move.openSource("shop")
    let cleaned = try await move.command("cleanup", ["--yes"])
    #expect(cleaned.status == .exited(0), "\(cleaned.stdout)\(cleaned.stderr)")
    try await move.expectNothingLeft()
  }

  @Test func `a role that can't close the database is told what it lacks, before anything is blocked`() async throws {
    let move = try await Move.start()
    try await Self.replicating(move)
    try await move.source.sql("create role mover login replication in role pg_read_all_data, pg_monitor")
    let connections = [
      "--source", move.source.connectionString(user: "mover", password: nil), "--target",
      move.target.connectionString(),
    ]
    let refused = try await move.command("cutover", ["--yes", "--block-writes"], connections: connections)
    #expect(refused.status == .exited(1))
    #expect(
      refused.stderr.contains("lacks permission to close database shop, which it does not own"), "\(refused.stderr)")
    #expect(try await Self.isOpen(move))
  }

  // MARK: Several at once

  /// The database from which the others would be closed is one of them.
  @Test func `databases are cut over together with the maintenance database`() async throws {
    let move = try await Move.start(settings: ["max_connections": "40"])
    let names = ["shop", "app %s 🐘 \"q\" '", "postgres"]
    for name in names {
      if name != "postgres" { try await move.source.sql("create database :\"name\"", variables: ["name": name]) }
      try await move.source.sql(
        "create table t (id int primary key); insert into t select generate_series(1, 100); create table late (a int); "
          + "insert into late values (1)", database: name)
    }
    let connections = [
      "--source", move.source.connectionString(database: "template1"),
      "--target", move.target.connectionString(database: "template1"),
    ]
    let migrated = try await move.migrate(by: "replication", connections: connections)
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    let cutover = try await move.command(
      "cutover", ["--yes", "--block-writes", "--jobs", "8"], connections: connections)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    let closed = "select count(*) from pg_database where not datallowconn and datname <> 'template0'"
    let source = try ConnectionString(move.source.connectionString(database: "template1"))
    let connection = try await Connection.connect(source)
    #expect(try await connection.query(closed).text(0, 0) == "3")
    await connection.close()
    for name in names {
      #expect(try await move.target.value("select count(*) from t", database: name) == "100")
      #expect(try await move.target.value("select count(*) from late", database: name) == "1")
    }
  }
}
