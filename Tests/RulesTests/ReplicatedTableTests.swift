import Testing

@testable import Catalog
@testable import Rules

/// What a subscription does to tables, by the versions of both sides.
@Suite struct ReplicatedTableTests {
  private func situation(target: Int, isSuperuser: Bool = true, owner: Role?) -> Situation {
    var situation = Situation(target: target)
    situation.target.me = .known(.named("me", superuser: isSuperuser))
    situation.target.roles.change { $0 += [Role(rolname: "me", rolcanlogin: true, rolsuper: isSuperuser)] }
    if let owner { situation.target.roles.change { $0.append(owner) } }
    situation.source.inspected[0].forcedRowSecurityTables = .known([
      ForcedRowSecurityTable(nTotal: 1, nspname: "public", relname: "t", owner: "own\"er")
    ])
    return situation
  }

  private let owner = Role(rolname: "own\"er", rolcanlogin: false, rolsuper: false)

  @Test(arguments: [
    (140_010, true, false), (140_010, false, false), (150_010, true, false), (150_010, false, true),
    (160_000, true, true), (160_000, false, true), (180_000, true, true),
  ])
  func `forced row security holds for the role that the target writes as`(version: Int, isSuperuser: Bool, fails: Bool)
    throws
  {
    let conclusion = try situation(target: version, isSuperuser: isSuperuser, owner: owner).decide(
      "target-row-security")
    #expect(conclusion.isFailed == fails)
    guard fails else { return }
    let role = version < 160_000 ? "me" : "\"own\"\"er\""
    #expect(conclusion.findings.first?.remediation?.sql == "ALTER ROLE \(role) BYPASSRLS;")
  }

  @Test func `owners may bypass row security, or have to be created first`() throws {
    var exempt = owner
    exempt.rolbypassrls = true
    #expect(try situation(target: 170_000, owner: exempt).decide("target-row-security").isPassed)
    let missing = try situation(target: 170_000, owner: nil).decide("target-row-security")
    #expect(missing.findings.first?.remediation?.sql?.hasPrefix("CREATE ROLE \"own\"\"er\";\n") == true)
  }

  @Test(
    arguments: [
      (0, nil, Severity.blocker), (0, 6, .blocker), (0, 7, .warning), (1, 700, .blocker),
    ] as [(Int, Int?, Severity)])
  func `a generated key blocks where rows are changed, or nobody knows`(
    changes: Int, days: Int?, severity: Severity
  ) throws {
    var situation = Situation()
    situation.options.copyAtCutover = .never
    situation.source.databases.change { $0[0].statisticsDays = days }
    situation.source.inspected[0].generatedKeyTables = .known([
      GeneratedKeyTable(
        nTotal: 1, nspname: "public", relname: "t", columns: ["k"], isFull: false, hasPlainPrimaryKey: false,
        candidateIndex: nil, changes: changes)
    ])
    let conclusion = try situation.decide("generated-columns")
    #expect(conclusion.severity == severity)
    #expect(conclusion.findings.first?.remediation?.sql == nil)
    situation.source.server.change { $0.versionNum = 110_022 }
    #expect(try situation.decide("generated-columns").isPassed)
  }

  @Test(arguments: [
    (110_022, "i", "DROP INDEX CONCURRENTLY public.i;"), (120_000, "i", "REINDEX INDEX CONCURRENTLY public.i;"),
    (120_000, "i_ccnew", "DROP INDEX CONCURRENTLY public.i_ccnew;"),
    (120_000, "i_ccold2", "DROP INDEX CONCURRENTLY public.i_ccold2;"),
  ])
  func `an invalid index is built again where that locks nobody out`(version: Int, name: String, sql: String) throws {
    var situation = Situation(source: version)
    situation.source.inspected[0].invalidIndexes = .known([
      InvalidIndex(nTotal: 1, nspname: "public", relname: "t", indexname: name, isUnique: false)
    ])
    #expect(try situation.decide("invalid-indexes").findings.first?.remediation?.sql == sql)
  }

  @Test func `before 10 there are neither publications nor subscriptions`() throws {
    var situation = Situation(source: 90_624)
    situation.source.subscriptions = .missing
    situation.source.inspected[0].publications = .missing
    #expect(try situation.decide("existing-publications").isPassed)
    #expect(try situation.decide("existing-subscriptions").isPassed)
  }

  @Test(arguments: [
    "always-triggers", "event-triggers", "existing-publications", "foreign-servers", "generated-columns",
    "invalid-indexes", "partition-routing", "target-row-security", "unvalidated-constraints",
  ])
  func `what was not read is not passed`(rule: String) throws {
    var situation = Situation()
    situation.source.inspected[0] = DatabaseSnapshot(name: "app", connection: .connected(.local), unknown: unread)
    #expect(throws: Undetermined.self) { try situation.decide(rule) }
  }

  @Test(arguments: [
    ("aws-0-eu-central-1.pooler.supabase.com", true), ("ep-cool-1-pooler.c-2.eu-central-1.aws.neon.tech", true),
    ("ep-cool-1.c-2.eu-central-1.aws.neon.tech", false), ("db.pooler.example", false),
  ])
  func `some hosts are those of poolers`(host: String, fails: Bool) throws {
    var situation = Situation()
    var facts = ConnectionFacts.local
    facts.host = host
    situation.source.connection = .connected(facts)
    let conclusion = try situation.decide("connection-pooler")
    #expect(conclusion.isFailed == fails)
    #expect(fails == conclusion.message.contains("The source is reached"))
  }
}
