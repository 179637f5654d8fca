import Assessment
import Foundation
import TestSupport
import Testing

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct InterruptedMigrationTests {
  @Test func `twenty kills at random moments change nothing about the result`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 60_000)
    try await move.makeEverything(icu: true, xml: true)
    var kills = 0
    var resumes = false
    for attempt in 1...60 {
      // Later and later, so that every phase has its turn.
      let delay = kills < 20 ? Int.random(in: 200...(800 + attempt * 60)) : nil
      let done = try await move.migrate((resumes ? ["--resume"] : []) + ["--verify", "full"]) { pid in
        guard let delay else { return }
        try? await Task.sleep(for: .milliseconds(delay))
        kill(pid, SIGKILL)
      }
      switch done.output.status {
      case .exited(0):
        try await move.expectSame("shop")
        try await move.expectSame(Move.everything)
        for name in ["shop", Move.everything] {
          #expect(done.database(name)?.status == .done)
          #expect(try await move.journals(in: name) == "0")
        }
        #expect(try await move.sessions() == 0)
        guard kills < 20 else { return }
        // Once more, from the start.
        for name in ["shop", Move.everything] {
          try await move.target.sql("drop database :\"name\"", variables: ["name": name])
        }
        resumes = false
      case .exited:
        // It was killed before it had begun a database, or when nothing was left to be done.
        #expect(done.output.stderr.contains("nothing to go on with"), "\(done.output.stdout)\(done.output.stderr)")
        resumes = false
        if try await move.journals(in: "postgres") == "0" {
          for name in ["shop", Move.everything] {
            try await move.target.sql("drop database if exists :\"name\"", variables: ["name": name])
          }
        }
      case .signaled:
        kills += 1
        // The servers notice when they next hear of the client.
        try await eventually("the source is left alone") {
          try await move.source.value(
            "select count(*) from pg_stat_activity where application_name like 'pgpreflight%'") == "0"
        }
        resumes = true
      }
    }
    Issue.record("it never came to an end")
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends it, and it can be gone on with`(signal: Int32) async throws {
    let move = try await Move.start()
    try await move.makeShop()
    let held = try await move.makeHeldTable(in: "shop")
    let interrupted = try await move.migrate { pid in
      try await eventually("rows are copied") {
        try await move.target.value(
          "select count(*) from pg_stat_activity where query like 'COPY%' and application_name like 'pgpreflight%'")
          != "0"
      }
      kill(pid, signal)
    }
    #expect(interrupted.output.status == .exited(128 + signal))
    #expect(interrupted.report?.migration?.status == .cancelled)
    #expect(interrupted.database("shop")?.status == .cancelled)
    try await eventually("the sessions are gone") { try await move.sessions() == 0 }
    #expect(
      try await move.source.value(
        "select count(*) from pg_locks l join pg_class c on c.oid = relation where relname = 'orders'", database: "shop"
      ) == "0")

    try FileManager.default.removeItem(at: held)
    let resumed = try await move.migrate(["--resume", "--verify", "full"])
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stderr)")
    try await move.expectSame("shop")
  }

  @Test func `what the source has been changed in since is copied again`() async throws {
    let move = try await Move.start()
    try await move.makeShop()
    let held = try await move.makeHeldTable(in: "shop")
    let killed = try await move.migrate { pid in
      try await eventually("a table has arrived") {
        let there = try await move.target.value("select count(*) from pg_database where datname = 'shop'")
        guard there == "1" else { return false }
        return await
          (try? move.target.value(
            "select count(*) from pg_indexes where tablename = 'orders'", database: "shop")) ?? "0" != "0"
      }
      kill(pid, SIGKILL)
    }
    #expect(killed.output.status == .signaled(SIGKILL))
    try FileManager.default.removeItem(at: held)
    try await move.source.sql(
      """
      update orders set note = 'changed' where id = 77; insert into small default values;
      select lo_put(4711, 0, 'new'), lo_truncate(lo_open(4711, 131072), 3);
      """, database: "shop")
    let resumed = try await move.migrate(["--resume", "--verify", "full"])
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    #expect(try await move.target.value("select note from orders where id = 77", database: "shop") == "changed")
    #expect(try await move.target.value("select convert_from(lo_get(4711), 'utf8')", database: "shop") == "new")
    // The database was not begun again for it: what is the same was not copied once more.
    #expect(resumed.database("shop")?.phases.contains { $0.name == "database" } == false)
    try await move.expectSame("shop")
  }

  @Test func `whoever waits to empty a table is not waited for in turn`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1000)
    let held = try await move.makeHeldTable(in: "shop")
    // As large as the one that is held, and made later: it is copied next.
    try await move.source.sql("create table next (id int); insert into next values (1)", database: "shop")
    let done = try await move.migrate(["--jobs", "1"]) { _ in
      try await eventually("rows are copied") {
        try await move.target.value("select count(*) from pg_stat_activity where query like 'COPY%held%'") != "0"
      }
      async let emptied: Void = { _ = try await move.source.sql("truncate next", database: "shop") }()
      try await eventually("somebody waits") {
        try await move.source.value("select count(*) from pg_locks where not granted") != "0"
      }
      try FileManager.default.removeItem(at: held)
      try await emptied
    }
    #expect(done.output.status == .exited(0), "\(done.output.stderr)")
    #expect(try await move.target.value("select count(*) from next", database: "shop") == "1")
  }

  @Test(arguments: [true, false])
  func `a server that dies is told of, and the rest can be gone on with`(isSource: Bool) async throws {
    let move = try await Move.start()
    try await move.makeShop()
    let held = try await move.makeHeldTable(in: "shop")
    let cluster = isSource ? move.source : move.target
    let failed = try await move.migrate { _ in
      try await eventually("rows are copied") {
        try await move.target.value(
          "select count(*) from pg_stat_activity where query like 'COPY%' and application_name like 'pgpreflight%'")
          != "0"
      }
      try await cluster.restart(mode: .immediate)
      try FileManager.default.removeItem(at: held)
    }
    #expect(failed.output.status == .exited(1))
    let database = try #require(failed.database("shop"))
    #expect(database.status == .failed)
    #expect(database.message.contains(isSource ? "of the source" : "of the target"), "\(database.message)")
    let resumed = try await move.migrate(["--resume", "--verify", "full"])
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stderr)")
    try await move.expectSame("shop")
  }

  @Test func `an error of the target fails its database alone`() async throws {
    let move = try await Move.start()
    try await move.makeShop(rows: 1000)
    try await move.source.sql("create database other")
    try await move.source.sql("create table t (a int); insert into t values (1)", database: "other")
    // Something that no look at both clusters can foresee.
    try await move.source.sql(
      """
      create function strict_now() returns bool language plpgsql immutable as $$begin
        if current_database() = 'shop' and inet_server_port() <> \(move.source.port) then raise 'not here'; end if; return true; end$$;
      alter table small add constraint refused check (strict_now());
      """, database: "shop")
    let done = try await move.migrate()
    #expect(done.output.status == .exited(1))
    #expect(done.database("other")?.status == .done)
    let failed = try #require(done.database("shop"))
    #expect(failed.status == .failed)
    // What a function says of a row may show the row.
    #expect(failed.message.contains("a function raised an error; its message is not shown"), "\(failed.message)")
    #expect(!failed.message.contains("not here"))
    #expect(try await move.sessions() == 0)
  }
}
