import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct TestSupportTests {
  @Test func `a cluster takes settings, runs SQL and reports its errors`() async throws {
    let cluster = try await TestCluster.start(
      settings: ["wal_level": "logical"], preload: ["pg_stat_statements"], initdb: ["--data-checksums"])
    let shown = try await cluster.sql("show wal_level; show shared_preload_libraries; select 1, 'a''b'")
    #expect(shown == "logical\npg_stat_statements\n1|a'b")
    #expect(try await cluster.sql("show data_checksums") == "on")
    let error = await #expect(throws: TestSupportError.self) { try await cluster.sql("select 1/0") }
    #expect(error?.description.contains("division by zero") == true)
    #expect(try cluster.logText().contains("division by zero"))
  }

  @Test func `a cluster asks for passwords where pg_hba.conf says so`() async throws {
    let cluster = try await TestCluster.start(hba: ["host all all 127.0.0.1/32 scram-sha-256"])
    try await cluster.sql("create role \"o'brien\" login password 'p w\\'''; create database \"a b\"")
    let psql = "\(cluster.binDirectory)/psql"
    func connect(_ password: String) async throws -> ProcessOutput {
      let connection = cluster.connectionString(database: "a b", user: "o'brien", password: password)
      return try await run(executable: psql, arguments: ["-XAtc", "select current_database()", connection])
    }
    #expect(try await connect("p w\\'").stdout == "a b\n")
    let refused = try await connect("wrong")
    #expect(refused.status == .exited(2))
    #expect(refused.stderr.contains("password authentication failed"))
  }

  @Test func `a cluster offers other extensions than the machine`() async throws {
    let extras = TestExtension(
      "aiven_extras", version: "1.1", control: "superuser = true\nschema = aiven_extras",
      script: "CREATE FUNCTION claim() RETURNS int LANGUAGE sql AS 'SELECT 7';")
    let cluster = try await TestCluster.start(without: ["tablefunc"], offering: [extras])
    let offered = """
      select string_agg(name, ' ' order by name) from pg_available_extensions
      where name in ('tablefunc', 'pg_trgm', 'aiven_extras')
      """
    #expect(try await cluster.sql(offered) == "aiven_extras pg_trgm")
    let created = try await cluster.sql(
      "create extension pg_trgm; create extension aiven_extras; select aiven_extras.claim()")
    #expect(created == "7")
  }

  @Test func `a standby streams and can be promoted`() async throws {
    let primary = try await TestCluster.start()
    try await primary.sql("create table t as select 7 as x")
    let standby = try await primary.standby()
    #expect(try await standby.sql("select pg_is_in_recovery(), x from t") == "t|7")
    try await primary.stop()
    try await standby.promote()
    #expect(try await standby.sql("update t set x = 8 returning x") == "8")
    try await primary.start()
    #expect(try await primary.sql("select x from t") == "7")
  }

  @Test(arguments: [TestCluster.StopMode.fast, .immediate])
  func `a cluster stops and starts again`(mode: TestCluster.StopMode) async throws {
    let cluster = try await TestCluster.start()
    try await cluster.sql("create database kept")
    try await cluster.restart(mode: mode)
    #expect(try await cluster.sql("select current_database()", database: "kept") == "kept")
    try cluster.signalPostmaster(SIGHUP)
  }

  @Test(.needsPooler) func `a pooler forwards to its cluster`() async throws {
    let cluster = try await TestCluster.start()
    let pooler = try await TestPooler.start(for: cluster, mode: .transaction)
    let output = try await run(
      executable: "\(cluster.binDirectory)/psql",
      arguments: ["-XAtc", "show port", pooler.connectionString()])
    #expect(output.stdout == "\(cluster.port)\n", "\(output)")
  }

  @Test(.needsPostgres(13)) func `version 13 starts`() async throws { try await starts(13) }
  @Test(.needsPostgres(16)) func `version 16 starts`() async throws { try await starts(16) }
  @Test(.needsPostgres(17)) func `version 17 starts`() async throws { try await starts(17) }
  @Test(.needsPostgres(18)) func `version 18 starts`() async throws { try await starts(18) }

  private func starts(_ version: Int) async throws {
    let cluster = try await TestCluster.start(version: version)
    #expect(try await cluster.sql("show server_version_num").hasPrefix("\(version)"))
  }

  @Test func `a program gets input and environment, and its status, output and time come back`() async throws {
    let output = try await run(
      executable: "/bin/sh", arguments: ["-c", "cat; echo \"$A\" >&2; sleep 0.1; exit 3"], environment: ["A": "b"],
      input: "in")
    #expect(output.status == .exited(3))
    #expect(output.stdout == "in")
    #expect(output.stderr == "b\n")
    #expect(output.duration > .milliseconds(100))
  }

  @Test func `a program can be signalled, and ends when it takes too long`() async throws {
    let output = try await run(executable: "/bin/sleep", arguments: ["60"]) { pid in kill(pid, SIGTERM) }
    #expect(output.status == .signaled(SIGTERM))
    #expect(output.exitStatus == 143)
    let error = await #expect(throws: TestSupportError.self) {
      try await run(executable: "/bin/sh", arguments: ["-c", "echo begun; sleep 60"], timeout: .milliseconds(300))
    }
    #expect(error?.description.contains("begun") == true)
  }
}
