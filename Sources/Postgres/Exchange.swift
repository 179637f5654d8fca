internal import CLibpq
internal import Glibc

/// One call over a connection: what is sent, and all results of it.
struct Exchange {
  /// The task was cancelled, and the server does not know it yet.
  struct Cancelled: Error {}

  let handle: Handle
  let cancelled: Event
  let responseTimeout: Duration?
  /// Asked where the server is silent.
  let inquiry: Inquiry?
  /// Bytes of one result, or of a message, beyond which the connection is given up.
  let longestAnswer: Int

  var connection: OpaquePointer { handle.connection }

  // MARK: One statement

  func query(_ statement: Statement) throws -> Rows {
    if let error = statement.error { throw error }
    guard send(statement) else { throw handle.lastError }
    return try draining { try rows() }
  }

  /// Has the server stop what it is at where the task is cancelled meanwhile.
  func draining(_ results: () throws -> Rows) throws -> Rows {
    do {
      return try results()
    } catch is Cancelled {
      try drain { PQgetResult(connection).map { PQclear($0) } == nil }
      throw CancellationError()
    }
  }

  private func send(_ statement: Statement) -> Bool {
    withCStrings(statement.parameters) {
      PQsendQueryParams(
        connection, statement.sql.serverCString, Int32(statement.parameters.count), nil, $0, nil, nil, 0)
    } == 1
  }

  func rows() throws -> Rows {
    var rows: Rows?
    var error: PostgresError?
    while let result = try nextResult() {
      switch PQresultStatus(result) {
      case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
        rows = Rows(result)
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        PQclear(result)
        // Leaving COPY in good order would take its data, which may be a whole table.
        _ = CancelRequest(connection)
        throw abandoned(PostgresError.lost("COPY over a connection that expects rows"))
      default:
        error = error ?? PostgresError(result: result, isConnectionLost: handle.isLost)
        PQclear(result)
      }
    }
    if var error {
      error.isConnectionLost = error.isConnectionLost || handle.isLost
      throw error
    }
    guard let rows else { throw handle.lastError }
    return rows
  }

  // MARK: Pipelines

  func pipeline(_ segments: [[Statement]]) throws -> [Result<[Rows], PostgresError>] {
    guard PQenterPipelineMode(connection) == 1 else { throw handle.lastError }
    var invalid: [Int: PostgresError] = [:]
    for (index, segment) in segments.enumerated() {
      invalid[index] = segment.lazy.compactMap(\.error).first
      let isSent = invalid[index] != nil || segment.allSatisfy(send)
      guard isSent, PQpipelineSync(connection) == 1 else { throw abandoned(handle.lastError) }
    }
    var results: [Result<[Rows], PostgresError>] = []
    do {
      while results.count < segments.count {
        let segment = try self.segment()
        results.append(invalid[results.count].map { .failure($0) } ?? segment)
      }
    } catch is Cancelled {
      var syncs = segments.count - results.count
      try drain {
        if let result = PQgetResult(connection) {
          if PQresultStatus(result) == PGRES_PIPELINE_SYNC { syncs -= 1 }
          PQclear(result)
        }
        return syncs == 0
      }
      _ = PQexitPipelineMode(connection)
      throw CancellationError()
    } catch let error as PostgresError {
      // The connection is lost; what came before is worth keeping.
      return results + segments.dropFirst(results.count).map { _ in .failure(error) }
    }
    guard PQexitPipelineMode(connection) == 1 || handle.isLost else { throw abandoned(handle.lastError) }
    return results
  }

  /// The results up to the next sync point.
  private func segment() throws -> Result<[Rows], PostgresError> {
    var rows: [Rows] = []
    var error: PostgresError?
    var pauses = 0
    while pauses < 3 {
      guard let result = try nextResult(fatal: error) else {
        // A null pointer separates two statements.
        pauses += 1
        continue
      }
      pauses = 0
      switch PQresultStatus(result) {
      case PGRES_PIPELINE_SYNC:
        PQclear(result)
        return error.map { .failure($0) } ?? .success(rows)
      case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
        rows.append(Rows(result))
      case PGRES_PIPELINE_ABORTED:
        PQclear(result)
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        PQclear(result)
        throw abandoned(PostgresError.lost("COPY in a pipeline"))
      default:
        error = error ?? PostgresError(result: result, isConnectionLost: handle.isLost)
        PQclear(result)
        if handle.isLost, let error { throw abandoned(error) }
      }
    }
    throw abandoned(error ?? PostgresError.lost("the server's answers do not fit the pipeline"))
  }

  // MARK: Waiting

  /// Has the connection closed after this call, which then fails with `error`.
  func abandoned(_ error: any Error) -> any Error {
    handle.isAbandoned = true
    guard var error = error as? PostgresError else { return error }
    error.isConnectionLost = true
    return error
  }

  /// The next result as soon as it is there; nil after the last one of a statement.
  ///
  /// - Parameter fatal: the error after which the server closes the connection, to be thrown then in place of libpq's.
  func nextResult(fatal: PostgresError? = nil) throws -> OpaquePointer? {
    while PQisBusy(connection) == 1, !handle.isLost {
      guard try waitForInput() else {
        guard let fatal else { break }
        throw abandoned(fatal)
      }
      if handle.inflow.count > longestAnswer { throw excess() }
    }
    defer { handle.inflow.restart() }
    return PQgetResult(connection)
  }

  /// Waits until the server has said something, or taken some of what is sent to it.
  ///
  /// - Returns: false where the connection is lost.
  @discardableResult
  func waitForInput() throws -> Bool { try wait { handle.wait([cancelled], until: $0) } }

  /// Waits until the server takes more of what could not be sent at once. In the middle of a COPY it says nothing of its
  /// own accord: to wait for its word after all was sent would be to wait for ever.
  func waitToSend() throws -> Bool { try wait { handle.wait([cancelled], isFlushed: false, until: $0) } }

  private func wait(_ ready: (Deadline) -> [Bool]) throws -> Bool {
    let deadline = Deadline(in: responseTimeout)
    var pause = Inquiry.interval
    var last: (answer: Inquiry.Answer, times: Int)?
    while true {
      let ready = ready(inquiry == nil ? deadline : deadline.orEarlier(in: pause))
      if ready[1] { throw Cancelled() }
      if ready[0] { return handle.inflow.reading { PQconsumeInput(connection) } == 1 }
      guard let inquiry, !deadline.isPast else { throw silence() }
      let answer: Inquiry.Answer
      do { answer = try inquiry.ask() } catch is CancellationError { throw Cancelled() }
      let times = answer == last?.answer ? (last?.times ?? 0) + 1 : 1
      last = (answer, times)
      guard let reason = answer.reasonToGiveUp else {
        pause = Inquiry.interval
        continue
      }
      if times == Inquiry.attempts { throw lost(reason) }
      pause = Inquiry.onItsWay
    }
  }

  /// Nothing that is asked of it is so long.
  private func excess() -> any Error {
    lost("the server's answer is longer than \(longestAnswer >> 20) MiB")
  }

  /// The server may still be at work; it is told to stop, if it can hear that.
  private func silence() -> any Error {
    lost("the server said nothing for \(responseTimeout.map { text($0) } ?? "")")
  }

  private func lost(_ reason: String) -> any Error {
    _ = CancelRequest(connection)
    return abandoned(PostgresError.lost("\(reason); the connection was closed"))
  }

  /// Cancels what the server is doing and reads on until `takeResult` says that nothing more will come.
  ///
  /// The request is repeated: it is lost when it overtakes its statement, and it ends only one of a pipeline.
  private func drain(_ takeResult: () -> Bool) throws {
    let deadline = Deadline(in: min(responseTimeout ?? .seconds(5), .seconds(5)))
    var request = CancelRequest(connection)
    var isDrained = false
    while !deadline.isPast, !handle.isLost, let current = request {
      // Not before the server has been told: a late request would hit the connection's next statement.
      let pause = deadline.orEarlier(in: .milliseconds(100))
      var isTold = false
      while !pause.isPast, !(isTold && isDrained) {
        if !isDrained, PQisBusy(connection) == 0 {
          isDrained = takeResult()
          continue
        }
        let others = isTold ? [] : [current.finished]
        let ready =
          isDrained
          ? [false] + poll(others.map { Interest(descriptor: $0.descriptor) }, until: pause)
          : handle.wait(others, until: pause)
        if ready.count > 1 && ready[1] { isTold = true }
        if ready[0], handle.inflow.reading({ PQconsumeInput(connection) }) == 0 || handle.inflow.count > longestAnswer {
          throw abandoned(CancellationError())
        }
      }
      if isTold && isDrained { return }
      if isTold { request = CancelRequest(connection) }
    }
    throw abandoned(CancellationError())
  }
}
