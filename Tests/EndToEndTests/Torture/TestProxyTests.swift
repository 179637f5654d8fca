import Foundation
import Synchronization
import TestSupport
import Testing

/// The proxy that the torture stands on.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct TestProxyTests {
  private static let cluster = Task { try await TestCluster.start() }

  private static func conninfo(_ proxy: TestProxy) -> String {
    ShopDatabase.conninfo(port: proxy.port, database: "postgres")
  }

  private static func descriptors() -> Int {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).count
  }

  @Test func `messages are counted and named in both directions`() async throws {
    let proxy = try TestProxy("source", to: try await Self.cluster.value.port)
    let conninfo = Self.conninfo(proxy)
    let long = String(repeating: "x", count: 500_000)
    let rows = try await onThread {
      let session = try PlainSession(conninfo)
      try session.run("select 1")
      return try session.run("select length('\(long)'), repeat('y', 300000)")
    }
    #expect(rows[0][0] == "500000")
    #expect(rows[0][1]?.count == 300_000)
    let trace = proxy.counter.trace
    #expect(trace.first?.message.kind == .startup)
    #expect(trace.first?.message.text.contains("database·postgres") == true)
    let one = try #require(trace.firstIndex { $0.message.statement == "select 1" })
    #expect(trace[one].direction == .toServer)
    let answers = trace[(one + 1)...].prefix(3)
    #expect(answers.map(\.message.kind) == [.typed("T"), .typed("C"), .typed("Z")])
    #expect(answers.allSatisfy { $0.direction == .toClient && $0.statement == "select 1" })
    // The session's start and end of it, then query, end of the command, end of the query.
    #expect(trace[one].number == 3)
    #expect(answers.map(\.number) == [3, 4, 5])
    #expect(proxy.counter.count() >= 8)
    #expect(proxy.counter.count(of: .toServer) >= 3)
    proxy.stop()
    await #expect(throws: PlainSession.Failure.self) { try await onThread { _ = try PlainSession(conninfo) } }
  }

  @Test func `an answer is lost after the server has done what it was asked for`() async throws {
    let cluster = try await Self.cluster.value
    let proxy = try TestProxy("source", to: cluster.port)
    try await cluster.sql("create table lost (id int); create table kept (id int)")
    let conninfo = Self.conninfo(proxy)
    for (table, fault, arrives) in [("lost", Fault.cut, "0"), ("kept", .loseAnswer, "1")] {
      proxy.counter.reset()
      let statement = "insert into \(table) values (1)"
      let failure = await #expect(throws: PlainSession.Failure.self) {
        try await onThread {
          let session = try PlainSession(conninfo)
          try session.run("select 1")
          proxy.counter.arm(fault, at: 1, of: .toServer)
          try session.run(statement)
        }
      }
      guard case .lost = failure else {
        Issue.record("\(String(describing: failure))")
        continue
      }
      #expect(proxy.counter.struck?.statement == statement)
      #expect(try await cluster.sql("select count(*) from \(table)") == arrives)
    }
    proxy.stop()
  }

  @Test func `a frozen connection goes on, after a time or when it is thawed`() async throws {
    let proxy = try TestProxy("source", to: try await Self.cluster.value.port)
    let conninfo = Self.conninfo(proxy)
    for (fault, isThawed) in [(Fault.freeze(.milliseconds(600)), false), (.freezeProxy(nil), true)] {
      let begin = now()
      proxy.counter.reset()
      proxy.counter.arm(fault, at: 3)
      if isThawed {
        Task {
          try await Task.sleep(for: .milliseconds(600))
          proxy.thaw()
        }
      }
      let one = try await onThread { try PlainSession(conninfo).run("select 1")[0][0] }
      #expect(one == "1")
      #expect(now() - begin > 0.55)
    }
    proxy.stop()
  }

  @Test func `a call comes before the message, which is lost where it is to be`() async throws {
    let cluster = try await Self.cluster.value
    let proxy = try TestProxy("source", to: cluster.port)
    try await cluster.sql("create table called (id int)")
    let conninfo = Self.conninfo(proxy)
    let calls = Mutex(0)
    for (passesOn, count) in [(true, "1"), (false, "1")] {
      proxy.counter.reset()
      _ = try? await onThread {
        let session = try PlainSession(conninfo)
        proxy.counter.arm(.call(passesOn: passesOn) { calls.withLock { $0 += 1 } }, at: 1, of: .toServer)
        try session.run("insert into called values (1)")
      }
      #expect(try await cluster.sql("select count(*) from called") == count)
    }
    #expect(calls.withLock { $0 } == 2)
    proxy.stop()
  }

  @Test func `nothing stays open`() async throws {
    let cluster = try await Self.cluster.value
    let all = try await (0..<2).asyncMap { _ in
      for _ in 0..<5 {
        let proxy = try TestProxy("source", to: cluster.port)
        let conninfo = Self.conninfo(proxy)
        for number in 1...5 {
          _ = try? await onThread {
            let begin = now()
            let session = try PlainSession(conninfo, isStopped: { now() - begin > 0.2 })
            proxy.counter.reset()
            proxy.counter.arm(number % 2 == 0 ? .freeze(nil) : .cut, at: number)
            try session.run("select 1")
          }
        }
        proxy.stop()
      }
      return Self.descriptors()
    }
    // Other tests open something at the same time; what leaks here would be more than a hundred.
    #expect(all[1] - all[0] < 60)
  }
}

extension Sequence {
  fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}
