import Foundation
import TestSupport
import Testing

/// The copy's locks, and who waits for them.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct LockTests {
  private func makeCounted(_ move: Move) async throws {
    try await move.source.sql(
      """
      create table counted (id serial primary key); insert into counted select from generate_series(1, 5);
      create table gone (id int primary key); insert into gone values (1);
      create table thinner (id int primary key, b int); insert into thinner values (1, 2);
      create table renamed (id int primary key); insert into renamed values (1);
      create table vacuumed (id int primary key); insert into vacuumed values (1);
      create table parts (id int primary key) partition by range (id);
      create table parts_1 partition of parts for values from (0) to (10);
      create table parts_2 partition of parts for values from (10) to (20); insert into parts values (1), (11);
      """, database: "shop")
  }

  /// All but the row that is held.
  private static let arrived = """
    select (select count(*) from counted) + (select count(*) from gone) + (select count(*) from thinner)
         + (select count(*) from renamed) + (select count(*) from vacuumed) + (select count(*) from parts)
         + (select count(*) from orders)
    """

  @Test(arguments: [("dump", "full"), ("replication", "full"), ("dump", "sample")])
  func `a table that has been copied can be altered while others still are`(method: String, mode: String) async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1000)
    try await makeCounted(move)
    let held = try await move.makeHeldTable(in: "shop")
    let done = try await move.migrate(["--verify", mode, "--include-database", "shop"], by: method) { _ in
      try await eventually("the others are there") {
        (try? await move.target.value(Self.arrived, database: "shop")) == "1011"
      }
      let statements = [
        "truncate counted restart identity", "drop table gone", "alter table thinner drop column b",
        "vacuum full vacuumed", "truncate parts",
      ]
      // A subscription can't begin with a published table of another name.
      let renaming = method == "dump" ? ["alter table renamed rename to other"] : []
      for statement in statements + renaming { try await move.source.sql(statement, database: "shop") }
      let copies = "select count(*) from pg_stat_activity where query like 'COPY%held%' and state = 'active'"
      #expect(try await move.target.value(copies) == "1", "it is still held")
      // What is still to be copied stays locked.
      #expect(
        try await move.source.value(
          """
          select string_agg(distinct c.relname, ' ') from pg_locks l join pg_class c on c.oid = l.relation
           where c.relkind in ('r', 'p') and c.oid >= 16384
          """, database: "shop") == "held")
      try FileManager.default.removeItem(at: held)
    }
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    let database = try #require(done.database("shop"))
    #expect(database.verification?.mismatches == [])
    let note = "not compared, as they were altered, emptied or dropped on the source after they had been copied"
    let tables = "public.counted, public.gone, public.parts_1 and \(method == "dump" ? 3 : 2) more"
    // What is compared whole was read on the source before its lock was given back.
    #expect(database.message.contains("\(note): \(tables)") == (mode == "sample"), "\(database.message)")
    #expect(done.output.stderr.contains("waits with TRUNCATE for table public.counted since "), "\(done.output.stderr)")
    if method == "dump" {
      #expect(try await move.target.value(Self.arrived, database: "shop") == "1011")
      #expect(try await move.target.value("select nextval('counted_id_seq')", database: "shop") == "6")
    } else {
      try await eventually("what was emptied since is replicated") {
        try await move.target.value("select count(*) from counted", database: "shop") == "0"
      }
    }
  }

  @Test func `whoever waits for a table that is still to be copied is named`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1000)
    let held = try await move.makeHeldTable(in: "shop")
    let done = try await move.migrate { _ in
      try await eventually("rows are copied") {
        try await move.target.value("select count(*) from pg_stat_activity where query like 'COPY%held%'") != "0"
      }
      async let altered: Void = {
        _ = try await move.source.sql(
          "set application_name = 'a job';\nalter table held add hidden text default 'hush'", database: "shop")
      }()
      try await eventually("it waits") {
        try await move.source.value("select count(*) from pg_locks where not granted") == "1"
      }
      async let read: Void = { _ = try await move.source.sql("select from held", database: "shop") }()
      try await Task.sleep(for: .seconds(3))
      try FileManager.default.removeItem(at: held)
      try await altered
      try await read
    }
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    let named = try Regex(
      #"pgpreflight: warning: database shop: session [0-9]+ \(role postgres, application "a job"\) waits with ALTER TABLE for table public.held since [0-9: -]+, which the copy has locked"#
    )
    #expect(done.output.stderr.matches(of: named).count == 1, "\(done.output.stderr)")
    #expect(!done.output.stderr.contains("hush") && !done.output.stderr.contains("hidden"))
  }

  @Test(arguments: ["dump", "replication"])
  func `the copy gives way to who has waited for long, and can be gone on with`(method: String) async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1000)
    let held = try await move.makeHeldTable(in: "shop")
    let failed = try await move.migrate(["--max-lock-wait", "2", "--include-database", "shop"], by: method) { _ in
      try await eventually("rows are copied") {
        try await move.target.value("select count(*) from pg_stat_activity where query like 'COPY%held%'") != "0"
      }
      try await move.source.sql("alter table held add more text", database: "shop")
      try FileManager.default.removeItem(at: held)
    }
    #expect(failed.output.status == .exited(1))
    let database = try #require(failed.database("shop"))
    #expect(database.status == .failed)
    #expect(database.message.contains("gave way: session "), "\(database.message)")
    #expect(database.message.contains("for table public.held since"), "\(database.message)")
    #expect(database.message.contains("--resume"), "\(database.message)")
    try await eventually("the sessions are gone") { try await move.sessions() == 0 }
    let isKept = method == "replication"
    #expect(try await move.source.value("select count(*) from pg_replication_slots") == (isKept ? "1" : "0"))
    #expect(database.message.contains("of the source is kept") == isKept, "\(database.message)")
    let resumed = try await move.migrate(
      ["--resume", "--verify", "full", "--include-database", "shop"], by: method)
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    #expect(try await move.target.value("select count(more) from held", database: "shop") == "0")
  }
}
