import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
  @Test func `a session knows where it is`() async throws {
    let cluster = try await SharedCluster.cluster
    let connection = try await SharedCluster.connect(user: "plain")
    let session = connection.session
    #expect(session.host == "127.0.0.1")
    #expect(session.address == "127.0.0.1")
    #expect(session.port == "\(cluster.port)")
    #expect(session.user == "plain")
    #expect(session.database == "postgres")
    #expect(session.serverVersion / 10000 == cluster.version)
    #expect(!session.tls && !session.passwordUsed && !session.socket)
    let pid = try await connection.value("select pg_backend_pid()")
    #expect(pid == "\(session.backendPID)")
    let name = try await connection.value("show application_name")
    #expect(name == "pgpreflight")
  }

  @Test func `parameters are texts or null`() async throws {
    let connection = try await SharedCluster.connect()
    let rows = try await connection.query(
      "select $1::text, $2::text is null, $3::int + 1, $4::text", ["it's", nil, "41", "ü💥"])
    #expect((0..<4).map { rows.text(0, $0) } == ["it's", "t", "42", "ü💥"])
  }

  @Test func `an error has the server's fields and leaves the connection usable`() async throws {
    let connection = try await SharedCluster.connect()
    let error = await #expect(throws: PostgresError.self) { try await connection.query("select nonexistent") }
    #expect(error?.sqlstate == "42703")
    #expect(error?.severity == "ERROR")
    #expect(error?.message == "column \"nonexistent\" does not exist")
    #expect(error?.position == 8)
    #expect(error?.isConnectionLost == false)
    #expect(error?.description == "ERROR 42703: column \"nonexistent\" does not exist")
    let raised = await #expect(throws: PostgresError.self) {
      try await connection.query(
        """
        do $$ begin raise exception 'first' using errcode = 'XX123', detail = 'second', hint = 'third'; end $$
        """)
    }
    #expect(raised?.sqlstate == "XX123")
    #expect(raised?.detail == "second")
    #expect(raised?.hint == "third")
    #expect(try await connection.value("select 1") == "1")
  }

  @Test func `a NUL can't cut a statement short`() async throws {
    let connection = try await SharedCluster.connect()
    for call in [("select 1\0", []), ("select $1", ["a\0b"])] as [(String, [String?])] {
      let error = await #expect(throws: PostgresError.self) { try await connection.query(call.0, call.1) }
      #expect(error?.sqlstate == "22021")
    }
    #expect(try await connection.value("select 1") == "1")
  }

  @Test func `only one statement goes into a query`() async throws {
    let connection = try await SharedCluster.connect()
    let error = await #expect(throws: PostgresError.self) { try await connection.query("select 1; select 2") }
    #expect(error?.sqlstate == "42601")
  }

  @Test func `notices reach their reader, in order`() async throws {
    let connection = try await SharedCluster.connect()
    _ = try await connection.query("do $$ begin raise notice 'one'; raise warning 'two' using hint = 'three'; end $$")
    await connection.close()
    var notices: [Notice] = []
    for await notice in connection.notices { notices.append(notice) }
    #expect(notices.map(\.message) == ["one", "two"])
    #expect(notices.map(\.severity) == ["NOTICE", "WARNING"])
    #expect(notices.map(\.sqlstate) == ["00000", "01000"])
    #expect(notices.last?.hint == "three")
  }

  @Test func `texts come as UTF-8 from every database`() async throws {
    let connection = try await SharedCluster.connect(database: "latin")
    #expect(try await connection.value("show server_encoding") == "LATIN1")
    #expect(try await connection.value("select chr(252)") == "ü")
    #expect(try await connection.value("select ascii($1)", ["ü"]) == "252")
  }

  @Test func `a parameter and an answer larger than any buffer pass`() async throws {
    let connection = try await SharedCluster.connect(options: .init(responseTimeout: .seconds(60)))
    let large = String(repeating: "0123456789abcdef", count: 1 << 20)
    let answer = try await connection.value("select $1::text", [large])
    #expect(answer == large)
  }

  @Test func `a closed connection says so and is gone from the server`() async throws {
    let observer = try await SharedCluster.connect()
    let connection = try await SharedCluster.connect()
    let pid = connection.session.backendPID
    await connection.close()
    await connection.close()
    let error = await #expect(throws: PostgresError.self) { try await connection.query("select 1") }
    #expect(error?.isConnectionLost == true)
    #expect(throws: PostgresError.self) { try results(error: error) }
    let failures = try await connection.pipeline([[Statement("select 1")], [Statement("select 2")]])
    #expect(failures.count == 2)
    #expect(failures.allSatisfy { (try? $0.get()) == nil })
    await #expect(throws: PostgresError.self) { try await connection.quote(identifier: "a") }
    #expect(await connection.isClosed)
    #expect(try await eventually { try await observer.sessions(where: "pid = \(pid)") == 0 })
  }

  private func results(error: PostgresError?) throws { if let error { throw error } }

  @Test func `a connection that is let go of is closed`() async throws {
    let observer = try await SharedCluster.connect()
    var connection: Connection? = try await SharedCluster.connect()
    let pid = try #require(connection).session.backendPID
    #expect(try await observer.sessions(where: "pid = \(pid)") == 1)
    connection = nil
    #expect(try await eventually { try await observer.sessions(where: "pid = \(pid)") == 0 })
  }

  @Test(arguments: ["copy (select 1) to stdout", "copy pg_temp.t from stdin"])
  func `COPY ends with an error, not with waiting`(sql: String) async throws {
    let connection = try await SharedCluster.connect()
    _ = try await connection.query("create temp table t (a int)")
    let error = await #expect(throws: PostgresError.self) { try await connection.query(sql) }
    #expect(error?.isConnectionLost == true)
    #expect(await connection.isClosed)
    let other = try await SharedCluster.connect()
    _ = try await other.query("create temp table t (a int)")
    let results = try await other.pipeline([[Statement("select 1")], [Statement(sql)], [Statement("select 2")]])
    #expect(results.map { (try? $0.get()) != nil } == [true, false, false])
  }

  @Test func `an error can be saved and read again`() async throws {
    let connection = try await SharedCluster.connect()
    let error = await #expect(throws: PostgresError.self) { try await connection.query("select 1/0") }
    #expect(try coded(error) == error)
    let failure = ConnectionFailure(kind: .refused, message: "Connection refused", host: "db", port: "5432")
    #expect(try coded(failure) == failure)
  }
}
