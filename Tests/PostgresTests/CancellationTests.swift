import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct CancellationTests {
  @Test func `cancelling a task cancels its statement on the server`() async throws {
    let observer = try await SharedCluster.connect()
    let connection = try await SharedCluster.connect()
    let pid = connection.session.backendPID
    let task = Task { try await connection.query("select pg_sleep(60)") }
    #expect(try await eventually { try await observer.sessions(where: "pid = \(pid) and state = 'active'") == 1 })
    let start = ContinuousClock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(seconds(ContinuousClock.now - start) < 10)
    #expect(try await observer.sessions(where: "pid = \(pid) and state = 'active'") == 0)
    #expect(try await connection.value("select 1") == "1")
    #expect(await !connection.isClosed)
  }

  @Test func `cancelling a pipeline cancels all of it`() async throws {
    let observer = try await SharedCluster.connect()
    let connection = try await SharedCluster.connect()
    let pid = connection.session.backendPID
    let task = Task {
      try await connection.pipeline([
        [Statement("select 1")], [Statement("select pg_sleep(60)")], [Statement("select pg_sleep(60)")],
        [Statement("select 2")], [Statement("select pg_sleep(60)"), Statement("select 3")],
      ])
    }
    #expect(try await eventually { try await observer.sessions(where: "pid = \(pid) and wait_event = 'PgSleep'") == 1 })
    let start = ContinuousClock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(seconds(ContinuousClock.now - start) < 10)
    #expect(try await observer.sessions(where: "pid = \(pid) and state = 'active'") == 0)
    let results = try await connection.pipeline([[Statement("select 4")], [Statement("select 5")]])
    #expect(try results.map { try $0.get()[0].text(0, 0) } == ["4", "5"])
  }

  @Test func `a late cancel never hits the next statement`() async throws {
    let connection = try await SharedCluster.connect()
    for attempt in 0..<40 {
      let task = Task { try await connection.query("select pg_sleep(0.005)") }
      try await Task.sleep(for: .milliseconds(attempt % 12))
      task.cancel()
      _ = try? await task.value
      let value = try await connection.value("select count(*) from generate_series(1, 20000)")
      #expect(value == "20000")
    }
  }

  @Test func `a cancelled task sends nothing`() async throws {
    let connection = try await SharedCluster.connect()
    let task = Task {
      try? await Task.sleep(for: .seconds(60))
      _ = try await connection.query("create table never ()")
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await connection.value("select to_regclass('never')") == nil)
  }

  @Test func `cancelling while a frozen server is asked ends in seconds`() async throws {
    let cluster = try await TestCluster.start()
    let connection = try await Connection.connect(ConnectionString(cluster.connectionString()))
    let pid = connection.session.backendPID
    kill(pid, SIGSTOP)
    try cluster.signalPostmaster(SIGSTOP)
    defer {
      kill(pid, SIGCONT)
      try? cluster.signalPostmaster(SIGCONT)
    }
    let task = Task { try await connection.query("select 1") }
    try await Task.sleep(for: .milliseconds(100))
    let start = ContinuousClock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(seconds(ContinuousClock.now - start) < 15)
    #expect(await connection.isClosed)
  }

  @Test func `cancelling while connecting closes the socket at once`() async throws {
    let listener = try Listener()
    let (closed, continuation) = AsyncStream.makeStream(of: Int.self)
    listener.serve { connection in
      var buffer = [UInt8](repeating: 0, count: 1024)
      while read(connection, &buffer, buffer.count) > 0 { continuation.yield(1) }
      continuation.finish()
    }
    let string = try listener.connectionString()
    let task = Task { try await Connection.connect(string) }
    var messages = closed.makeAsyncIterator()
    #expect(await messages.next() == 1)
    let start = ContinuousClock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(await messages.next() == nil)
    #expect(seconds(ContinuousClock.now - start) < 5)
  }

  @Test func `nothing of a cancelled attempt stays on the server`() async throws {
    let observer = try await SharedCluster.connect()
    let string = try await SharedCluster.string()
    for attempt in 0..<30 {
      let task = Task {
        try await Connection.connect(string, options: .init(applicationName: "cancelled attempt"))
      }
      try await Task.sleep(for: .milliseconds(attempt))
      task.cancel()
      if let connection = try? await task.value { await connection.close() }
    }
    #expect(
      try await eventually { try await observer.sessions(where: "application_name = 'cancelled attempt'") == 0 })
  }
}
