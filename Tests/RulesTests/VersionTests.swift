import Testing

@testable import Catalog
@testable import Rules

@Suite struct VersionTests {
  @Test(arguments: [
    (90_624, 90_507, false), (90_507, 90_624, true), (90_624, 100_000, true), (100_023, 90_624, false),
    (150_018, 150_002, true), (150_002, 180_006, true), (180_006, 170_010, false), (190_000, 190_000, true),
    (190_000, 180_006, false),
  ])
  func `the target's major version is compared`(source: Int, target: Int, holds: Bool) throws {
    var situation = Situation(source: source, target: target)
    #expect(try situation.decide("target-version").isPassed == holds)
    #expect(try situation.decide("target-version").severity == (holds ? nil : .blocker))
    situation.options.skipsVersionCheck = true
    #expect(try situation.decide("target-version").severity == (holds ? nil : .warning))
  }

  @Test(arguments: [
    (90_624, "9.6.24", "9.6"), (100_023, "10.23", "10"), (150_018, "15.18", "15"), (190_000, "19.0", "19"),
  ])
  func `a version is told as people say it`(number: Int, full: String, major: String) {
    #expect("\(ServerVersion(rawValue: number))" == full)
    #expect(ServerVersion(rawValue: number).majorName == major)
  }

  @Test(arguments: [(90_624, false), (100_000, true), (130_000, true), (190_000, true)])
  func `the source has logical replication from 10 on`(version: Int, holds: Bool) throws {
    let situation = Situation(source: version)
    let conclusion = try situation.decide("replication-source-version")
    #expect(conclusion.isPassed == holds)
    #expect(conclusion.isFailed == !holds)
    // What counts slots of a server that has none of the kind has nothing to say.
    for id in ["replication-slots-free", "wal-senders-free"] {
      #expect(try situation.decide(id).isSkipped == !holds)
    }
  }

  @Test func `a target of 9.6 can't subscribe`() throws {
    let situation = Situation(source: 90_624, target: 90_624)
    #expect(try situation.decide("replication-source-version").findings.map(\.object) == ["source", "target"])
    #expect(try situation.decide("target-origins-free").isSkipped)
    #expect(try situation.decide("target-replication-workers").isSkipped)
  }

  @Test(arguments: [
    (150_018, "logical", true), (150_018, "replica", false), (150_018, "minimal", false), (180_006, "replica", false),
    (190_000, "replica", true), (190_000, "minimal", false), (190_000, "logical", true),
  ])
  func `wal_level has to be logical, up to 18`(version: Int, level: String, holds: Bool) throws {
    var situation = Situation(source: version, target: version)
    situation.source.set("wal_level", level)
    #expect(try situation.decide("wal-level-logical").isPassed == holds)
  }

  @Test func `a wal_level that is not shown is not known`() {
    var situation = Situation()
    situation.source.set("wal_level", nil)
    #expect(throws: Undetermined.self) { try situation.decide("wal-level-logical") }
  }

  @Test(arguments: [
    (130_016, "max_replication_slots", 1), (130_016, "max_replication_slots", 0), (170_010, "max_replication_slots", 1),
    (180_006, "max_active_replication_origins", 0), (190_000, "max_active_replication_origins", 1),
  ])
  func `origins are limited by the setting of the version`(version: Int, setting: String, limit: Int) throws {
    var situation = Situation(target: version)
    let other = setting == "max_replication_slots" ? "max_active_replication_origins" : "max_replication_slots"
    situation.target.set(setting, "\(limit)")
    situation.target.set(other, "0")
    let conclusion = try situation.decide("target-origins-free")
    #expect(conclusion.isFailed == (limit == 0))
  }

  @Test func `a limit of origins that is not shown is not known`() {
    var situation = Situation(target: 180_006)
    situation.target.set("max_active_replication_origins", nil)
    #expect(throws: Undetermined.self) { try situation.decide("target-origins-free") }
  }

  @Test(arguments: [
    ("1.9", "1.10", true), ("1.10", "1.9", false), ("1.0", "1.0", false), ("1", "1.0", false), ("1.0", "1", false),
    ("1.0", "1.0.1", true), ("12.1-1", "12.1-2", true), ("3.4.0", "3.4.0dev", true), ("3.4.0dev", "3.4.0", false),
    ("2.0", "10.0", true), ("unpackaged", "1.0", true), ("1.0beta1", "1.0beta2", true), ("", "1", true),
    ("1", "", false),
    ("99999999999999999999", "1", true),
  ])
  func `versions of extensions compare number by number`(left: String, right: String, isOlder: Bool) {
    #expect(isExtensionVersion(left, olderThan: right) == isOlder)
  }
}
