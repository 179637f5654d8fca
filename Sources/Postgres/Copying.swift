internal import CLibpq

/// A part of the data of a COPY, in the format that its statement asked for; rows are never cut.
public struct CopyData: Sendable {
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }
}

/// The rows of a COPY, streamed (PostgreSQL documentation, "Functions Associated with the COPY Command").
///
/// The data is never held as a whole: reading gives parts, and writing waits until the server has taken a part, so that
/// a fast source is held up by a slow target. A COPY that is cancelled, or of which the error is not the statement's,
/// closes the connection: to bring it to a good end would take the rest of its data.
extension Connection {
  /// Begins `COPY … TO STDOUT`.
  ///
  /// - Throws: `PostgresError` or `CancellationError`.
  public func beginCopyOut(_ sql: String) async throws {
    try await exchange { try $0.beginCopy(sql, as: PGRES_COPY_OUT) }
  }

  /// The next rows.
  ///
  /// - Parameter size: bytes that are waited for, except at the end; a long row makes it more.
  /// - Returns: nil after the last row.
  public func readCopyData(atLeast size: Int) async throws -> CopyData? {
    try await exchange { try $0.readCopyData(atLeast: size) }
  }

  /// Begins `COPY … FROM STDIN`.
  public func beginCopyIn(_ sql: String) async throws {
    try await exchange { try $0.beginCopy(sql, as: PGRES_COPY_IN) }
  }

  public func writeCopyData(_ data: CopyData) async throws {
    try await exchange { try $0.writeCopyData(data) }
  }

  /// Ends a `COPY … TO STDOUT` after its last row.
  ///
  /// - Returns: the number of rows, as the server has counted them.
  public func endCopyOut() async throws -> Int { try await exchange { try $0.endCopyOut() } }

  /// Ends a `COPY … FROM STDIN`; only then does the server say whether it took everything.
  ///
  /// - Returns: the number of rows, as the server has counted them.
  public func endCopyIn() async throws -> Int { try await exchange { try $0.endCopyIn() } }
}

extension Exchange {
  func beginCopy(_ sql: String, as expected: ExecStatusType) throws {
    if let error = Statement(sql).error { throw error }
    handle.hasCopiedAll = false
    guard PQsendQuery(connection, sql.serverCString) == 1 else { throw handle.lastError }
    guard let result = try cancellingCopy({ try nextResult() }) else { throw handle.lastError }
    defer { PQclear(result) }
    if PQresultStatus(result) == expected { return }
    let error = PostgresError(result: result, isConnectionLost: handle.isLost)
    // After the error of a statement there is only the null pointer that ends its results.
    while let rest = try nextResult() { PQclear(rest) }
    throw error
  }

  func readCopyData(atLeast size: Int) throws -> CopyData? {
    if handle.hasCopiedAll { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + size / 4)
    while bytes.count < size {
      guard let row = try nextCopyRow() else { return bytes.isEmpty ? nil : CopyData(bytes: bytes) }
      bytes.append(contentsOf: row)
      PQfreemem(UnsafeMutableRawPointer(mutating: row.baseAddress))
    }
    return CopyData(bytes: bytes)
  }

  /// The next row as soon as it is there, for the caller to free; nil after the last one.
  func nextCopyRow() throws -> UnsafeRawBufferPointer? {
    while true {
      var row: UnsafeMutablePointer<CChar>?
      let count = PQgetCopyData(connection, &row, 1)
      if count > 0, let row { return UnsafeRawBufferPointer(start: row, count: Int(count)) }
      switch count {
      case 0: guard try cancellingCopy({ try waitForInput() }) else { throw abandoned(handle.lastError) }
      case -1:
        handle.hasCopiedAll = true
        return nil
      default: throw abandoned(handle.lastError)
      }
    }
  }

  func writeCopyData(_ data: CopyData) throws {
    let result = data.bytes.withUnsafeBytes { bytes in
      PQputCopyData(connection, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
    }
    guard result == 1 else { throw copyError() }
    try flushCopy()
  }

  func endCopyOut() throws -> Int { try copyResult() }

  func endCopyIn() throws -> Int {
    guard PQputCopyEnd(connection, nil) == 1 else { throw copyError() }
    return try copyResult()
  }

  private func copyResult() throws -> Int {
    var rows = 0
    var error: PostgresError?
    while let result = try cancellingCopy({ try nextResult() }) {
      defer { PQclear(result) }
      if PQresultStatus(result) == PGRES_COMMAND_OK {
        rows = Int(String(cString: PQcmdTuples(result))) ?? 0
      } else {
        error = error ?? PostgresError(result: result, isConnectionLost: handle.isLost)
        if handle.isLost { break }
      }
    }
    if let error { throw error }
    return rows
  }

  /// Sends all that is buffered, while the server may say that it has enough.
  private func flushCopy() throws {
    while true {
      switch PQflush(connection) {
      case 0: return
      case 1: _ = try cancellingCopy { try waitToSend() }
      default: throw copyError()
      }
    }
  }

  /// What the server said when it ended the COPY.
  private func copyError() -> any Error {
    guard !handle.isLost else { return abandoned(handle.lastError) }
    var error: PostgresError?
    while let result = PQgetResult(connection) {
      let status = PQresultStatus(result)
      if error == nil, status == PGRES_FATAL_ERROR {
        error = PostgresError(result: result, isConnectionLost: handle.isLost)
      }
      PQclear(result)
      // It still expects data: libpq failed, not the server.
      if status == PGRES_COPY_IN { return abandoned(handle.lastError) }
    }
    return error ?? abandoned(handle.lastError)
  }

  private func cancellingCopy<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch is Cancelled {
      // Until the server has been told: this program may end now, and a COPY goes on as long as it finds something to do.
      if let request = CancelRequest(connection) {
        _ = poll([Interest(descriptor: request.finished.descriptor)], until: Deadline(in: .seconds(5)))
      }
      throw abandoned(CancellationError())
    }
  }
}
