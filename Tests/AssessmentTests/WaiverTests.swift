import Testing

@testable import Assessment
@testable import Catalog
@testable import Rules

@Suite struct WaiverTests {
  private let today = "2026-10-31"

  private func waiver(
    _ rule: String = "rule", database: String? = nil, object: String? = nil, by: String = "dba",
    reason: String = "a cache", until: String = "2026-10-31"
  ) -> ConfiguredWaiver {
    ConfiguredWaiver(
      rule: rule, database: database, object: object, waiver: Waiver(by: by, reason: reason, until: until))
  }

  /// Of rule `rule`, with a finding for each of the objects.
  private func failure(
    _ objects: [String] = ["table a"], in database: String? = nil, _ kind: Outcome.Kind = .failed
  ) -> Outcome {
    Outcome(
      rule: "rule", group: .server, title: "Title", scope: database == nil ? .cluster : .database, database: database,
      methods: [.replication, .dump], outcome: kind, severity: .blocker, message: "It does not hold.",
      findings: objects.map { Finding($0, "It is wrong.", remediation: nil) }, documentation: "https://example.org")
  }

  @Test func `a failure is accepted with who, why and until when`() {
    let (outcomes, idle) = waive([failure()], by: [waiver()], on: today)
    #expect(outcomes[0].outcome == .waived)
    #expect(outcomes[0].waiver == Waiver(by: "dba", reason: "a cache", until: "2026-10-31"))
    #expect(outcomes[0].findings == failure().findings)
    #expect(idle == [])
  }

  @Test(arguments: [("2026-10-30", true), ("2026-10-31", true), ("2026-11-01", false), ("2027-01-01", false)])
  func `a waiver holds until the end of its last day`(day: String, holds: Bool) {
    let (outcomes, idle) = waive([failure()], by: [waiver()], on: day)
    #expect((outcomes[0].outcome == .waived) == holds)
    #expect(idle.map(\.state) == (holds ? [] : [.expired]))
  }

  @Test(arguments: [Outcome.Kind.passed, .skipped, .undetermined])
  func `only failures are accepted`(kind: Outcome.Kind) {
    let outcome = failure(kind)
    let (outcomes, idle) = waive([outcome], by: [waiver(), waiver(object: "table a")], on: today)
    #expect(outcomes == [outcome])
    #expect(idle.map(\.state) == [.unused, .unused])
  }

  private func failure(_ kind: Outcome.Kind) -> Outcome { failure(["table a"], in: nil, kind) }

  @Test func `a waiver is for its rule and its database`() {
    let failures = [failure(in: "a"), failure(in: "A"), failure(in: nil)]
    let byDatabase = waive(failures, by: [waiver(database: "a")], on: today).outcomes
    #expect(byDatabase.map(\.outcome) == [.waived, .failed, .failed])
    #expect(waive(failures, by: [waiver()], on: today).outcomes.allSatisfy { $0.outcome == .waived })
    let (others, idle) = waive(failures, by: [waiver("other"), waiver(database: "b")], on: today)
    #expect(others == failures)
    #expect(idle.map(\.state) == [.unused, .unused])
  }

  @Test func `with an object, a failure stays one while any finding is left`() {
    let failures = [failure(["table a", "table b"])]
    let (some, idle) = waive(failures, by: [waiver(object: "table a"), waiver(object: "table c")], on: today)
    #expect(some[0].outcome == .failed)
    #expect(some[0].waiver == nil)
    #expect(some[0].message == "It does not hold. Waivers accept 1 of 2 findings, not all.")
    #expect(some[0].findings == failures[0].findings)
    #expect(idle.map(\.object) == ["table c"])

    let both = [
      waiver(object: "table a"), waiver(object: "table b", by: "lead", reason: "a log", until: "2026-12-01"),
    ]
    let (all, none) = waive(failures, by: both, on: today)
    #expect(all[0].outcome == .waived)
    #expect(all[0].waiver == Waiver(by: "dba, lead", reason: "a cache; a log", until: "2026-10-31"))
    #expect(none == [])
    // On the day after, the one that is left accepts its own finding only.
    #expect(waive(failures, by: both, on: "2026-11-01").outcomes[0].outcome == .failed)
  }

  @Test func `a failure without findings is not accepted by an object's name`() {
    #expect(waive([failure([])], by: [waiver(object: "table a")], on: today).outcomes[0].outcome == .failed)
  }

  @Test func `where findings may be missing, no object's waiver accepts all`() {
    let many = failure(Array(repeating: "table a", count: 100))
    #expect(waive([many], by: [waiver(object: "table a")], on: today).outcomes[0].outcome == .failed)
    #expect(waive([many], by: [waiver()], on: today).outcomes[0].outcome == .waived)
  }

  @Test func `the verdict, the plan and the exit status follow`() {
    let rules = [Answer.blocks.rule("rule", for: "a")]
    let blocked = Assessment(of: pair(["a", "b"]), by: rules)
    #expect(blocked.verdict == .blocked)
    let waived = Assessment(of: pair(["a", "b"]), by: rules, waivers: [waiver(database: "a")], on: today)
    #expect(waived.verdict == .ready)
    #expect(waived.plan.databases.map(\.method) == [.replication, .replication])
    #expect(waived.exitStatus(failOn: .warning) == 0)
    let expired = Assessment(of: pair(["a", "b"]), by: rules, waivers: [waiver(database: "a")], on: "2026-11-01")
    #expect(expired.verdict == .blocked)
    #expect(expired.idleWaivers.map(\.state) == [.expired])
    let unknown = Assessment(of: pair(), by: [Answer.unknown.rule("rule")], waivers: [waiver()], on: today)
    #expect(unknown.verdict == .undecided)
    #expect(unknown.exitStatus(failOn: .blocker) == 2)
  }
}
