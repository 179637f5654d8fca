import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct LostServerTests {
  @Test func `a terminated backend is an error, and so is every later call`() async throws {
    let observer = try await SharedCluster.connect()
    let connection = try await SharedCluster.connect()
    let pid = connection.session.backendPID
    let query = Task { try await connection.query("select pg_sleep(60)") }
    #expect(try await eventually { try await observer.sessions(where: "pid = \(pid) and wait_event = 'PgSleep'") == 1 })
    _ = try await observer.query("select pg_terminate_backend(\(pid))")
    let error = await #expect(throws: PostgresError.self) { try await query.value }
    #expect(error?.sqlstate == "57P01")
    #expect(error?.isConnectionLost == true)
    for _ in 0..<2 {
      let later = await #expect(throws: PostgresError.self) { try await connection.query("select 1") }
      #expect(later?.isConnectionLost == true)
    }
    let results = try await connection.pipeline([[Statement("select 1")], [Statement("select 2")]])
    #expect(results.count == 2)
    #expect(results.allSatisfy { if case .failure(let error) = $0 { error.isConnectionLost } else { false } })
    #expect(await connection.isClosed)
  }

  @Test func `an idle connection that was terminated says so at its next call`() async throws {
    let observer = try await SharedCluster.connect()
    let connection = try await SharedCluster.connect()
    let pid = connection.session.backendPID
    _ = try await observer.query("select pg_terminate_backend(\(pid))")
    #expect(try await eventually { try await observer.sessions(where: "pid = \(pid)") == 0 })
    let error = await #expect(throws: PostgresError.self) { try await connection.query("select 1") }
    #expect(error?.isConnectionLost == true)
  }

  @Test func `an immediate shutdown ends queries and pipelines with errors`() async throws {
    let cluster = try await TestCluster.start()
    let string = try ConnectionString(cluster.connectionString())
    let connections = [try await Connection.connect(string), try await Connection.connect(string)]
    let query = Task { try await connections[0].query("select pg_sleep(60)") }
    let pipeline = Task {
      try await connections[1].pipeline([[Statement("select pg_sleep(60)")], [Statement("select 1")]])
    }
    try await Task.sleep(for: .milliseconds(300))
    try await cluster.stop(mode: .immediate)
    let error = await #expect(throws: PostgresError.self) { try await query.value }
    #expect(error?.isConnectionLost == true)
    let results = try await pipeline.value
    #expect(results.count == 2)
    #expect(results.allSatisfy { if case .failure(let error) = $0 { error.isConnectionLost } else { false } })
    let failure = await #expect(throws: ConnectionFailure.self) { try await Connection.connect(string) }
    #expect(failure?.kind == .refused)
  }

  @Test func `a killed backend is an error without words of the server`() async throws {
    let cluster = try await TestCluster.start()
    let connection = try await Connection.connect(ConnectionString(cluster.connectionString()))
    let query = Task { try await connection.query("select pg_sleep(60)") }
    try await Task.sleep(for: .milliseconds(300))
    kill(connection.session.backendPID, SIGKILL)
    let error = await #expect(throws: PostgresError.self) { try await query.value }
    #expect(error?.isConnectionLost == true)
    #expect(error?.message.contains("server closed the connection unexpectedly") == true)
  }

  @Test func `a frozen server is given up after the response timeout`() async throws {
    let cluster = try await TestCluster.start()
    let options = Connection.Options(responseTimeout: .seconds(1))
    let string = try ConnectionString(cluster.connectionString())
    let connections = [
      try await Connection.connect(string, options: options), try await Connection.connect(string, options: options),
    ]
    for connection in connections { kill(connection.session.backendPID, SIGSTOP) }
    defer { for connection in connections { kill(connection.session.backendPID, SIGCONT) } }
    let error = await #expect(throws: PostgresError.self) { try await connections[0].query("select 1") }
    #expect(error?.isConnectionLost == true)
    #expect(error?.message.contains("the server said nothing for 1 s") == true)
    #expect(await connections[0].isClosed)
    let results = try await connections[1].pipeline([[Statement("select 1")], [Statement("select 2")]])
    #expect(results.count == 2)
    #expect(results.allSatisfy { if case .failure(let error) = $0 { error.isConnectionLost } else { false } })
    #expect(await connections[1].isClosed)
  }

  @Test func `a server that goes on talking is not given up`() async throws {
    let connection = try await SharedCluster.connect(options: .init(responseTimeout: .seconds(2)))
    let sql = "do $$ begin for i in 1..8 loop perform pg_sleep(0.5); raise notice '%', i; end loop; end $$"
    _ = try await connection.query(sql)
  }

  @Test func `what is given up is cancelled on the server`() async throws {
    let observer = try await SharedCluster.connect()
    let connection = try await SharedCluster.connect(options: .init(responseTimeout: .seconds(1)))
    let pid = connection.session.backendPID
    await #expect(throws: PostgresError.self) { try await connection.query("select pg_sleep(600)") }
    #expect(try await eventually { try await observer.sessions(where: "pid = \(pid)") == 0 })
  }

  @Test func `a statement may take long, and a connection that is frozen is found out`() async throws {
    let port = try await SharedCluster.cluster.port
    let proxy = try TestProxy("server", to: port)
    defer { proxy.stop() }
    func connected(_ port: Int) async throws -> Connection {
      let connection = try await Connection.connect(
        ConnectionString("host=127.0.0.1 port=\(port) dbname=postgres user=postgres"))
      _ = try await connection.query("set timezone = 'Asia/Tokyo'")
      await connection.inquireWhenSilent(try await connection.pipeline([[Connection.backend]])[0].get()[0])
      return connection
    }
    let start = ContinuousClock.now
    async let slow = connected(port).query("select pg_sleep(50)")
    let frozen = try await connected(proxy.port)
    // Its answer does not arrive.
    proxy.counter.reset()
    proxy.counter.arm(.freeze(nil), at: 2)
    let error = await #expect(throws: PostgresError.self) { try await frozen.query("select 1") }
    #expect(error?.isConnectionLost == true)
    #expect(error?.message.contains("the server waits for this program") == true)
    #expect(await frozen.isClosed)
    #expect(ContinuousClock.now - start < .seconds(100))
    #expect(try await slow.count == 1)
  }

  @Test func `no SIGPIPE ends the process`() async throws {
    let cluster = try await SharedCluster.cluster
    let text = cluster.connectionString()
    await #expect(processExitsWith: .success) { [text = text as String] in
      signal(SIGPIPE, SIG_DFL)
      let string = try ConnectionString(text)
      let observer = try await Connection.connect(string)
      let connection = try await Connection.connect(string)
      _ = try await observer.query("select pg_terminate_backend(\(connection.session.backendPID), 5000)")
      // The first write may still reach the kernel, the second one can't.
      for _ in 0..<3 {
        _ = try? await connection.query("select $1", [String(repeating: "x", count: 1 << 20)])
        _ = try await connection.pipeline([[Statement("select 1")]])
      }
      await connection.close()
    }
  }
}
