import Postgres
import TestSupport
import Testing

@Suite(.needsPooler, .timeLimit(.minutes(5))) struct PoolerTests {
  private func pooler(settings: [String: String] = [:]) async throws -> TestPooler {
    try await TestPooler.start(for: SharedCluster.cluster, mode: .session, settings: settings)
  }

  @Test func `queries, pipelines and cancelling pass through PgBouncer`() async throws {
    let pooler = try await pooler()
    let connection = try await Connection.connect(ConnectionString(pooler.connectionString()))
    #expect(try await connection.value("select $1", ["a"]) == "a")
    let results = try await connection.pipeline([
      [Statement("select 1")], [Statement("select 1/0")], [Statement("select 2")],
    ])
    #expect(results.map { (try? $0.get()) != nil } == [true, false, true])
    let task = Task { try await connection.query("select pg_sleep(60)") }
    try await Task.sleep(for: .milliseconds(300))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await connection.value("select 3") == "3")
  }

  @Test func `PgBouncer's refusals have their kinds`() async throws {
    let pooler = try await pooler(settings: ["ignore_startup_parameters": "", "max_client_conn": "1"])
    let options = try ConnectionString("\(pooler.connectionString()) options='-c work_mem=1MB'")
    let refused = await #expect(throws: ConnectionFailure.self) { try await Connection.connect(options) }
    #expect(refused?.kind == .unsupportedStartupOption)
    let user = try ConnectionString(pooler.connectionString(user: "nobody"))
    let unknown = await #expect(throws: ConnectionFailure.self) { try await Connection.connect(user) }
    #expect(unknown?.kind == .noSuchRole || unknown?.kind == .authentication, "\(unknown as Any)")
    let database = try ConnectionString(pooler.connectionString(database: "nowhere"))
    let missing = await #expect(throws: ConnectionFailure.self) { try await Connection.connect(database) }
    #expect(missing?.kind == .noSuchDatabase, "\(missing as Any)")
    let string = try ConnectionString(pooler.connectionString())
    let first = try await Connection.connect(string)
    let second = await #expect(throws: ConnectionFailure.self) { try await Connection.connect(string) }
    #expect(second?.kind == .tooManyConnections, "\(second as Any)")
    await first.close()
  }
}
