import TestSupport
import Testing

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct CutoverObstacleTests {
  @Test func `status says what would keep a cutover from beginning`() async throws {
    let move = try await Move.start(settings: ["max_prepared_transactions": "5"])
    try await move.source.sql("create database shop; create role app login")
    try await move.source.sql(
      "create table t (id int primary key); create unlogged table late (id int primary key)", database: "shop")
    let done = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(done.output.status == .exited(0), "\(done.output.stderr)")
    let clear = try #require(try await move.status().databases.first)
    #expect(clear.cutoverObstacles == [] && clear.closingObstacles == [])

    try await move.source.sql("begin; insert into t values (1); prepare transaction 'left'", database: "shop")
    let prepared = try await move.command("status")
    #expect(
      prepared.stdout.contains("a cutover would not begin: the source holds a prepared transaction"),
      "\(prepared.stdout)\(prepared.stderr)")
    try await move.source.sql("rollback prepared 'left'", database: "shop")

    async let reading: Void = {
      _ = try? await move.target.sql("begin; select from late; select pg_sleep(300)", database: "shop")
    }()
    try await eventually("the table is read") {
      try await move.target.value("select count(*) from pg_stat_activity where query like '%pg_sleep(300)'") == "1"
    }
    let locked = try await move.command("status")
    #expect(
      locked.stdout.contains("holds a lock on table public.late, which is copied at cutover"), "\(locked.stdout)")
    try await move.target.sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(300)' and pid <> pg_backend_pid()"
    )
    await reading

    let connections = [
      "--source", move.source.connectionString(user: "app"), "--target", move.target.connectionString(),
    ]
    let weak = try await move.command("status", connections: connections)
    #expect(
      weak.stdout.contains(
        "a cutover with --block-writes would not begin: role app lacks permission to close database shop"),
      "\(weak.stdout)\(weak.stderr)")
  }
}
