import Catalog

extension Rule {
  static let targetDDLGuards = Rule(
    "target-ddl-guards", "No event trigger refuses what is restored on the target",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/event-triggers.html",
    explanation: Explanation(
      why: """
        An event trigger of the target database fires on what is restored there, and may refuse it. One that comes \
        from the source with ENABLE ALWAYS does so once it is restored, when journal, subscription and replica \
        identities are removed.
        """,
      decides: """
        No enabled event trigger of the target database fires in the sessions of the target role, and none of the \
        source is enabled ALWAYS where the target role restores it. It fires in none where the role can set \
        session_replication_role (superusers; from 15 on by a grant) and it is not ENABLE ALWAYS, or where the role can \
        set event_triggers (17). A function in SQL or PL/pgSQL that raises an error: blocker; one that raises none: \
        warning, as it can fail; one in another language: undetermined. Event triggers of extensions and of a \
        service's own roles do not count.
        """,
      fix: "Disable the event trigger until the migration is done."),
    decide: .database { pair in
      let isThere = try pair.database(on: .target) != nil
      let waiting = isThere ? try pair.snapshot(on: .target).eventTriggers.value : []
      let events = ["ddl_command_start", "ddl_command_end", "sql_drop", "login"]
      let guards = waiting.filter { events.contains($0.evtevent) && $0.fires && !$0.isOfService }
      guard guards.isEmpty else { return try .guarded(by: guards, at: .target, "what is restored on the target") }
      // Only a superuser creates them, and from 17 on a superuser's sessions do without.
      guard try pair.clusters.target.me.value.rolsuper, try pair.clusters.target.version.major < 17 else {
        return .passed("No event trigger fires on what is restored on the target.")
      }
      let coming = try pair.snapshot(on: .source).eventTriggers.value.filter {
        $0.evtenabled == "A" && events.contains($0.evtevent) && $0.evtevent != "login"
      }
      return try .guarded(by: coming, at: .source, "what follows on the target once it is restored")
    })
}
