import Foundation
import Synchronization
import TestSupport

/// How the servers really are, asked by the tests' own sessions, past the proxies.
struct ServerFacts: Sendable, Equatable {
  /// Whether an ordinary session of the application can write to the source; nil where it could not be asked.
  var sourceTakesWrites: Bool?
  /// Whether the target has a subscription that reads the slot.
  var isSubscribed: Bool?

  static func read(_ bench: TortureBench) async -> ServerFacts {
    let (source, target) = (bench.source.port, bench.target.port)
    async let takesWrites = sourceTakesWrites(source)
    async let subscriptions = within(10) { () async -> String? in
      try? await onThread {
        try PlainSession(ShopDatabase.conninfo(port: target, database: "postgres"))
          .run("select count(*) from pg_subscription where subenabled or subslotname is not null")[0][0]
      }
    }
    return await ServerFacts(sourceTakesWrites: takesWrites, isSubscribed: subscriptions.map { $0 != "0" })
  }

  /// A write that is taken back; a server that has just been started is given time.
  private static func sourceTakesWrites(_ port: Int) async -> Bool? {
    await within(10) { () async -> Bool? in
      try? await onThread { () -> Bool? in
        do {
          let session = try PlainSession(ShopDatabase.conninfo(port: port, user: "app"))
          // It may be behind somebody's lock, which is no refusal.
          try session.run("set statement_timeout = '2s'; begin; \(ShopDatabase.statements(of: 1, session: 1)[0])")
          try session.run("rollback")
          return true
        } catch PlainSession.Failure.refused(let sqlstate, let message) where sqlstate == "08001" {
          let isStarting =
            message.contains("Connection refused") || message.contains("starting up")
            || message.contains("recovery") || message.contains("shutting down") || message.contains("reset")
            || message.contains("closed the connection")
          return isStarting ? nil : false
        } catch PlainSession.Failure.refused {
          return false
        } catch {
          return nil
        }
      }
    }
  }

  /// Writes a row to the source and waits until it is on the target. The write counts like every other.
  static func replicates(_ bench: TortureBench, id: Int, noted: AcknowledgedWriter) async -> Bool {
    let (source, target) = (bench.source.port, bench.target.port)
    let begin = now()
    let isWritten: Bool? = await within(10) { () async -> Bool? in
      try? await onThread {
        try PlainSession(ShopDatabase.conninfo(port: source, user: "app"))
          .run(ShopDatabase.statement(of: id, session: 20))
        return true
      }
    }
    guard isWritten == true else { return false }
    noted.add(Write(id: id, session: 20, begunAt: begin, endedAt: now(), fate: .acknowledged))
    let hasArrived: Bool? = await within(15) { () async -> Bool? in
      let count = try? await onThread {
        try PlainSession(ShopDatabase.conninfo(port: target))
          .run("select count(*) from entries where id = \(id)")[0][0]
      }
      return count == "1" ? true : nil
    }
    return hasArrived == true
  }
}

/// What a table of each kind holds, by the numbers of its rows.
struct ShopContents: Sendable, Equatable {
  var entries: Set<Int> = []
  /// The entry of each order, by its number.
  var orders: [Int: Int] = [:]
  var events: Set<Int> = []
  var counters: [Int: Int] = [:]
  var lastOrderNumber = 0
  var largeObjects = ""

  static func read(port: Int) async throws -> ShopContents {
    try await onThread {
      let session = try PlainSession(ShopDatabase.conninfo(port: port))
      func pairs(_ sql: String) throws -> [(Int, Int)] {
        try session.run(sql).compactMap { row in
          guard let first = row[0].flatMap({ Int($0) }), let second = row[1].flatMap({ Int($0) }) else { return nil }
          return (first, second)
        }
      }
      try session.run("begin isolation level repeatable read")
      var contents = ShopContents()
      contents.entries = Set(try pairs("select id, id from entries").map(\.0))
      contents.orders = Dictionary(try pairs("select number, entry from orders")) { $1 }
      contents.events = Set(try pairs("select entry, entry from events").map(\.0))
      contents.counters = Dictionary(try pairs("select session, n from counters")) { $1 }
      contents.lastOrderNumber = try pairs("select last_value, 0 from order_numbers").first?.0 ?? 0
      contents.largeObjects =
        try session.run(
          "select string_agg(oid || ' ' || md5(lo_get(oid)), ', ' order by oid) from pg_largeobject_metadata")[0][0]
        ?? ""
      return contents
    }
  }

  /// Opens the source, however it was closed, and reads it.
  static func readClosed(_ cluster: TestCluster) async throws -> ShopContents {
    _ = try await onThread { [port = cluster.port] in
      let session = try PlainSession(ShopDatabase.conninfo(port: port, database: "postgres"))
      try session.run("alter database \(ShopDatabase.name) allow_connections true")
    }
    return try await read(port: cluster.port)
  }
}

/// Asks the target all the while whether its subscription is still there.
final class SwitchObserver: Sendable {
  private struct State {
    var goneAt: Double?
    var isStopped = false
  }

  private let state = Mutex(State())

  /// The first moment at which it was gone.
  var goneAt: Double? { state.withLock { $0.goneAt } }

  init(_ target: TestCluster) {
    let port = target.port
    Thread.detachNewThread { [self] in
      var session: PlainSession?
      while state.withLock({ !$0.isStopped && $0.goneAt == nil }) {
        do {
          let current =
            if let session { session } else {
              try PlainSession(ShopDatabase.conninfo(port: port, database: "postgres"))
            }
          session = current
          let count = try current.run(
            "select count(*) from pg_subscription where subenabled or subslotname is not null")[0][0]
          if count == "0" { state.withLock { $0.goneAt = now() } }
        } catch {
          session = nil
        }
        Thread.sleep(forTimeInterval: 0.02)
      }
    }
  }

  func stop() { state.withLock { $0.isStopped = true } }
}
