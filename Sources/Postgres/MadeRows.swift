internal import CLibpq

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

extension Rows {
  /// Rows as a server might have sent them, for those who try what becomes of them; the last row may be cut short.
  ///
  /// - Returns: nil where libpq has no memory for them.
  package convenience init?(columns: [String], values: [[UInt8]?]) {
    guard let result = PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK) else { return nil }
    guard Self.fill(result, columns, values) else {
      PQclear(result)
      return nil
    }
    self.init(result)
  }

  private static func fill(_ result: OpaquePointer, _ columns: [String], _ values: [[UInt8]?]) -> Bool {
    guard !columns.isEmpty else { return true }
    let names = columns.map { strdup($0) }
    defer { for name in names { free(name) } }
    // 25 is text: what a column holds is not what it is said to hold, for all that anybody knows.
    var attributes = names.map {
      PGresAttDesc(name: $0, tableid: 0, columnid: 0, format: 0, typid: 25, typlen: -1, atttypmod: -1)
    }
    guard PQsetResultAttrs(result, Int32(columns.count), &attributes) == 1 else { return false }
    for (index, value) in values.enumerated() {
      let (row, column) = (Int32(index / columns.count), Int32(index % columns.count))
      let isSet: Int32
      if let value {
        var bytes = value.map { CChar(bitPattern: $0) } + [0]
        isSet = PQsetvalue(result, row, column, &bytes, Int32(value.count))
      } else {
        isSet = PQsetvalue(result, row, column, nil, -1)
      }
      guard isSet == 1 else { return false }
    }
    return true
  }
}
