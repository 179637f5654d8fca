internal import CLibpq

/// One statement with the texts of its parameters `$1`, `$2`, …; nil is NULL.
public struct Statement: Sendable {
  public var sql: String
  public var parameters: [String?]

  public init(_ sql: String, _ parameters: [String?] = []) {
    self.sql = sql
    self.parameters = parameters
  }

  /// libpq takes C strings, which would end at a NUL.
  var error: PostgresError? {
    guard sql.utf8.contains(0) || parameters.contains(where: { $0?.utf8.contains(0) ?? false }) else { return nil }
    return PostgresError(sqlstate: "22021", message: "a statement and its parameters can't contain a NUL character")
  }
}

/// The result of one statement, in the protocol's text format.
public final class Rows: Sendable {
  // Nothing writes to it: libpq hands a PGresult out when it is complete and touches it no more, the functions used here
  // only read it, which any number of threads may do at a time (PostgreSQL documentation, "Behavior in Threaded
  // Programs"), and `deinit` frees it, when no reference and so no reader is left.
  nonisolated(unsafe) let result: OpaquePointer
  /// How many rows there are.
  public let count: Int
  /// The columns' names, in order.
  public let columns: [String]

  /// Takes over `result`.
  init(_ result: OpaquePointer) {
    self.result = result
    count = Int(PQntuples(result))
    columns = (0..<PQnfields(result)).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
  }

  deinit { PQclear(result) }

  /// What the statement did: `SELECT 3`, `CREATE TABLE`, ….
  public var commandTag: String { String(cString: PQcmdStatus(result)) }

  /// A value's text; nil for NULL and for a row or column that does not exist. Both are counted from 0.
  public func text(_ row: Int, _ column: Int) -> String? {
    guard (0..<count).contains(row), columns.indices.contains(column) else { return nil }
    return Field(result: result, row: Int32(row), column: Int32(column)).text
  }

  /// The same by the column's name.
  public func text(_ row: Int, _ column: String) -> String? {
    columns.firstIndex(of: column).flatMap { text(row, $0) }
  }
}

/// One value of a result, as bytes that the result owns.
struct Field {
  let result: OpaquePointer
  let row, column: Int32

  var isNull: Bool { PQgetisnull(result, row, column) == 1 }

  var bytes: UnsafeBufferPointer<UInt8> {
    let start = UnsafeRawPointer(PQgetvalue(result, row, column))?.assumingMemoryBound(to: UInt8.self)
    return UnsafeBufferPointer(start: start, count: Int(PQgetlength(result, row, column)))
  }

  var text: String? { isNull ? nil : String(serverText: bytes) }

  /// - Throws: `ValueTooLong`.
  func bounded() throws(ValueTooLong) -> Field {
    let length = Int(PQgetlength(result, row, column))
    guard length <= ValueTooLong.limit else { throw ValueTooLong(length: length) }
    return self
  }

  /// `int2vector` and `oidvector` write their elements without braces.
  var isVector: Bool { [22, 30].contains(PQftype(result, column)) }
}

/// A value of a catalog that is no name, no setting and no list of them any more: it is not read, as half of it would
/// be another one.
public struct ValueTooLong: Error, CustomStringConvertible {
  /// In bytes. What PostgreSQL keeps in its catalogs stays below: the names of the 1600 columns that a table can have
  /// take up to 400 kB, quoted.
  public static let limit = 1 << 20

  public let length: Int

  public var description: String { "a value has \(length) bytes, and \(Self.limit) at most are read" }
}
