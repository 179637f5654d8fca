import Foundation
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConcurrencyTests {
  /// On the cooperative pool, with as many threads as processors, it would take eight seconds, and the ticker would
  /// stand still as long. In a process of its own, since other tests keep the pool busy with work.
  @Test func `statements that take their time hold up nobody`() async throws {
    let text = try await SharedCluster.cluster.connectionString()
    await #expect(processExitsWith: .success) { [text = text as String] in
      let string = try ConnectionString(text)
      let count = min(8 * ProcessInfo.processInfo.activeProcessorCount, 96)
      let connections = try await withThrowingTaskGroup { group in
        for _ in 0..<count { group.addTask { try await Connection.connect(string) } }
        return try await group.reduce(into: [Connection]()) { $0.append($1) }
      }
      let ticker = Task {
        var longest = Duration.zero
        while !Task.isCancelled {
          let start = ContinuousClock.now
          try? await Task.sleep(for: .milliseconds(10))
          longest = max(longest, .now - start)
        }
        return longest
      }
      let start = ContinuousClock.now
      try await withThrowingTaskGroup { group in
        for connection in connections { group.addTask { _ = try await connection.query("select pg_sleep(1)") } }
        try await group.waitForAll()
      }
      let duration = ContinuousClock.now - start
      ticker.cancel()
      try #require(seconds(duration) < 5)
      try #require(seconds(await ticker.value) < 2)
    }
  }

  @Test func `connecting to silent servers holds up nobody`() async throws {
    let listener = try Listener()
    let count = min(4 * ProcessInfo.processInfo.activeProcessorCount, 14)
    let string = try listener.connectionString(also: "connect_timeout=2")
    let start = ContinuousClock.now
    await withTaskGroup { group in
      for _ in 0..<count { group.addTask { _ = try? await Connection.connect(string) } }
    }
    #expect(seconds(ContinuousClock.now - start) < 20)
  }

  @Test func `calls of one connection run one after the other`() async throws {
    let connection = try await SharedCluster.connect()
    let sum = try await withThrowingTaskGroup { group in
      for number in 1...50 {
        group.addTask { try await connection.value("select $1", ["\(number)"]).flatMap { Int($0) } ?? 0 }
      }
      return try await group.reduce(0, +)
    }
    #expect(sum == 1275)
  }
}
