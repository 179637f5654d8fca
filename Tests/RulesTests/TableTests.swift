import Testing

@testable import Catalog
@testable import Rules

/// What a few tables decide, in states that take time or another version to come about.
@Suite struct TableTests {
  @Test(
    arguments: [
      (0, nil, Severity.blocker), (0, 6, .blocker), (0, 7, .warning), (1, 700, .blocker), (1, nil, .blocker),
    ] as [(Int, Int?, Severity)])
  func `a table without identity blocks where it is changed, or nobody knows`(
    changes: Int, days: Int?, severity: Severity
  ) throws {
    var situation = Situation()
    situation.options.copyAtCutover = .never
    situation.source.databases.change { $0[0].statisticsDays = days }
    situation.source.inspected[0].unidentifiedTables = .known([.named("t", changes: changes)])
    #expect(try situation.decide("replica-identity").severity == severity)
    situation.source.inspected[0].fullIdentityTables = .known([.named("t", changes: changes)])
    #expect(try situation.decide("replica-identity-full").severity == severity)
  }

  @Test(arguments: [
    (150_018, true, true, true), (160_010, true, false, false), (160_010, false, true, true),
    (170_010, false, true, false), (170_010, false, false, true),
  ])
  func `an index spares the scan from the version on that uses it`(
    version: Int, hasBTree: Bool, hasHash: Bool, fails: Bool
  ) throws {
    var situation = Situation(source: 150_018, target: version)
    situation.source.inspected[0].fullIdentityTables = .known([
      .named("t", incomparable: [], hasHash: hasHash, hasBTree: hasBTree, pages: 2000, changes: 5)
    ])
    #expect(try situation.decide("replica-identity-full").isFailed == fails)
  }

  @Test(arguments: [(120_022, true), (130_016, false)])
  func `before 13 partitions are published one by one`(version: Int, fails: Bool) throws {
    var situation = Situation(source: version, target: 150_018)
    situation.source.inspected[0].summary.change { $0.partitionedTables = 1 }
    #expect(try situation.decide("partitioned-tables").isFailed == fails)
  }

  @Test func `a target with more objects than were compared is not passed`() throws {
    var situation = Situation()
    situation.target.inspected[0].objects = .known([
      UserObject(nTotal: 30_000, kind: .table, nspname: "public", name: "t")
    ])
    #expect(throws: Undetermined.self) { try situation.decide("target-tables-empty") }
    situation.source.inspected[0].takenNames = .known([TakenName(kind: .table, nspname: "public", name: "t")])
    #expect(try situation.decide("target-tables-empty").isFailed)
  }

  @Test func `names travel as a constant of an array`() {
    let object = UserObject(nTotal: 1, kind: .table, nspname: "a\"b", name: "c\\d, {e}")
    #expect(TakenName.parameters([object, object])[0] == "{\"table\",\"table\"}")
    #expect(TakenName.parameters([object])[1...] == ["{\"a\\\"b\"}", "{\"c\\\\d, {e}\"}"])
  }
}
