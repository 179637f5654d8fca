import Testing

@testable import Catalog
@testable import Rules

@Suite struct SpaceTests {
  @Test(arguments: [(0, 0), (1, 2), (7, 10), (10, 13), (11, 15), (100, 130), (1_000_000_001, 1_300_000_002)])
  func `130 % are rounded up`(bytes: Int, needed: Int) {
    #expect(neededSpace(for: bytes) == needed)
  }

  @Test func `130 % of very much are exact, of too much the most there is`() {
    let largest = Int.max / 13 * 10
    #expect(neededSpace(for: largest) == Int.max / 13 * 13)
    #expect(neededSpace(for: Int.max / 13) > Int.max / 13)
    #expect(neededSpace(for: Int.max / 13 * 11) == .max)
    #expect(neededSpace(for: .max) == .max)
  }

  @Test func `the sum of the sizes does not overflow`() throws {
    var situation = Situation(databases: ["a", "b"])
    situation.source.databaseSizes = .known(["a", "b"].map { DatabaseSize(datname: $0, sizeBytes: .max - 1) })
    #expect(try situation.decide("target-disk-space").isFailed)
  }

  @Test(arguments: Provider.allCases) func `elastic storage is skipped, unless the space is told`(provider: Provider)
    throws
  {
    var situation = Situation()
    situation.target.provider = .known(ProviderRecognition(from: .of(provider)))
    situation.target.freeSpace = .missing
    let isElastic = [.aurora, .alloydb, .neon].contains(provider)
    if isElastic {
      #expect(try situation.decide("target-disk-space").isSkipped)
    } else {
      let undetermined = #expect(throws: Undetermined.self) { try situation.decide("target-disk-space") }
      #expect(undetermined?.reason.contains("1300000 bytes") == true)
    }
    situation.options.targetFreeSpace = 1_299_999
    #expect(try situation.decide("target-disk-space").isFailed)
    situation.options.targetFreeSpace = 1_300_000
    #expect(try situation.decide("target-disk-space").isPassed)
  }

  @Test func `what is hidden can't pass, and may fail`() throws {
    var situation = Situation(databases: ["a", "b"])
    situation.source.databaseSizes = .known([
      DatabaseSize(datname: "a", sizeBytes: 1000), DatabaseSize(datname: "b", sizeBytes: nil),
    ])
    situation.options.maxTotalSize = 2000
    #expect(throws: Undetermined.self) { try situation.decide("target-disk-space") }
    #expect(throws: Undetermined.self) { try situation.decide("source-size-limit") }
    situation.options.maxTotalSize = 999
    situation.options.targetFreeSpace = 1299
    #expect(try situation.decide("target-disk-space").isFailed)
    #expect(try situation.decide("source-size-limit").isFailed)
  }

  @Test func `with a table filter the selected tables count`() throws {
    var situation = Situation()
    situation.source.inspected[0].tables = .known(
      [("public", "small", 10), ("public", "large", 1_000_000), ("sales", "small", 20)].map { schema, name, size in
        Table(nspname: schema, relname: name, kind: "r", sizeBytes: size, otherOwner: nil, readable: true)
      })
    situation.options.maxTotalSize = 30
    situation.options.tables = .only([TablePattern(table: "small")])
    #expect(try situation.decide("source-size-limit").isPassed)
    situation.options.tables = .without([TablePattern(schema: "sales", table: "small")])
    #expect(try situation.decide("source-size-limit").isFailed)
    situation.source.inspected[0].tables = .missing
    #expect(throws: Undetermined.self) { try situation.decide("source-size-limit") }
  }

  @Test func `an invalid database is not counted`() throws {
    var situation = Situation(databases: ["a", "b"])
    situation.source.databases.change { $0[1].datconnlimit = -2 }
    situation.source.databaseSizes = .known([DatabaseSize(datname: "a", sizeBytes: 1000)])
    situation.options.targetFreeSpace = 1300
    #expect(try situation.decide("target-disk-space").isPassed)
  }
}
