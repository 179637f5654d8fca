import Catalog

extension Rule {
  static let replicationDDLGuards = Rule(
    "replication-ddl-guards", "No event trigger of the source refuses what a replication creates",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/event-triggers.html",
    explanation: Explanation(
      why: """
        A replication creates, comments on, alters and drops a publication on the source, and alters tables that are \
        given a replica identity. An event trigger that refuses these commands makes the set-up fail, or the removal \
        after the cutover.
        """,
      decides: """
        No enabled event trigger of the source database fires on these commands in the sessions of the source role. It \
        fires in none where the role can set session_replication_role (superusers; from 15 on by a grant) and it is \
        not ENABLE ALWAYS, or where the role can set event_triggers (17). A function in SQL or PL/pgSQL that raises an \
        error: blocker; one that raises none: warning, as it can fail; one in another language: undetermined. Event \
        triggers of extensions and of a service's own roles do not count.
        """,
      fix: "Disable the event trigger until the replication is removed after the cutover."),
    decide: .database { pair in
      var commands = ["CREATE PUBLICATION", "ALTER PUBLICATION", "DROP PUBLICATION", "COMMENT"]
      if pair.options.setsReplicaIdentity { commands.append("ALTER TABLE") }
      let guards = try pair.snapshot(on: .source).eventTriggers.value.filter {
        $0.fires(on: commands) && !$0.isOfService
      }
      return try .guarded(by: guards, at: .source, "what a replication creates on the source")
    })
}

extension Conclusion {
  /// By event triggers that fire on `work`.
  static func guarded(
    by guards: [EventTrigger], at place: Remediation.Place, _ work: String
  ) throws(Undetermined) -> Conclusion {
    guard !guards.isEmpty else { return .passed("No event trigger fires on \(work).") }
    let refusing = guards.filter { $0.body == .raises }
    if refusing.isEmpty, let opaque = guards.first(where: { $0.body == .opaque }) {
      throw Undetermined(
        "\(opaque.described) fires on \(work), and its function cannot be searched for what it does",
        remedy: "Disable it until the migration is done, on the \(place.rawValue): \(opaque.disable) \(opaque.undo)")
    }
    let findings = (refusing + guards.filter { $0.body != .raises }).prefix(100).map {
      Finding(
        $0.described, "it fires on \(work); \($0.behavior)",
        evidence: ["event": $0.evtevent, "tags": $0.tags.isEmpty ? "all" : $0.tags.listed(), "owner": $0.owner],
        remediation: Remediation(
          "Disable it until the migration is done. \($0.undo)", paste: $0.disable, at: place))
    }
    let count = refusing.isEmpty ? guards.count : refusing.count
    return .failed(
      "\(count.counted("event trigger")) \(count == 1 ? "fires" : "fire") on \(work)"
        + (refusing.isEmpty ? "." : " and can refuse it."),
      Array(findings), severity: refusing.isEmpty ? .warning : .blocker)
  }
}
