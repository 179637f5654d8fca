import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct RowsTests {
  enum ReplicaIdentity: String, Decodable {
    case primaryKey = "d"
    case nothing = "n"
  }

  struct Everything: Decodable, Equatable {
    var relationName: String
    var isPartition: Bool
    var small: Int16
    var big: Int
    var oid: UInt32
    var ratio: Double
    var missingText: String?
    var missingNumber: Int?
    var presentNumber: Int?
    var replicaIdentity: ReplicaIdentity
    var missingIdentity: ReplicaIdentity?
    var names: [String]
    var nullable: [String?]
    var numbers: [Int]
    var missingArray: [String]?
    var presentArray: [String]?
    var matrix: [[Int]]
    var vector: [Int]
    var flags: [Bool]
    var identities: [ReplicaIdentity]
  }

  static let everything = """
    select 'a"b' as relation_name, true as is_partition, '-32768'::int2 as small,
      -9223372036854775808 as big, 4294967295::oid as oid, 'Infinity'::float8 as ratio, null as missing_text,
      null::int as missing_number, 7 as present_number, 'd'::"char" as replica_identity, null as missing_identity,
      array['a', 'b,c', 'd"e', 'f\\g', '', 'NULL', '{}', ' x '] as names, array['a', null] as nullable,
      '[0:2]={1,2,-3}'::int[] as numbers, null::text[] as missing_array, '{}'::text[] as present_array,
      '{{1,2},{3,4}}'::int[] as matrix, '1 2 3'::int2vector as vector, '{t,f}'::bool[] as flags,
      '{d,n}'::"char"[] as identities
    """

  @Test func `every type that catalogs have is decoded`() async throws {
    let rows = try await SharedCluster.connect().query(Self.everything)
    #expect(
      try rows.decode(Everything.self) == [
        Everything(
          relationName: "a\"b", isPartition: true, small: -32768, big: .min, oid: .max, ratio: .infinity,
          presentNumber: 7, replicaIdentity: .primaryKey,
          names: ["a", "b,c", "d\"e", "f\\g", "", "NULL", "{}", " x "], nullable: ["a", nil], numbers: [1, 2, -3],
          presentArray: [], matrix: [[1, 2], [3, 4]], vector: [1, 2, 3], flags: [true, false],
          identities: [.primaryKey, .nothing])
      ])
  }

  @Test func `a row of one value needs no type of its own`() async throws {
    let rows = try await SharedCluster.connect().query("select generate_series(1, 3)")
    #expect(try rows.decode(Int.self) == [1, 2, 3])
    #expect(try rows.decode(String.self) == ["1", "2", "3"])
    #expect(try rows.decode(Int?.self) == [1, 2, 3])
  }

  @Test func `a missing column is an error even for an optional property`() async throws {
    struct Row: Decodable { var tableName: String? }
    let rows = try await SharedCluster.connect().query("select 1 as table_nam")
    let error = #expect(throws: DecodingError.self) { try rows.decode(Row.self) }
    guard case .keyNotFound(let key, _) = error else {
      Issue.record("\(error as Any)")
      return
    }
    #expect(key.stringValue == "tableName")
  }

  @Test(arguments: ["null", "'x'", "99999999999999999999", "1.5", "''", "'-'", "'1 '"])
  func `a value that does not fit is an error with the property's name`(sql: String) async throws {
    struct Row: Decodable { var number: Int }
    let rows = try await SharedCluster.connect().query("select \(sql) as number")
    let error = #expect(throws: DecodingError.self) { try rows.decode(Row.self) }
    let path =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context): context.codingPath.map(\.stringValue)
      default: [String]()
      }
    #expect(path == ["number"])
  }

  @Test(arguments: ["{", "}", "{a", "{a,}", "{\"a}", "{a}b", "a", "[0:1]"])
  func `a text that is no array is an error`(text: String) async throws {
    struct Row: Decodable { var names: [String] }
    let rows = try await SharedCluster.connect().query("select $1::text as names", [text])
    #expect(throws: DecodingError.self) { try rows.decode(Row.self) }
  }

  @Test func `rows know their columns, texts and command`() async throws {
    let connection = try await SharedCluster.connect()
    let rows = try await connection.query("select 1 as a, null as b, '' as c union all select 2, 'x', 'y' order by 1")
    #expect(rows.count == 2)
    #expect(rows.columns == ["a", "b", "c"])
    #expect(rows.text(0, 0) == "1")
    #expect(rows.text(0, "b") == nil)
    #expect(rows.text(0, "c") == "")
    #expect(rows.text(1, "b") == "x")
    #expect(rows.text(2, 0) == nil)
    #expect(rows.text(0, 3) == nil)
    #expect(rows.text(0, "d") == nil)
    #expect(rows.commandTag == "SELECT 2")
    #expect(try await connection.query("create temp table t ()").commandTag == "CREATE TABLE")
    #expect(try await connection.query("").count == 0)
  }

  @Test func `many rows are decoded on several threads at once`() async throws {
    struct Row: Decodable { var number: Int, name: String }
    let rows = try await SharedCluster.connect().query(
      "select n as number, 'name ' || n as name from generate_series(1, 20000) n")
    let sums = try await withThrowingTaskGroup { group in
      for _ in 0..<4 { group.addTask { try rows.decode(Row.self).reduce(0) { $0 + $1.number } } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(sums == [Int](repeating: 200_010_000, count: 4))
  }
}
