import CLibpq
import Foundation

/// A session by libpq alone: what judges the program shares no code with it. It belongs to one thread.
final class PlainSession {
  enum Failure: Error, CustomStringConvertible {
    /// The server has answered with an error, and the session goes on, or has not begun.
    case refused(sqlstate: String, message: String)
    /// Whether the statement has done something, nobody knows.
    case lost(String)

    var description: String {
      switch self {
      case .refused(let sqlstate, let message): "\(sqlstate) \(message)"
      case .lost(let message): message
      }
    }
  }

  private let connection: OpaquePointer
  private let isStopped: () -> Bool

  /// - Parameter isStopped: is asked all the time while the server is waited for; then, the session is given up.
  init(_ conninfo: String, isStopped: @escaping () -> Bool = { false }) throws(Failure) {
    guard let connection = PQconnectdb(conninfo + " connect_timeout=5") else { throw .lost("out of memory") }
    guard PQstatus(connection) == CONNECTION_OK else {
      let message = String(cString: PQerrorMessage(connection))
      PQfinish(connection)
      throw .refused(sqlstate: "08001", message: message)
    }
    self.connection = connection
    self.isStopped = isStopped
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
  }

  deinit { PQfinish(connection) }

  /// Runs one statement, or several without parameters as one.
  @discardableResult
  func run(_ sql: String) throws(Failure) -> [[String?]] {
    guard PQsendQuery(connection, sql) == 1 else { throw .lost(String(cString: PQerrorMessage(connection))) }
    var rows: [[String?]] = []
    var failure: Failure?
    while true {
      try waitForAnswer()
      guard let result = PQgetResult(connection) else { break }
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: rows = Self.rows(of: result)
      default:
        let sqlstate = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
        let message = String(cString: PQresultErrorMessage(result))
        failure = .refused(sqlstate: sqlstate, message: message)
      }
    }
    if PQstatus(connection) != CONNECTION_OK {
      throw .lost(failure?.description ?? String(cString: PQerrorMessage(connection)))
    }
    if let failure { throw failure }
    return rows
  }

  private func waitForAnswer() throws(Failure) {
    while PQisBusy(connection) == 1 {
      var waiting = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
      let count = poll(&waiting, 1, 50)
      if count > 0, PQconsumeInput(connection) == 0 { throw .lost(String(cString: PQerrorMessage(connection))) }
      if isStopped() { throw .lost("stopped") }
    }
  }

  private static func rows(of result: OpaquePointer) -> [[String?]] {
    (0..<PQntuples(result)).map { row in
      (0..<PQnfields(result)).map { column in
        PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
      }
    }
  }
}

/// Runs what blocks on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { done in
    Thread.detachNewThread { done.resume(with: Result { try body() }) }
  }
}

/// Seconds since 1970: servers and program run on one machine.
func now() -> Double { Date().timeIntervalSince1970 }

/// Asks until there is an answer that is not nil, for at most so many seconds.
func within<Value>(_ seconds: Double, _ ask: () async throws -> Value?) async rethrows -> Value? {
  let end = now() + seconds
  while true {
    if let value = try await ask() { return value }
    guard now() < end else { return nil }
    try? await Task.sleep(for: .milliseconds(20))
  }
}
