import Foundation
import Testing

@testable import Assessment
@testable import Catalog
@testable import Rules

@Suite struct EngineTests {
  @Test func `there is one outcome for each rule and subject, in the rules' order`() {
    let outcomes = decide(
      pair(["b", "a"]),
      by: [Answer.passes.rule("z"), Answer.passes.rule("y", for: "a"), Answer.blocks.rule("x")])
    #expect(outcomes.map(\.rule) == ["z", "y", "y", "x"])
    #expect(outcomes.map(\.database) == [nil, "a", "b", nil])
    #expect(outcomes.map(\.scope) == [.cluster, .database, .database, .cluster])
  }

  @Test func `what is not known says why, and what would help`() throws {
    let outcome = try #require(decide(pair(), by: [Answer.unknown.rule("rule", for: "app")]).first)
    #expect(outcome.outcome == .undetermined)
    #expect(outcome.severity == .blocker)
    #expect(outcome.message == "Not known: it was not read.")
    #expect(outcome.findings.first?.object == "database app")
    #expect(outcome.findings.first?.remediation?.text == "Read it.")
  }

  @Test func `a rule that breaks down stops no other`() {
    struct Defect: Error {}
    let outcomes = decide(
      pair(), by: [rule("broken", decide: .cluster { _ in throw Defect() }), Answer.passes.rule("whole")])
    #expect(outcomes.map(\.outcome) == [.undetermined, .passed])
    #expect(outcomes[0].isUndecided)
  }

  @Test func `a failure has the rule's severity, unless it says otherwise`() {
    func severity(of rule: Severity, saying own: Severity?) -> Severity? {
      decide(
        pair(),
        by: [AssessmentTests.rule("rule", severity: rule, decide: .cluster { _ in .failed("No.", [], severity: own) })]
      ).first?.severity
    }
    #expect(severity(of: .blocker, saying: nil) == .blocker)
    #expect(severity(of: .blocker, saying: .warning) == .warning)
    #expect(severity(of: .warning, saying: .blocker) == .blocker)
  }

  @Test func `a rule of both methods is asked whatever is allowed`() {
    for method in MethodChoice.allCases {
      #expect(decide(pair { $0.method = method }, by: [Answer.blocks.rule("rule")])[0].outcome == .failed)
    }
  }

  @Test func `the plan says whether the database is created`() {
    func creates(_ target: [String]?) -> Bool? {
      Assessment(of: pair(["app"], target: target), by: []).plan.databases[0].createsDatabase
    }
    #expect(creates([]) == true)
    #expect(creates(["app", "other"]) == false)
    #expect(creates(["App", "APP"]) == true)
    #expect(creates(nil) == nil)
  }

  @Test func `roles are created, there already, left out or not known`() {
    var source = pair().source
    source.roles = .known(
      ["app", "postgres", "rdsadmin", "old"].map { Role(rolname: $0, rolcanlogin: true, rolsuper: false) })
    var target = pair().target
    target.databases = .unknown(unread)
    var options = CheckOptions()
    options.excludedRoles = ["old"]
    func actions() -> [RolePlan.Action] {
      let pair = ClusterPair(source: source, target: target, options: options, tools: .unknown(unread))
      return Assessment(of: pair, by: []).plan.roles.map(\.action)
    }
    #expect(actions() == [.undetermined, .undetermined, .leaveOut, .leaveOut])
    target.roles = .known([Role(rolname: "postgres", rolcanlogin: true, rolsuper: true)])
    #expect(actions() == [.create, .exists, .leaveOut, .leaveOut])
  }

  @Test func `nothing selected, nothing planned`() {
    let assessment = Assessment(of: pair([]), by: Rule.all)
    #expect(assessment.plan.databases.isEmpty)
    #expect(assessment.outcomes.allSatisfy { $0.database == nil })
  }

  @Test func `an assessment is the same every time`() {
    let first = Assessment(of: pair(["b", "a"]), by: Rule.all)
    let second = Assessment(of: pair(["b", "a"]), by: Rule.all)
    func timeless(_ assessment: Assessment) -> [Outcome] {
      assessment.outcomes.map { outcome in
        var outcome = outcome
        outcome.durationSeconds = 0
        return outcome
      }
    }
    #expect(timeless(first) == timeless(second))
    #expect(first.plan == second.plan)
  }

  @Test func `a fact stays what it is in a file`() throws {
    for fact in [Fact.known([1, 2]), .unknown(unread)] {
      let data = try JSONEncoder().encode(fact)
      #expect(try JSONDecoder().decode(Fact<[Int]>.self, from: data) == fact)
    }
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Fact<[Int]>.self, from: Data("{}".utf8)) }
  }

  @Test func `the rules' digest is that of what they say`() {
    #expect(RuleSet.current.rules == Rule.all.count)
    #expect(RuleSet.current.digest.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil)
    let expected = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(sha256(Array("abc".utf8)) == expected)
  }
}
