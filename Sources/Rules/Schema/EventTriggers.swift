import Catalog

extension Rule {
  static let eventTriggers = Rule(
    "event-triggers", "Event triggers do not interfere",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/event-triggers.html",
    explanation: Explanation(
      why: """
        An event trigger of the target database fires on every command that the restore runs there, and may refuse it. \
        One for logging in that comes with the source may lock everybody out when it fails on the target.
        """,
      decides: """
        The target database has no enabled event trigger, and the source database none for logging in. That the \
        source has others is a notice: they are restored last. Those of extensions do not count, nor disabled ones.
        """,
      fix: "Disable them until the move is done."),
    decide: .database { pair in
      let own = try pair.snapshot(on: .source).eventTriggers.value
      let waiting = try pair.database(on: .target) == nil ? [] : pair.snapshot(on: .target).eventTriggers.value
      let login = own.filter { $0.evtevent == "login" }
      guard !waiting.isEmpty || !login.isEmpty else {
        guard !own.isEmpty else { return .passed("There are no event triggers.") }
        return .passed(
          "\(own.count.counted("event trigger")) of the source will fire on the target too.",
          notices: own.prefix(100).map {
            Finding(
              $0.described, "it fires on \($0.evtevent), on the target as soon as it is restored",
              remediation: Remediation("Make sure that what it calls works on the target."))
          })
      }
      let findings =
        waiting.map {
          Finding(
            $0.described, "the target database has it: it fires on what a restore does",
            evidence: ["event": $0.evtevent],
            remediation: Remediation("Disable it until the move is done.", paste: $0.disable, at: .target))
        }
        + login.map {
          Finding(
            $0.described, "it fires when somebody connects, and refuses the connection when it fails",
            evidence: ["event": $0.evtevent],
            remediation: Remediation(
              "Disable it until it has been tried on the target.", paste: $0.disable, at: .source))
        }
      return .failed(
        waiting.isEmpty
          ? "\(login.count.counted("event trigger")) of the source fires on logging in."
          : "The target database has \(waiting.count.counted("event trigger")) of its own.", Array(findings.prefix(100))
      )
    })
}

extension EventTrigger {
  fileprivate var described: String { "event trigger \(quotedIdentifier(evtname))" }
  fileprivate var disable: String { "ALTER EVENT TRIGGER \(quotedIdentifier(evtname)) DISABLE;" }
}
