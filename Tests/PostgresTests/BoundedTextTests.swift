import Foundation
import Postgres
import TestSupport
import Testing

/// What a server says is a stranger's text: a bounded part of it is kept.
@Suite(.timeLimit(.minutes(5))) struct BoundedTextTests {
  @Test func `a text is cut between two characters and says how much is left out`() {
    #expect("short".bounded() == "short")
    #expect(String(repeating: "a", count: 12).bounded(to: 10) == "aaaaaaaaaa… (2 more bytes)")
    #expect(
      ("123456789ä" + String(repeating: "b", count: 1_234_567)).bounded(to: 10) == "123456789… (1,234,569 more bytes)")
  }

  @Test func `each field of an error and of a notice is bounded`() async throws {
    let connection = try await SharedCluster.connect()
    let sql = """
      do $$ declare t text := repeat('ä', 4000000); begin
        raise notice '%', t using detail = t, hint = t;
        raise exception '%', t using detail = t, hint = t; end $$
      """
    let error = try #require(await #expect(throws: PostgresError.self) { try await connection.query(sql) })
    for text in [error.message, error.detail, error.hint] {
      #expect(try #require(text).hasSuffix("ä… (7,999,000 more bytes)"))
      #expect(try #require(text).utf8.count < 1100)
    }
    // What a function has made up may show rows.
    #expect(!error.description.contains("(ä"))
    #expect(try await connection.value("select 1") == "1")
    await connection.close()
    var notices: [Notice] = []
    for await notice in connection.notices { notices.append(notice) }
    #expect(notices.allSatisfy { $0.message.utf8.count < 1100 && $0.detail?.utf8.count ?? 0 < 1100 })
  }

  @Test(arguments: [true, false]) func `an answer without end ends the connection`(overSocket: Bool) async throws {
    var options = Connection.Options()
    options.longestAnswer = 4 << 20
    let cluster = try await SharedCluster.cluster
    let host = overSocket ? "host='\(cluster.socketDirectory)'" : ""
    for sql in [
      "select repeat('x', 1000) from generate_series(1, 200000)", "select repeat('x', 200000000)",
      "do $$ begin raise exception '%', repeat('x', 200000000); end $$",
      "do $$ begin for i in 1..100000 loop raise notice '%', repeat('x', 5000); end loop; end $$",
    ] {
      let connection = try await Connection.connect(SharedCluster.string(also: host), options: options)
      let error: PostgresError?
      do {
        _ = try await connection.query(sql)
        error = nil
      } catch let thrown as PostgresError {
        error = thrown
      }
      // Over a socket of the machine nobody counts what libpq reads while it reads: an answer can be in memory that the
      // server was faster to send than libpq to look. What is kept of an error is bounded all the same.
      if overSocket, error?.isConnectionLost != true {
        #expect((error?.message.utf8.count ?? 0) < 1100, "\(sql)")
        await connection.close()
        continue
      }
      #expect(error?.message == "the server's answer is longer than 4 MiB; the connection was closed", "\(sql)")
      #expect(error?.isConnectionLost == true)
      #expect(await connection.isClosed)
    }
    // Many answers may be longer together.
    let connection = try await Connection.connect(SharedCluster.string(also: host), options: options)
    let statement = Statement("select repeat('x', 1000) from generate_series(1, 1000)")
    let results = try await connection.pipeline((0..<20).map { _ in [statement] })
    #expect(results.allSatisfy { (try? $0.get()[0].count) == 1000 })
  }

  @Test func `a value that is too long is not read, and not cut`() async throws {
    struct Row: Decodable { var name: String }
    struct Names: Decodable { var names: [String] }
    let connection = try await SharedCluster.connect()
    let rows = try await connection.query("select repeat('x', 1048577) as name")
    #expect(throws: ValueTooLong.self) { try rows.decode(Row.self) }
    #expect(throws: ValueTooLong.self) { try rows.decode(String.self) }
    let array = try await connection.query("select array_agg(repeat('x', 63)) as names from generate_series(1, 20000)")
    #expect(throws: ValueTooLong.self) { try array.decode(Names.self) }
    let whole = try await connection.query("select repeat('x', 1048576) as name")
    #expect(try whole.decode(Row.self)[0].name.utf8.count == 1 << 20)
  }

  @Test func `a greeting without end is given up`() async throws {
    let listener = try Listener()
    listener.serve { socket in
      // An error of the old protocol, which has no length, and never an end.
      var bytes = Array("E".utf8)
      for _ in 0..<4096 {
        bytes += [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
        guard bytes.withUnsafeBytes({ send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) > 0 else {
          return
        }
        bytes = []
      }
    }
    let failure = await #expect(throws: ConnectionFailure.self) {
      _ = try await Connection.connect(listener.connectionString(also: "sslmode=disable gssencmode=disable"))
    }
    #expect((failure?.message.utf8.count ?? .max) < 1200, "\(failure?.message.prefix(300) ?? "")")
  }

  @Test func `what an error may show of rows is left out`() async throws {
    let connection = try await SharedCluster.connect()
    for (sql, words) in [
      ("select 'ann@example.org'::int", "invalid input syntax for type integer: \"…\" (SQLSTATE 22P02)"),
      ("select '9999999999'::int", "value \"…\" is out of range for type integer (SQLSTATE 22003)"),
      ("select '2026-02-31'::date", "date/time field value out of range: \"…\" (SQLSTATE 22008)"),
      ("set work_mem = 'x'", "invalid value for parameter \"work_mem\": \"x\" (SQLSTATE 22023)"),
      ("select missing", "column \"missing\" does not exist (SQLSTATE 42703)"),
      (
        "do $$ begin raise 'ann@example.org' using errcode = 'unique_violation'; end $$",
        "a function raised an error; its message is not shown, as it may show rows (SQLSTATE 23505)"
      ),
    ] {
      let error = await #expect(throws: PostgresError.self) { try await connection.query(sql) }
      #expect(error?.messageWithoutValues == words)
    }
    _ = try await connection.query("create temporary table t (a text primary key)")
    let error = await #expect(throws: PostgresError.self) {
      try await connection.query("insert into t values ('ann@example.org'), ('ann@example.org')")
    }
    #expect(error?.detail == "Key (a)=(ann@example.org) already exists.")
    #expect(error?.publicDetail == nil)
    #expect(error?.description == "ERROR 23505: duplicate key value violates unique constraint \"t_pkey\"")
  }
}
