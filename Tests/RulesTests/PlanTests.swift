import Testing

@testable import Catalog
@testable import Rules

@Suite struct PlanTests {
  private func retention(
    walBytes: Int? = 86_400_000_000, seconds: Int? = 86_400, data: Int = 1_000_000_000_000, keep: String = "-1",
    version: Int = 150_018
  ) throws -> Conclusion {
    var situation = Situation(source: version)
    situation.source.walStatistics = .known(WALStatistics(walBytes: walBytes, seconds: seconds))
    situation.source.databaseSizes = .known([DatabaseSize(datname: "app", sizeBytes: data)])
    situation.source.set("max_slot_wal_keep_size", keep)
    return try situation.decide("wal-retention-during-copy")
  }

  @Test func `WAL of the copy is weighed against 100 GB`() throws {
    // 1 MB/s for 20,000 s are 20 GB.
    #expect(try retention().isPassed)
    #expect(try retention().message.contains("About 20.0 GB of WAL"))
    let busy = try retention(walBytes: 864_000_000_000)
    #expect(busy.isFailed)
    #expect(busy.findings.first?.evidence["written per second"] == "10.0 MB")
    #expect(busy.findings.first?.remediation?.sql == nil)
  }

  @Test(arguments: [("38147", true), ("38000", false), ("-1", true), ("0", false)])
  func `and against half of what is kept for slots`(keep: String, holds: Bool) throws {
    // In MB of 1024 kB; 20 GB are half of 38147 of them.
    let conclusion = try retention(keep: keep)
    #expect(conclusion.isPassed == holds)
    if !holds {
      #expect(conclusion.findings.first?.remediation?.sql?.contains("max_slot_wal_keep_size = '-1'") == true)
    }
  }

  @Test func `a rate that is not known warns of nothing`() throws {
    #expect(try retention(walBytes: nil, seconds: nil, version: 130_016).isPassed)
    #expect(try retention(walBytes: 1_000_000_000_000, seconds: 3599).isPassed)
    #expect(try retention(walBytes: 1_000_000_000_000, seconds: 3600).isFailed)
    #expect(try retention(walBytes: .max, seconds: 3600, data: .max).isFailed)
  }

  @Test(arguments: [
    (170_010, 18, false), (180_006, 17, false), (180_006, 18, true), (190_000, 19, true), (150_018, 18, false),
  ])
  func `statistics are dumped from 18 on both ends`(target: Int, tool: Int, areDumped: Bool) throws {
    var situation = Situation(source: 150_018, target: target)
    let version = ToolVersion(major: tool, minor: 1)
    situation.tools = .known(
      ToolSearch(found: [ClientTools(folder: "/a", pgDump: version, pgRestore: version)], searched: []))
    let message = try situation.decide("statistics-after-restore").message
    #expect(message.contains("--statistics") == areDumped)
  }

  @Test(arguments: [(90_624, false), (100_000, true), (130_022, true), (140_000, true)])
  func `libpq knows SCRAM from 10 on`(version: Int, holds: Bool) throws {
    var situation = Situation()
    situation.tools = .known(ToolSearch(found: [], searched: [], libpq: version))
    let conclusion = try situation.decide("libpq-version")
    #expect(conclusion.isPassed == holds)
    if case .passed(_, let notices) = conclusion { #expect(notices.isEmpty == (version >= 140_000)) }
    #expect(conclusion.message.contains(version == 90_624 ? "9.6" : "\(version / 10_000).\(version % 100)"))
  }

  @Test(
    arguments: [
      (100, nil, nil), (6400, nil, nil), (6401, Severity.warning, 1), (17_664, .warning, 1), (17_665, .blocker, 1),
      (50_001, .blocker, 2),
    ] as [(Int, Severity?, Int?)])
  func `locks are counted against what there is room for`(tables: Int, severity: Severity?, findings: Int?) throws {
    var situation = Situation()
    situation.source.inspected[0].summary.change { ($0.tables, $0.relations) = (tables, 3 * tables) }
    let conclusion = try situation.decide("many-objects")
    #expect(conclusion.severity == severity)
    #expect(conclusion.findings.count == findings ?? 0)
  }

  @Test func `few tables need no settings, many relations warn`() throws {
    var situation = Situation()
    situation.source.settings = .missing
    #expect(try situation.decide("many-objects").isPassed)
    situation.source.inspected[0].summary.change { $0.tables = 101 }
    #expect(throws: Undetermined.self) { try situation.decide("many-objects") }
    situation = Situation()
    situation.source.inspected[0].summary.change { ($0.tables, $0.relations) = (101, 300_001) }
    #expect(try situation.decide("many-objects").severity == .warning)
  }
}
