import Testing

@testable import Migration

@Suite struct TableSampleTests {
  @Test(arguments: [(1, 1), (5, 900), (2_000, 400_000), (1_000_000, 1_000), (10_000, 70_000_000)])
  func `places are those of some blocks`(blocks: Int, rows: Int) {
    var generator = SystemRandomNumberGenerator()
    let places = TableSample.places(blocks: blocks, rows: rows, using: &generator)
    let chosen = Set(places.compactMap { $0.dropFirst().split(separator: ",").first.flatMap { Int($0) } })
    #expect(chosen.allSatisfy { (0..<blocks).contains($0) })
    #expect(chosen.count >= min(blocks, 20) && chosen.count <= 250)
    #expect(places.count <= 250 * 291)
    #expect(Set(places).count == places.count)
  }

  @Test func `an empty table has no places`() {
    var generator = SystemRandomNumberGenerator()
    #expect(TableSample.places(blocks: 0, rows: 0, using: &generator).isEmpty)
    #expect(TableSample.places(blocks: 9, rows: 0, using: &generator).isEmpty)
  }

  @Test func `rows are missing as often as they are not there`() {
    #expect(TableSample.missing([1, 2, 2, 3], from: [3, 2, 1, 9]) == 1)
    #expect(TableSample.missing([1, 2], from: []) == 2)
    #expect(TableSample.missing([], from: [1]) == 0)
  }

  @Test func `values of keys are quoted`() {
    let key = TableSample.Key(columns: ["\"a b\"", "n"], types: ["text", "int4"])
    let sql = TableSample.reading(["\"a b\"", "t"], of: "s.t", key, [["it's \"\\", "1"], ["", "2"]])
    #expect(sql.contains(#"SELECT t."a b", t.t"#))
    #expect(sql.contains("it''s"))
    #expect(sql.contains("::pg_catalog.text[]), pg_catalog.unnest('{\"1\",\"2\"}'::pg_catalog.int4[])"))
    #expect(
      sql.contains("JOIN ONLY s.t t ON t.\"a b\" OPERATOR(pg_catalog.=) k.k0 AND t.n OPERATOR(pg_catalog.=) k.k1"))
  }
}

@Suite struct TableActivityTests {
  private static func activity(
    _ inserted: Int = 5, filenode: Int? = 9, since: String? = nil, isComplete: Bool = true
  ) -> TableActivity {
    TableActivity(
      tables: [1: .init(oid: 1, filenode: filenode, inserted: inserted, updated: 0, deleted: 0)],
      terms: .init(since: since, isComplete: isComplete))
  }

  @Test func `only the same numbers of the same counting mean that nothing was written`() {
    let before = Self.activity()
    #expect(Self.activity().isSame(as: before, for: [1]))
    #expect(!Self.activity(6).isSame(as: before, for: [1]))
    #expect(!Self.activity(0).isSame(as: before, for: [1]))
    #expect(!Self.activity(filenode: 10).isSame(as: before, for: [1]), "emptied by TRUNCATE")
    #expect(!Self.activity(filenode: nil).isSame(as: Self.activity(filenode: nil), for: [1]))
    #expect(!Self.activity(since: "today").isSame(as: before, for: [1]))
    #expect(!Self.activity(isComplete: false).isSame(as: Self.activity(isComplete: false), for: [1]))
    #expect(!Self.activity().isSame(as: before, for: [1, 2]))
  }
}
