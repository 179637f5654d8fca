import Catalog
import Rules
import Testing

@Suite struct ToolTests {
  private func tools(_ versions: (Int, Int)...) -> Fact<ToolSearch> {
    .known(
      ToolSearch(
        found: versions.enumerated().map { index, version in
          let version = ToolVersion(major: version.0, minor: version.1)
          return ClientTools(folder: "/\(index)", pgDump: version, pgRestore: version)
        }, searched: []))
  }

  @Test(arguments: [
    ("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)", ToolVersion(major: 15, minor: 20)),
    ("pg_dump (PostgreSQL) 18beta1\n", ToolVersion(major: 18, minor: 0)),
    ("pg_restore (PostgreSQL) 9.6.24", ToolVersion(major: 9, minor: 6)),
    ("mysqldump 8.0", nil), ("", nil), ("pg_dump (PostgreSQL) ", nil), ("pg_dump (PostgreSQL) x.y", nil),
  ])
  func `what the programs print`(text: String, version: ToolVersion?) {
    #expect(ToolVersion(printed: text) == version)
  }

  @Test(arguments: [
    (15, 17, [(15, 5), (17, 1), (17, 6), (18, 0)], "/2"),
    (15, 17, [(15, 5), (18, 0)], "/1"),
    (15, 17, [(15, 5), (16, 0)], "/1"),
    (15, 17, [(14, 5), (13, 0)], nil),
    (17, 15, [(15, 5), (17, 0), (18, 0)], "/1"),
    (15, 15, [(15, 5), (15, 5)], "/0"),
  ])
  func `the target's version is preferred`(source: Int, target: Int, versions: [(Int, Int)], folder: String?) throws {
    var situation = Situation(source: source * 10000, target: target * 10000)
    situation.tools = .known(
      ToolSearch(
        found: versions.enumerated().map { index, version in
          let version = ToolVersion(major: version.0, minor: version.1)
          return ClientTools(folder: "/\(index)", pgDump: version, pgRestore: version)
        }, searched: []))
    #expect(try situation.pair.chosenTools()?.folder == folder)
  }

  @Test func `programs without the fixes are named, those that are newer are not`() throws {
    var situation = Situation()
    situation.tools = tools((15, 13))
    let conclusion = try situation.decide("pg-dump-security")
    #expect(conclusion.isFailed)
    #expect(conclusion.findings.map(\.object) == ["pg_dump", "pg_restore"])
    situation.tools = tools((15, 14))
    #expect(try situation.decide("pg-dump-security").isPassed)
    situation.tools = tools((18, 0))
    #expect(try situation.decide("pg-dump-security").isPassed)
  }

  @Test func `an older pg_restore blocks, as one that is missing does`() throws {
    var situation = Situation()
    let dump = ToolVersion(major: 15, minor: 20)
    for restore in [nil, ToolVersion(major: 14, minor: 23)] {
      situation.tools = .known(
        ToolSearch(found: [ClientTools(folder: "/a", pgDump: dump, pgRestore: restore)], searched: []))
      #expect(try situation.decide("pg-restore-version").isFailed)
    }
  }

  @Test func `without any pg_dump the other rules leave the word to the one that says so`() throws {
    var situation = Situation()
    situation.tools = .known(ToolSearch(found: [], searched: ["/usr/bin"]))
    #expect(try situation.decide("pg-dump-version").isFailed)
    #expect(try situation.decide("pg-restore-version").isSkipped)
    #expect(try situation.decide("pg-dump-security").isSkipped)
  }

  @Test(arguments: [
    (170_010, (17, 10), "failed"), (170_010, (17, 11), "undetermined"), (170_011, (17, 10), "undetermined"),
    (180_006, (18, 6), "failed"), (170_010, (15, 20), "passed"), (150_020, (15, 20), "passed"),
  ])
  func `column options that only the source knows`(target: Int, pgDump: (Int, Int), outcome: String) throws {
    var situation = Situation(source: 150_020, target: target)
    situation.tools = tools(pgDump)
    #expect(try situation.decide("pg-dump-column-options").isFailed == false)
    situation.source.inspected[0].versionedColumns = .known(VersionedColumns(areThere: true))
    switch outcome {
    case "undetermined": #expect(throws: Undetermined.self) { try situation.decide("pg-dump-column-options") }
    default: #expect(try situation.decide("pg-dump-column-options").isFailed == (outcome == "failed"))
    }
  }
}
