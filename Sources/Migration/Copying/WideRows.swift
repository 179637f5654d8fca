import Postgres

/// Rows of a part with values so large that they are sent in pieces: libpq, like every other client, keeps a row of a
/// COPY in memory as a whole, so that one of 500 MB would take more than 1 GB here.
///
/// On the target a row is put together from its small values, in a temporary table, and the pieces of its large ones.
struct WideRows: Sendable {
  /// A wide row.
  struct Place: Sendable, Equatable {
    var ctid: String
    /// The columns that are sent in pieces, by their index.
    var columns: [Int]
  }

  let part: TablePart
  private let names: [String]
  private let types: [Int]
  private let typeNames: [String]

  /// How a value of these types becomes text, `%` being the column; nil for bytea, which is none: bytea, text, json, xml,
  /// bpchar, varchar. How long they are is known without reading them; of other types it is not.
  static let types: [Int: String?] = [
    bytea: nil, 25: "%", 114: "%::pg_catalog.text", 142: "%::pg_catalog.text",
    // A cast would take the spaces at its end.
    1042: "pg_catalog.concat(%)",
    1043: "%::pg_catalog.text",
  ]

  static let bytea = 17

  /// What is stored out of line is compressed, a hundred times at most: below this there is nothing to look for.
  static let leastOutOfLine = 32 << 10
  /// Bytes of the values of a row above which it is wide, and of a value above which it is sent in pieces.
  private static let wideRow = 4 << 20
  private static let largeValue = 1 << 20
  private static let piece = 4 << 20

  /// nil where no row can be wide, or to look for it would run code of users.
  init?(of part: TablePart) {
    guard let names = part.table.wideColumns, let types = part.table.wideTypes,
      let typeNames = part.table.wideTypeNames, !part.table.isOfExtension, !part.table.hasCode
    else { return nil }
    self.part = part
    self.names = names
    self.types = types
    self.typeNames = typeNames
  }

  private func length(_ index: Int) -> String {
    let isText = [114, 142, 1042].contains(types[index])
    return "coalesce(pg_catalog.octet_length(\(names[index])\(isText ? "::pg_catalog.text" : "")), 0)"
  }

  var isWide: String {
    names.indices.map { "\(length($0))::int8" }.joined(separator: " + ") + " > \(Self.wideRow)"
  }

  /// - Throws: `PostgresError`, `CancellationError`.
  func places(over source: Connection) async throws -> [Place] {
    let lengths = names.indices.map { "\(length($0)) > \(Self.largeValue)" }.joined(separator: ", ")
    let joint = part.condition.isEmpty ? "WHERE" : "AND"
    let rows = try await source.query(
      "SELECT ctid::text, ARRAY[\(lengths)]::text[] FROM ONLY \(part.table.name) \(part.condition) \(joint) \(isWide)")
    return (0..<rows.count).map { row in
      let flags = (rows.text(row, 1) ?? "").dropFirst().dropLast().split(separator: ",")
      return Place(
        ctid: rows.text(row, 0) ?? "", columns: flags.indices.filter { flags[$0].hasPrefix("t") })
    }
  }

  private func narrowColumns(_ place: Place) -> [String] {
    let large = Set(place.columns.map { names[$0] })
    return (part.table.columnNames ?? []).filter { !large.contains($0) }
  }

  private func row(_ place: Place) -> String {
    "FROM ONLY \(part.table.name) WHERE ctid = \(Quoting.literal(place.ctid))::pg_catalog.tid"
  }

  // MARK: Statements

  func preparation(for place: Place) -> [String] {
    let narrow = narrowColumns(place).joined(separator: ", ")
    return [
      """
      CREATE TEMPORARY TABLE pgpreflight_row ON COMMIT DROP AS SELECT \(narrow) FROM ONLY \(part.table.name) WITH NO DATA
      """,
      """
      CREATE TEMPORARY TABLE pgpreflight_pieces
        (k pg_catalog.int4, n pg_catalog.int4, piece pg_catalog.bytea) ON COMMIT DROP
      """,
      "ALTER TABLE pg_temp.pgpreflight_pieces ALTER COLUMN piece SET STORAGE EXTERNAL",
    ]
  }

  var removal: [String] { ["DROP TABLE pg_temp.pgpreflight_row", "DROP TABLE pg_temp.pgpreflight_pieces"] }

  func narrowOut(_ place: Place, _ format: RowFormat) -> String {
    """
    COPY (SELECT \(narrowColumns(place).joined(separator: ", ")) \(row(place)))
      TO STDOUT WITH \(format.options(isBinary: format.isBinary(part.table)))
    """
  }

  func narrowIn(_ place: Place, _ format: RowFormat) -> String {
    "COPY pg_temp.pgpreflight_row FROM STDIN WITH \(format.options(isBinary: format.isBinary(part.table)))"
  }

  /// Text as bytes in the encoding that all of it goes in.
  func piecesOut(_ place: Place, _ format: RowFormat) -> [String] {
    place.columns.map { column in
      let bytes =
        text(column).map { "pg_catalog.convert_to(\($0), \(Quoting.literal(format.encoding)))" } ?? names[column]
      // Without OFFSET the value would be written as bytes anew for each piece.
      return """
        COPY (SELECT \(column)::pg_catalog.int4, g.n::pg_catalog.int4,
                     pg_catalog.substr(s.bytes, 1 + g.n * \(Self.piece), \(Self.piece))
                FROM (SELECT \(bytes) AS bytes \(row(place)) OFFSET 0) s
               CROSS JOIN LATERAL pg_catalog.generate_series(
                     0, (pg_catalog.octet_length(s.bytes) - 1) / \(Self.piece)) g(n))
          TO STDOUT WITH (FORMAT binary)
        """
    }
  }

  /// A value of a column as text; nil where it is none.
  private func text(_ column: Int) -> String? {
    (Self.types[types[column]] ?? nil)?.replacing("%", with: names[column])
  }

  var piecesIn: String { "COPY pg_temp.pgpreflight_pieces FROM STDIN WITH (FORMAT binary)" }

  func insertion(of place: Place, _ format: RowFormat) -> String {
    let narrow = narrowColumns(place)
    let values = place.columns.map { column in
      let all = "pg_catalog.string_agg(p.piece, ''::pg_catalog.bytea ORDER BY p.n)"
      let value =
        text(column) == nil ? all : "pg_catalog.convert_from(\(all), \(Quoting.literal(format.encoding)))"
      return "(SELECT \(value) FROM pg_temp.pgpreflight_pieces p WHERE p.k = \(column))::\(typeNames[column])"
    }
    let columns = narrow + place.columns.map { names[$0] }
    return """
      INSERT INTO \(part.destination) (\(columns.joined(separator: ", ")))
        OVERRIDING SYSTEM VALUE
        SELECT \((narrow.map { "r.\($0)" } + values).joined(separator: ", ")) FROM pg_temp.pgpreflight_row r
      """
  }
}
