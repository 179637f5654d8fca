import Testing

@testable import Catalog
@testable import Rules

/// What of event triggers counts for what a migration creates.
@Suite struct EventTriggerTests {
  private func trigger(
    _ event: String = "ddl_command_start", tags: [String] = [], body: EventTrigger.Body = .raises, fires: Bool = true,
    enabled: String = "O", owner: String = "postgres"
  ) -> EventTrigger {
    EventTrigger(
      evtname: "g\"1", evtevent: event, evtenabled: enabled, tags: tags, owner: owner, body: body, fires: fires)
  }

  private func decide(_ trigger: EventTrigger, identities: Bool = false) throws -> Conclusion {
    var situation = Situation()
    situation.options.setsReplicaIdentity = identities
    situation.source.inspected[0].eventTriggers = .known([trigger])
    return try situation.decide("replication-ddl-guards")
  }

  @Test func `what can refuse a publication is a blocker, what can fail a warning`() throws {
    guard case .failed(_, let findings, .blocker) = try decide(trigger()) else { throw Unexpected() }
    #expect(findings[0].remediation?.sql == "ALTER EVENT TRIGGER \"g\"\"1\" DISABLE;")
    #expect(findings[0].remediation?.text.hasSuffix("ALTER EVENT TRIGGER \"g\"\"1\" ENABLE;") == true)
    guard case .failed(_, _, .warning) = try decide(trigger(body: .plain)) else { throw Unexpected() }
    #expect(throws: Undetermined.self) { try decide(trigger(body: .opaque)) }
  }

  @Test func `what does not fire on it passes`() throws {
    #expect(try decide(trigger(fires: false)).isPassed)
    #expect(try decide(trigger("login")).isPassed)
    #expect(try decide(trigger("table_rewrite")).isPassed)
    #expect(try decide(trigger(tags: ["CREATE TABLE", "ALTER TABLE"])).isPassed)
    #expect(try decide(trigger(tags: ["ALTER TABLE"]), identities: true).isFailed)
    #expect(try decide(trigger("sql_drop", tags: ["DROP PUBLICATION"])).isFailed)
    #expect(try decide(trigger(owner: "rdsadmin")).isPassed)
  }

  @Test(arguments: [(150_000, true, true), (150_000, false, false), (170_000, true, false)])
  func `what comes from the source fires on the target where nothing keeps it from that`(
    version: Int, isSuperuser: Bool, fails: Bool
  ) throws {
    var situation = Situation(target: version)
    situation.target.me = .known(.named("me", superuser: isSuperuser))
    situation.source.inspected[0].eventTriggers = .known([trigger(enabled: "A")])
    #expect(try situation.decide("target-ddl-guards").isFailed == fails)
    situation.source.inspected[0].eventTriggers = .known([trigger(enabled: "O")])
    #expect(try situation.decide("target-ddl-guards").isPassed)
  }

  private struct Unexpected: Error {}
}
