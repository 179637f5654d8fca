import Catalog
import Postgres

extension FuzzTarget {
  /// What a server may answer to the queries of catalogs: the first byte says to which, and the others are the values
  /// of its rows, each ended by 0x1F. A value of 0x1E alone is NULL.
  static let serverReply = FuzzTarget(
    name: "server-reply", seeds: ["fuzz/seeds/server-reply"], isJSON: false, longest: 4096
  ) { bytes in
    guard let first = bytes.first else { return }
    let index = Int(first) % catalogRows.count
    let values = bytes.dropFirst().split(separator: 0x1F, omittingEmptySubsequences: false)
      .map { $0.elementsEqual([0x1E]) ? nil : Array($0) }
    try decode(values, columnsOfRows[index], as: catalogRows[index])
  }

  private static func decode<Row: CatalogRow>(_ values: [[UInt8]?], _ columns: [String]?, as type: Row.Type) throws {
    guard let columns, let rows = Rows(columns: columns, values: values) else {
      throw Malformed("the columns of \(type) can't be told")
    }
    guard let read = try? rows.decode(type, where: NumberBounds.ofCatalogs.allow) else { return }
    guard read.count == rows.count else { throw Malformed("\(rows.count) rows are read as \(read.count)") }
  }
}

/// The columns that a row is decoded from, as the decoder asks for one after the other.
func columns<Row: CatalogRow>(of type: Row.Type) -> [String]? {
  var columns: [String] = []
  var values: [[UInt8]] = []
  let candidates = ["1", "t", "{}"].map { Array($0.utf8) }
  for _ in 0..<400 {
    do {
      guard let rows = Rows(columns: columns.isEmpty ? [""] : columns, values: columns.isEmpty ? [[]] : values) else {
        return nil
      }
      _ = try rows.decode(type)
      return columns
    } catch DecodingError.keyNotFound(let key, _) {
      columns.append(key.stringValue)
      values.append(candidates[0])
    } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context) {
      guard let name = context.codingPath.first?.stringValue, let index = columns.firstIndex(of: name),
        let candidate = candidates.firstIndex(of: values[index]), candidate + 1 < candidates.count
      else { return columns }
      values[index] = candidates[candidate + 1]
    } catch {
      return nil
    }
  }
  return nil
}

private let columnsOfRows = catalogRows.map { columns(of: $0) }

/// What is read from servers.
let catalogRows = CatalogStatements.rows
