import Testing

@testable import Catalog
@testable import Rules

/// How what can't be replicated gets across, table by table.
@Suite struct CrossingTests {
  private static let rules = [
    "replica-identity", "unlogged-tables", "large-objects", "generated-columns", "replica-identity-full",
    "partition-routing",
  ]

  /// Something of each kind, 8 MB each.
  private static func mixed() -> Situation {
    var situation = Situation()
    let megabytes = 8 << 20
    situation.source.inspected[0].unidentifiedTables = .known([.named("keyless", changes: 3, size: megabytes)])
    situation.source.inspected[0].unloggedTables = .known([
      UnloggedTable(nTotal: 1, nspname: "public", relname: "u", sizeBytes: megabytes)
    ])
    var full = FullIdentityTable.named("f", changes: 1)
    full.sizeBytes = megabytes
    situation.source.inspected[0].fullIdentityTables = .known([full])
    situation.source.inspected[0].generatedKeyTables = .known([
      GeneratedKeyTable(
        nTotal: 1, nspname: "public", relname: "g", columns: ["k"], isFull: false, hasPlainPrimaryKey: false,
        candidateIndex: nil, changes: 1, sizeBytes: megabytes)
    ])
    situation.source.inspected[0].enumHashedTables = .known([
      EnumHashedTable(nTotal: 1, nspname: "public", relname: "p", columns: ["c"], sizeBytes: megabytes)
    ])
    situation.source.inspected[0].largeObjects = .known(LargeObjects(count: 7, sizeBytes: megabytes))
    return situation
  }

  @Test func `what is small is copied at cutover, and no rule blocks`() throws {
    let situation = Self.mixed()
    let crossing = try situation.crossing()
    #expect(crossing.tables.map(\.relname) == ["keyless", "u", "g", "f", "p"])
    #expect(crossing.largeObjects == Crossing.LateLargeObjects(count: 7, sizeBytes: 8 << 20))
    #expect(crossing.sizeBytes == 6 * (8 << 20))
    for rule in Self.rules {
      let conclusion = try situation.decide(rule)
      #expect(conclusion.severity == .warning, "\(rule): \(conclusion)")
    }
  }

  @Test func `what takes longer than is allowed blocks, and says which tables make it so`() throws {
    var situation = Self.mixed()
    situation.options.maxBlockedSeconds = 2
    for rule in Self.rules {
      let conclusion = try situation.decide(rule)
      #expect(conclusion.isFailed && conclusion.severity != .warning, "\(rule): \(conclusion)")
      let excess = try #require(conclusion.findings.first)
      #expect(
        excess.message.hasPrefix("to copy what can't be replicated, writes would be blocked for up to "), "\(excess)")
      #expect(excess.message.hasSuffix("; 2 s are allowed"), "\(excess)")
      #expect(excess.evidence["largest"]?.contains("public.keyless (8.4 MB)") == true, "\(excess)")
      #expect(excess.remediation?.sql == "--max-blocked-time 4")
    }
    // A rate that was measured may say otherwise.
    situation.options.throughput = 1_000_000_000
    #expect(try situation.decide("replica-identity").severity == .warning)
  }

  @Test func `without a copy at cutover the rules are what they were`() throws {
    var situation = Self.mixed()
    situation.options.copyAtCutover = .never
    for rule in Self.rules {
      let conclusion = try situation.decide(rule)
      #expect((conclusion.severity == .warning) == (rule == "unlogged-tables"), "\(rule): \(conclusion)")
    }
  }

  @Test func `a table is given the best identity that it can have`() throws {
    var situation = Situation(source: 150_018, target: 160_010)
    situation.options.setsReplicaIdentity = true
    situation.source.inspected[0].unidentifiedTables = .known([
      .named("nothing", of: 9, replident: "n", primaryKey: true), .named("index", of: 9, index: "i\"x"),
      .named("small", of: 9), .named("large", of: 9, size: 9_000_000),
      .named("large_with_index", of: 9, size: 9_000_000, hasBTree: true),
      .named("large_with_hash", of: 9, size: 9_000_000, hasHash: true),
      .named("json", of: 9, incomparable: ["c json"]), .named("gone", of: 9, replident: "i", index: "other"),
      .named("generated", of: 9, hasGeneratedColumns: true),
    ])
    let crossing = try situation.crossing()
    #expect(
      crossing.changes.map { "\($0.qualifiedName) \($0.identity.sql)" } == [
        "public.nothing DEFAULT", "public.index USING INDEX \"i\"\"x\"", "public.small FULL",
        "public.large_with_index FULL", "public.generated FULL",
      ])
    #expect(crossing.tables.map(\.relname) == ["large", "large_with_hash", "json", "gone"])
    // From 18 on the source refuses to change such a table.
    situation.source.server.change { $0.versionNum = 180_000 }
    situation.target.server.change { $0.versionNum = 180_000 }
    let newer = try situation.crossing()
    #expect(newer.tables.map(\.relname) == ["large", "json", "gone", "generated"])
    let conclusion = try situation.decide("replica-identity")
    #expect(conclusion.severity == .warning)
    #expect(conclusion.findings.contains { $0.evidence["way across"]?.hasPrefix("given a replica identity") == true })
  }

  @Test func `without known sizes, or with too many tables, nothing is promised`() throws {
    var situation = Situation()
    situation.source.inspected[0].unidentifiedTables = .known([.named("t", size: nil)])
    #expect(throws: Undetermined.self) { try situation.decide("replica-identity") }
    situation.source.inspected[0].unidentifiedTables = .known([.named("t", of: 20_000)])
    #expect(try situation.decide("replica-identity").severity == .blocker)
    // With a filter too, the server has counted those that it selects, and given the first of them.
    situation.options.tables = .without([TablePattern(table: "other")])
    let conclusion = try situation.decide("replica-identity")
    #expect(conclusion.severity == .blocker)
    #expect(conclusion.message.hasPrefix("20000 tables have no replica identity"), "\(conclusion.message)")
    situation.options.tables = .all
    situation.source.inspected[0].unidentifiedTables = .known([])
    situation.source.inspected[0].enumHashedTables = .known([
      EnumHashedTable(nTotal: 20_000, nspname: "public", relname: "p", columns: ["c"], sizeBytes: 1)
    ])
    #expect(try situation.decide("partition-routing").severity != .warning)
    situation.source.inspected[0].enumHashedTables = .known([])
    situation.source.inspected[0].generatedKeyTables = .known([
      GeneratedKeyTable(
        nTotal: 20_000, nspname: "public", relname: "g", columns: ["k"], isFull: false, hasPlainPrimaryKey: false,
        candidateIndex: nil, changes: 1, sizeBytes: 1)
    ])
    #expect(try situation.decide("generated-columns").severity == .blocker)
  }

  @Test func `110 of 150 tables without an identity are one finding`() throws {
    var situation = Situation()
    situation.source.inspected[0].summary.change { $0.tables = 150 }
    situation.source.inspected[0].unidentifiedTables = .known((1...110).map { .named("t\($0)", of: 110) })
    let conclusion = try situation.decide("replica-identity")
    #expect(conclusion.findings.map(\.object) == ["110 tables"])
    #expect(conclusion.findings.first?.evidence["way across"] == "copied while writes are blocked")
  }

  @Test func `the blocked time is the sum of its parts, and at most four times its least`() {
    var work = BlockedTime.Work()
    work.lateBytes = 40_000_000
    work.lateTables = 4
    work.tables = 10
    work.sequences = 5
    let time = BlockedTime(of: work, pace: BlockedTime.Pace(), jobs: 4)
    #expect(time.parts.map(\.name) == BlockedTime.Phase.allCases.map(\.rawValue))
    #expect(abs(time.parts.reduce(0) { $0 + $1.high } - time.high) < 0.05)
    #expect(time.high < 4.01 * time.low)
    work.lateTables = 0
    work.lateBytes = 0
    work.sequences = 0
    let least = BlockedTime(of: work, pace: BlockedTime.Pace(), jobs: 4)
    #expect(least.parts.map(\.name) == ["blocking writes", "catching up", "verification", "switch"])
  }

  @Test func `what was measured takes the place of what is assumed`() throws {
    var work = BlockedTime.Work()
    (work.lateBytes, work.lateTables, work.tables, work.comparedTables) = (40_000_000, 4, 500, 50)
    var pace = BlockedTime.Pace()
    let assumed = BlockedTime(of: work, pace: pace, jobs: 4)
    // Another continent.
    (pace.sourceRoundTrip, pace.targetRoundTrip) = (0.1, 0.1)
    let far = BlockedTime(of: work, pace: pace, jobs: 4)
    for phase in BlockedTime.Phase.allCases where assumed[phase] != nil {
      #expect(try #require(far[phase]).low > #require(assumed[phase]).low, "\(phase)")
    }
    pace = BlockedTime.Pace()
    (pace.throughput, pace.look, pace.catchingUp, pace.comparison) = (4_000_000, 3, 1, 0.6)
    let slow = BlockedTime(of: work, pace: pace, jobs: 4)
    #expect(try #require(slow[.catchingUp]).high >= 8)
    #expect(try #require(slow[.copy]).high >= 20)
    #expect(try #require(slow[.verification]).high >= 1.2)
    // It has waited for others.
    pace.comparison = 7200
    #expect(try #require(BlockedTime(of: work, pace: pace, jobs: 4)[.verification]).low < 2)
  }
}
