import Testing

@testable import Assessment
@testable import Catalog
@testable import Rules

@Suite struct VerdictTests {
  @Test(
    arguments: [
      ([], Verdict.ready), ([.passes], .ready), ([.skips], .ready), ([.warns], .readyWithWarnings),
      ([.unknown], .undecided), ([.blocks], .blocked), ([.warns, .passes], .readyWithWarnings),
      ([.unknown, .warns], .undecided), ([.warns, .unknown], .undecided), ([.unknown, .blocks], .blocked),
      ([.blocks, .unknown, .warns], .blocked),
    ] as [([Answer], Verdict)])
  func `the worst outcome decides`(answers: [Answer], verdict: Verdict) {
    let rules = answers.enumerated().map { $1.rule("rule-\($0)") }
    #expect(Assessment(of: pair(), by: rules).verdict == verdict)
    // Without any database it is what the rules say of the clusters.
    #expect(Assessment(of: pair([]), by: rules).verdict == verdict)
    #expect(Verdict(of: decide(pair(), by: rules)) == verdict)
  }

  /// What the rules of either method say, and what follows for the database.
  @Test(arguments: [
    (Answer.passes, Answer.passes, Catalog.Method?.some(.replication), Verdict.ready),
    (.warns, .passes, .replication, .readyWithWarnings), (.blocks, .passes, .dump, .ready),
    (.unknown, .passes, .dump, .ready), (.unknown, .warns, .dump, .readyWithWarnings),
    (.blocks, .blocks, nil, .blocked), (.unknown, .unknown, nil, .undecided), (.blocks, .unknown, nil, .undecided),
    (.unknown, .blocks, nil, .undecided), (.passes, .blocks, .replication, .ready),
    (.skips, .blocks, .replication, .ready), (.passes, .unknown, .replication, .ready),
  ])
  func `replication where nothing stands against it, else dump`(
    replication: Answer, dump: Answer, method: Catalog.Method?, verdict: Verdict
  ) throws {
    let rules = [replication.rule("of-replication", [.replication]), dump.rule("of-dump", [.dump])]
    let assessment = Assessment(of: pair(), by: rules)
    let plan = try #require(assessment.plan.databases.first)
    #expect(plan.method == method)
    #expect(plan.verdict == verdict)
    #expect(assessment.verdict == verdict)
    switch (method, replication) {
    case (.replication, _): #expect(plan.reason == "nothing blocks it")
    case (.dump, .unknown): #expect(plan.reason == "replication is undecided: of-replication")
    case (.dump, _): #expect(plan.reason == "replication is blocked: of-replication")
    case (nil, _): #expect(plan.reason.hasSuffix(": of-dump"))
    }
  }

  @Test(arguments: MethodChoice.allCases, Answer.allCases)
  func `a method that is not allowed is not considered`(choice: MethodChoice, answer: Answer) throws {
    let rules = [answer.rule("of-replication", [.replication])]
    let assessment = Assessment(of: pair { $0.method = choice }, by: rules)
    let plan = try #require(assessment.plan.databases.first)
    #expect((plan.replication == nil) == (choice == .dump))
    #expect((plan.dump == nil) == (choice == .replication))
    if choice == .dump {
      #expect(plan.method == .dump)
      #expect(plan.reason == "nothing blocks it, and no other method is allowed")
      #expect(assessment.outcomes.first?.outcome == .skipped)
      #expect(assessment.exitStatus(failOn: .warning) == 0)
    }
    if choice == .replication, answer == .blocks {
      #expect(plan.method == nil)
      #expect(plan.reason == "no method is left: of-replication")
    }
  }

  @Test func `one database's trouble is not another's`() {
    let rules = [
      Answer.blocks.rule("blocks-a", for: "a"), Answer.blocks.rule("b-by-dump", for: "b", [.replication]),
      Answer.warns.rule("warns-c", for: "c"),
    ]
    let assessment = Assessment(of: pair(["c", "b", "a", "d"]), by: rules)
    #expect(assessment.plan.databases.map(\.name) == ["a", "b", "c", "d"])
    #expect(assessment.plan.databases.map(\.method) == [nil, .dump, .replication, .replication])
    #expect(assessment.plan.databases.map(\.verdict) == [.blocked, .ready, .readyWithWarnings, .ready])
    #expect(assessment.verdict == .blocked)
  }

  @Test func `the clusters' trouble is every database's`() {
    let assessment = Assessment(of: pair(["a", "b"]), by: [Answer.unknown.rule("of-clusters")])
    #expect(assessment.plan.databases.map(\.verdict) == [.undecided, .undecided])
  }

  @Test(arguments: [
    (Answer.passes, 0, 0), (.skips, 0, 0), (.warns, 0, 1), (.unknown, 2, 2), (.blocks, 1, 1),
  ])
  func `the exit status`(answer: Answer, failingOnBlocker: Int, failingOnWarning: Int) {
    let assessment = Assessment(of: pair(), by: [answer.rule("rule")])
    #expect(assessment.exitStatus(failOn: .blocker) == failingOnBlocker)
    #expect(assessment.exitStatus(failOn: .warning) == failingOnWarning)
    #expect(assessment.exitStatus(failOn: .never) == 0)
    // A blocker counts more than what is not known, and a warning too where it is a failure.
    let both = Assessment(of: pair(), by: [answer.rule("rule"), Answer.unknown.rule("other")])
    #expect(both.exitStatus(failOn: .blocker) == (answer == .blocks ? 1 : 2))
    #expect(both.exitStatus(failOn: .warning) == (answer == .blocks || answer == .warns ? 1 : 2))
  }

  @Test func `what is waived or only noticed counts for nothing`() {
    var outcomes = decide(pair(), by: [Answer.blocks.rule("rule")])
    outcomes[0].outcome = .waived
    #expect(Verdict(of: outcomes) == .ready)
    let notice = rule(
      "notice", decide: .cluster { _ in .passed("So.", notices: [Finding("x", "y", remediation: nil)]) })
    let assessment = Assessment(of: pair(), by: [notice])
    #expect(assessment.verdict == .ready)
    #expect(assessment.outcomes[0].findings.count == 1)
    #expect(assessment.exitStatus(failOn: .warning) == 0)
  }

  @Test func `what could not be found out may be accepted`() throws {
    let accepting = pair {
      $0.acceptedUndetermined = ["rule"]
      $0.acceptedBy = "somebody"
    }
    let rules = [Answer.unknown.rule("rule")]
    let assessment = Assessment(of: accepting, by: rules)
    let outcome = try #require(assessment.outcomes.first)
    #expect(outcome.outcome == .undetermined)
    #expect(outcome.message.contains("by somebody"))
    #expect(assessment.verdict.isReady)
    #expect(assessment.exitStatus(failOn: .blocker) == 0)
    // Another rule is not meant, and a failure can't be accepted that way.
    #expect(Assessment(of: accepting, by: [Answer.unknown.rule("other")]).verdict == .undecided)
    #expect(Assessment(of: accepting, by: [Answer.blocks.rule("rule")]).verdict == .blocked)
  }

  @Test func `a warning that is not known decides nothing`() {
    let harmless = rule("harmless", severity: .warning, decide: .cluster { _ in throw unread })
    let assessment = Assessment(of: pair(), by: [harmless])
    #expect(assessment.verdict == .ready)
    #expect(assessment.exitStatus(failOn: .blocker) == 0)
  }
}
