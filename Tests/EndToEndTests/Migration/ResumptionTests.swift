import Assessment
import Foundation
import Postgres
import TestSupport
import Testing

/// What `--resume` makes of what an interrupted run has left, and of what it finds.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct ResumptionTests {
  private static let shop = ["--include-database", "shop"]

  /// Kills a migration when the rows and indexes of `orders` have arrived, and others have not.
  private static func interrupt(_ move: Move, by method: String, _ arguments: [String] = shop) async throws {
    let held = try await move.makeHeldTable(in: "shop")
    let killed = try await move.migrate(arguments, by: method) { pid in
      try await eventually("a table has arrived") {
        let there = try await move.target.value("select count(*) from pg_database where datname = 'shop'")
        guard there == "1" else { return false }
        return await
          (try? move.target.value("select count(*) from pg_indexes where tablename = 'orders'", database: "shop"))
          ?? "0" == "3"
      }
      kill(pid, SIGKILL)
    }
    #expect(killed.output.status == .signaled(SIGKILL))
    try FileManager.default.removeItem(at: held)
  }

  /// All rows of all tables, by another way than the program's.
  private static func expectSameRows(_ move: Move, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let tables = """
      select string_agg(format('select %L, count(*), sum(hashtextextended(x::text, 0)::numeric) from %s x',
                               c.oid::regclass, c.oid::regclass), ' union all ' order by c.oid::regclass::text) || ' order by 1'
        from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
      """
    let query = try await move.source.value(tables, database: "shop")
    let (here, there) = try await (
      move.source.sql(query, database: "shop"), move.target.sql(query, database: "shop")
    )
    #expect(here == there, sourceLocation: sourceLocation)
    #expect(!here.isEmpty, sourceLocation: sourceLocation)
  }

  @Test(arguments: [15, 17])
  func `an interrupted replication goes on from its slot`(version: Int) async throws {
    let move = try await Move.start(to: version)
    try await move.makeShop()
    try await Self.interrupt(move, by: "replication")
    let slot = try await move.source.value("select slot_name || confirmed_flush_lsn from pg_replication_slots")
    #expect(!slot.isEmpty)
    try await move.source.sql(
      """
      update orders set note = 'changed' where id % 1000 = 7; delete from orders where id % 1000 = 8;
      insert into orders values (200001, 1, 1, 'new'); insert into held values (2); delete from held where id = 1;
      update customers set name = 'new ' || id where id < 50; insert into small default values;
      """, database: "shop")
    let resumed = try await move.migrate(Self.shop + ["--resume"], by: "replication")
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    let database = try #require(resumed.database("shop"))
    #expect(database.status == .inStep)
    #expect(database.message.contains("gone on with from the slot of the interrupted run"), "\(database.message)")
    // What had arrived was not copied again.
    #expect(database.bytes < 100_000)
    try await move.source.sql(
      "update orders set total = 1 where id < 100; insert into held values (3)", database: "shop")
    let (cutover, results) = try await move.cutOver(["--block-writes", "--verify", "full"])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    #expect(results.first?.verification?.mismatches == [])
    try await move.openSource("shop")
    try await Self.expectSameRows(move)
    let keys = "select count(*) from pg_constraint where contype = 'f' and convalidated"
    #expect(try await move.target.value(keys, database: "shop") == "1")
    try await move.expectNothingLeft()
  }

  /// Kills at each moment of going on.
  @Test func `an interrupted replication goes on however often it is interrupted`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 20_000)
    try await Self.interrupt(move, by: "replication")
    let load = try await Load(on: move.source, database: "shop", sessions: 1) { _, round in
      [
        "insert into orders values (\(300_000 + round), 1, \(round), 'load') ",
        "update customers set name = 'c\(round)' where id = \(1 + round % 900)",
        "update orders set note = 'n\(round)' where id = \(1 + round % 900)",
        "insert into held values (\(1_000 + round))",
      ]
    }
    var ends: [ProcessOutput.Status] = []
    for delay in stride(from: 300, to: 3_300, by: 300) {
      let run = try await move.migrate(Self.shop + ["--resume"], by: "replication") { pid in
        try? await Task.sleep(for: .milliseconds(delay))
        kill(pid, SIGKILL)
      }
      ends.append(run.output.status)
      if run.output.status == .exited(0) { break }
    }
    if ends.last != .exited(0) {
      let resumed = try await move.migrate(Self.shop + ["--resume"], by: "replication")
      #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    }
    let (cutover, results) = try await move.cutOver(["--block-writes", "--verify", "full"])
    #expect(try await load.stop() > 10)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    #expect(results.first?.verification?.mismatches == [])
    try await move.openSource("shop")
    try await Self.expectSameRows(move)
  }

  @Test func `a replication of which only the slot is gone begins again with what is the same`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 20_000)
    try await Self.interrupt(move, by: "replication")
    try await eventually("nobody reads the slot") {
      try await move.source.value("select count(*) from pg_replication_slots where active") == "0"
    }
    try await move.source.sql(
      """
      select pg_drop_replication_slot(slot_name) from pg_replication_slots; select lo_unlink(4711);
      update orders set note = 'changed' where id = 77;
      """, database: "shop")
    let resumed = try await move.migrate(Self.shop + ["--resume"], by: "replication")
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    let (cutover, _) = try await move.cutOver(["--block-writes"])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    try await move.openSource("shop")
    try await Self.expectSameRows(move)
  }

  /// It is in no snapshot, and moves no next number when it ends.
  @Test func `what an older transaction commits in between arrives`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 20_000)
    let older = Task {
      try await move.source.sql(
        "begin; update orders set note = 'older' where id <= 50; select pg_sleep(300); commit", database: "shop")
    }
    try await eventually("it is under way") {
      try await move.source.value("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == "1"
    }
    try await move.source.sql("create table later (id int)", database: "shop")
    try await Self.interrupt(move, by: "dump")
    try await move.source.sql("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")
    _ = try? await older.value
    // The same, by a transaction that ends well.
    try await move.source.sql("update orders set note = 'older' where id <= 50", database: "shop")
    let resumed = try await move.migrate(Self.shop + ["--resume"])
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    try await move.expectSame("shop")
  }

  @Test func `nothing begun begins, all done is said and compared`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1_000)
    let begun = try await move.migrate(Self.shop + ["--resume"])
    #expect(begun.output.status == .exited(0), "\(begun.output.stdout)\(begun.output.stderr)")
    #expect(begun.output.stderr.contains("nothing to go on with, so that it begins"))
    #expect(begun.database("shop")?.status == .done)

    let again = try await move.migrate(Self.shop + ["--resume", "--verify", "full"])
    #expect(again.output.status == .exited(0), "\(again.output.stdout)\(again.output.stderr)")
    #expect(again.database("shop")?.message == "was on the target already, and is the same")
    #expect(again.database("shop")?.verification?.tables == 3)

    try await move.source.sql("insert into small default values", database: "shop")
    let other = try await move.migrate(Self.shop + ["--resume"])
    #expect(other.output.status == .exited(1))
    #expect(
      other.database("shop")?.message.contains("public.small: 8 rows on the source, 7 on the target") == true,
      "\(other.output.stdout)\(other.output.stderr)")
  }

  @Test func `a replication that is set up is nothing to be done again`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1_000)
    let begun = try await move.migrate(Self.shop + ["--resume"], by: "auto")
    #expect(begun.output.status == .exited(0), "\(begun.output.stdout)\(begun.output.stderr)")
    let again = try await move.migrate(Self.shop + ["--resume"], by: "auto")
    #expect(again.output.status == .exited(0), "\(again.output.stdout)\(again.output.stderr)")
    #expect(again.database("shop")?.status == .inStep)
    #expect(again.database("shop")?.message == "was being replicated already, and has caught up")
    #expect(try await move.status().databases.first?.isInStep == true)
  }

  @Test func `another source is refused, and nothing is dropped for it`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 20_000)
    let other = try await TestCluster.start(settings: ["wal_level": "logical"])
    try await other.sql("create database shop")
    try await other.sql("create table t (id int)", database: "shop")
    try await Self.interrupt(move, by: "dump")
    let refused = try await move.migrate(
      Self.shop + ["--resume"],
      connections: ["--source", other.connectionString(), "--target", move.target.connectionString()])
    #expect(refused.output.status == .exited(1))
    #expect(
      refused.database("shop")?.message.contains("is about another source") == true,
      "\(refused.output.stdout)\(refused.output.stderr)")
    #expect(try await move.target.value("select count(*) from orders", database: "shop") == "20000")
    let filtered = try await move.migrate(Self.shop + ["--resume", "--skip-table", "public.small"])
    #expect(filtered.output.status == .exited(1))
    #expect(
      filtered.database("shop")?.message.contains("moved other tables") == true,
      "\(filtered.output.stdout)\(filtered.output.stderr)")
    let resumed = try await move.migrate(Self.shop + ["--resume"])
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    try await move.expectSame("shop")
  }

  @Test func `a run that is going on is not resumed`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1_000)
    let held = try await move.makeHeldTable(in: "shop")
    let done = try await move.migrate(Self.shop) { _ in
      try await eventually("rows are copied") {
        try await move.target.value("select count(*) from pg_stat_activity where query like 'COPY%held%'") != "0"
      }
      // The lock is held all the time, also when the session that has it is lost.
      let lock =
        "select string_agg(pid::text, '') from pg_stat_activity where application_name like 'pgpreflight lock%'"
      let before = try await move.target.value(lock)
      try await move.target.sql("select pg_terminate_backend(\(before))")
      try await eventually("the run is locked by another session") {
        let now = try await move.target.value(lock)
        return !now.isEmpty && now != before
      }
      let second = try await move.migrate(Self.shop + ["--resume"])
      #expect(second.output.status == .exited(1))
      #expect(
        second.database("shop")?.message.contains("is going on: session") == true,
        "\(second.output.stdout)\(second.output.stderr)")
      try FileManager.default.removeItem(at: held)
    }
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    try await move.expectSame("shop")
  }

  @Test func `a replication that was being stopped is stopped by --resume`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1_000)
    let held = try await move.makeHeldTable(in: "shop")
    let blocker = try await Connection.connect(
      ConnectionString(move.target.connectionString()), options: .init(applicationName: "somebody"))
    let killed = try await move.migrate(Self.shop + ["--stop-replication"], by: "replication") { pid in
      try await eventually("rows are copied") {
        try await move.target.value("select count(*) from pg_stat_activity where query like 'COPY%held%'") != "0"
      }
      // So that it takes a while to catch up.
      try await move.source.sql("insert into small select from generate_series(1, 300000)", database: "shop")
      try FileManager.default.removeItem(at: held)
      try await eventually("it is subscribed") {
        try await move.target.value("select count(*) from pg_subscription") == "1"
      }
      _ = try await blocker.query("begin")
      _ = try await blocker.query("lock table pg_subscription in share mode")
      try await eventually("it is to be dropped") {
        try await move.target.value(
          "select count(*) from pg_locks where not granted and relation = 'pg_subscription'::regclass") != "0"
      }
      kill(pid, SIGKILL)
    }
    #expect(killed.output.status == .signaled(SIGKILL))
    await blocker.close()
    let resumed = try await move.migrate(Self.shop + ["--resume", "--stop-replication"])
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    #expect(resumed.database("shop")?.status == .done)
    try await Self.expectSameRows(move)
    #expect(try await move.target.value("select count(*) from pg_subscription") == "0")
    #expect(try await move.source.value("select count(*) from pg_replication_slots") == "0")
    #expect(try await move.source.value("select count(*) from pg_publication", database: "shop") == "0")
  }

  @Test func `large objects that are new or gone when it goes on are those of the source`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1_000)
    try await move.source.sql(
      "select lo_from_bytea(i, 'before') from generate_series(70001, 70003) i", database: "shop")
    try await Self.interrupt(move, by: "dump")
    let identity = "select oid from pg_database where datname = 'shop'"
    let before = try await move.target.value(identity)
    try await move.source.sql(
      "select lo_unlink(70001), lo_put(70002, 0, 'changed'), lo_from_bytea(80001, 'new')", database: "shop")
    let resumed = try await move.migrate(Self.shop + ["--resume"])
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    #expect(try await move.target.value(identity) == before, "it is not begun again")
    let objects =
      "select string_agg(oid || ' ' || encode(lo_get(oid), 'escape'), ',' order by oid) from pg_largeobject_metadata"
    let there = try await move.target.value(objects, database: "shop")
    #expect(try await move.source.value(objects, database: "shop") == there)
    #expect(there.contains("70002 changed") && there.contains("80001 new") && !there.contains("70001"), "\(there)")
    try await move.expectSame("shop")
  }

  @Test func `a schema of many objects goes on in the middle`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      do $$ begin for i in 1..2600 loop execute format('create table t%s (id int, t text)', i); end loop; end $$;
      insert into t1 values (1);
      """, database: "shop")
    let killed = try await move.migrate(Self.shop) { pid in
      try await eventually("some tables are there") {
        let count = try? await move.target.value(
          "select count(*) from pg_class where relkind = 'r' and relname ~ '^t[0-9]'", database: "shop")
        return (count.flatMap { Int($0) } ?? 0) >= 900
      }
      kill(pid, SIGKILL)
    }
    #expect(killed.output.status == .signaled(SIGKILL))
    let resumed = try await move.migrate(Self.shop + ["--resume"])
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    try await move.expectSame("shop")
  }

  @Test(arguments: ["auto", "replication"])
  func `a slot that keeps too much is given up`(method: String) async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1_000)
    let held = try await move.makeHeldTable(in: "shop")
    let run = try await move.migrate(Self.shop + ["--max-slot-wal", "20MB"], by: method) { _ in
      try await eventually("rows are copied") {
        try await move.target.value("select count(*) from pg_stat_activity where query like 'COPY%held%'") != "0"
      }
      try await move.source.sql(
        """
        create unlogged table filler (t text); select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))
          from generate_series(1, 40);
        """)
      try await eventually("the slot is gone") {
        try await move.source.value("select count(*) from pg_replication_slots") == "0"
      }
      try FileManager.default.removeItem(at: held)
    }
    #expect(run.output.stderr.contains("of WAL for its slot, which is given up at"), "\(run.output.stderr)")
    let database = try #require(run.database("shop"))
    #expect(database.message.contains("of WAL for the slot, which was given up"), "\(database.message)")
    if method == "auto" {
      #expect(run.output.status == .exited(0), "\(run.output.stdout)\(run.output.stderr)")
      #expect((database.status, database.method) == (.done, "dump"))
      try await move.expectSame("shop")
    } else {
      #expect(run.output.status == .exited(1))
      #expect(database.status == .failed)
    }
    #expect(try await move.source.value("select count(*) from pg_publication", database: "shop") == "0")
  }
}
