import Foundation
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct PipelineTests {
  @Test func `each segment has its own results, in order`() async throws {
    let connection = try await SharedCluster.connect()
    let results = try await connection.pipeline([
      [Statement("select 1"), Statement("select $1::int + 1", ["1"])], [], [Statement("select 'three'")],
    ])
    let texts = try results.map { try $0.get().map { $0.text(0, 0) } }
    #expect(texts == [["1", "2"], [], ["three"]])
    #expect(try await connection.pipeline([]).isEmpty)
    #expect(try await connection.value("select 4") == "4")
  }

  @Test func `an error ends its segment, not the pipeline`() async throws {
    let connection = try await SharedCluster.connect()
    let results = try await connection.pipeline([
      [Statement("create temp table kept as select 1 as a")],
      [Statement("insert into kept values (2)"), Statement("select 1/0"), Statement("select never")],
      [Statement("a\0b")],
      [Statement("syntax error")],
      [Statement("select count(*) from kept")],
    ])
    #expect(results.count == 5)
    let errors = results.map { result in
      if case .failure(let error) = result { return error.sqlstate } else { return nil }
    }
    #expect(errors == [nil, "22012", "22021", "42601", nil])
    // A segment is a transaction: its insert has gone with it.
    #expect(try results[4].get().first?.text(0, 0) == "1")
    #expect(try await connection.value("select count(*) from kept") == "1")
  }

  @Test func `savepoints carry one transaction through errors`() async throws {
    let connection = try await SharedCluster.connect()
    let guarded = { (sql: String) in
      [[Statement("savepoint s"), Statement(sql)], [Statement("rollback to savepoint s")]]
    }
    let results = try await connection.pipeline(
      [[Statement("begin isolation level repeatable read read only")]] + guarded("select txid_current_snapshot()")
        + guarded("select 1/0") + guarded("select txid_current_snapshot()") + [[Statement("commit")]])
    let succeeded = results.map { (try? $0.get()) != nil }
    #expect(succeeded == [true, true, true, false, true, true, true, true])
    #expect(try results[1].get()[1].text(0, 0) == results[5].get()[1].text(0, 0))
  }

  @Test func `a pipeline larger than the sockets' buffers does not stall`() async throws {
    let connection = try await SharedCluster.connect(options: .init(responseTimeout: .seconds(60)))
    let text = String(repeating: "x", count: 100_000)
    let segments = (0..<300).map { [Statement("select \($0), $1::text", [text])] }
    let results = try await connection.pipeline(segments)
    #expect(try results.enumerated().allSatisfy { try $1.get()[0].text(0, 0) == "\($0)" })
    #expect(try results[299].get()[0].text(0, 1)?.utf8.count == 100_000)
  }

  @Test func `when the connection is lost, all that remains fails`() async throws {
    let connection = try await SharedCluster.connect()
    let results = try await connection.pipeline([
      [Statement("select 1")], [Statement("select pg_terminate_backend(pg_backend_pid())"), Statement("select 2")],
      [Statement("select 3")], [],
    ])
    #expect(results.count == 4)
    #expect(try results[0].get().count == 1)
    for result in results.dropFirst() {
      let error = #expect(throws: PostgresError.self) { try result.get() }
      #expect(error?.isConnectionLost == true)
      #expect(error?.sqlstate == "57P01")
    }
    let after = await #expect(throws: PostgresError.self) { try await connection.query("select 1") }
    #expect(after?.isConnectionLost == true)
  }
}

func coded<Value: Codable>(_ value: Value) throws -> Value {
  try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
}
