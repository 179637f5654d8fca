import Catalog

extension Rule {
  static let eventTriggers = Rule(
    "event-triggers", "Event triggers do not interfere",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/event-triggers.html",
    explanation: Explanation(
      why: """
        Event triggers of the source come with its schema. One for logging in may lock everybody out when it fails on \
        the target.
        """,
      decides: """
        The source database has no enabled event trigger for logging in. That it has others is a notice: they are \
        restored last. Those of extensions do not count, nor disabled ones. What those of the source do to the \
        set-up of a replication is decided by replication-ddl-guards, what those of the target do to a restore by \
        target-ddl-guards.
        """,
      fix: "Disable them until the migration is done."),
    decide: .database { pair in
      let own = try pair.snapshot(on: .source).eventTriggers.value
      let login = own.filter { $0.evtevent == "login" }
      guard !login.isEmpty else {
        guard !own.isEmpty else { return .passed("There are no event triggers.") }
        return .passed(
          "\(own.count.counted("event trigger")) of the source will fire on the target too.",
          notices: own.prefix(100).map {
            Finding(
              $0.described, "it fires on \($0.evtevent), on the target as soon as it is restored",
              remediation: Remediation("Make sure that what it calls works on the target."))
          })
      }
      return .failed(
        "\(login.count.counted("event trigger")) of the source \(login.count == 1 ? "fires" : "fire") on logging in.",
        login.prefix(100).map {
          Finding(
            $0.described, "it fires when somebody connects, and refuses the connection when it fails",
            evidence: ["event": $0.evtevent],
            remediation: Remediation(
              "Disable it until it has been tried on the target. \($0.undo)", paste: $0.disable, at: .source))
        })
    })
}

extension EventTrigger {
  var described: String { "event trigger \(quotedIdentifier(evtname))" }
  var disable: String { "ALTER EVENT TRIGGER \(quotedIdentifier(evtname)) DISABLE;" }
  private var enable: String {
    "ALTER EVENT TRIGGER \(quotedIdentifier(evtname)) ENABLE\(["A": " ALWAYS", "R": " REPLICA"][evtenabled] ?? "");"
  }
  var undo: String { "Afterwards, enable it again: \(enable)" }

  /// Whether it fires on a command, in a session of the migration.
  func fires(on commands: [String]) -> Bool {
    fires && ["ddl_command_start", "ddl_command_end", "sql_drop"].contains(evtevent)
      && (tags.isEmpty || tags.contains(where: commands.contains))
  }

  /// Those of a service are made to live with what its customers do.
  var isOfService: Bool { Provider.ownedRoles.contains(owner) }

  /// What is known of what it does, in words.
  var behavior: String {
    switch body {
    case .plain: "its function raises no error by itself, and can fail"
    case .raises: "its function can refuse it"
    case .opaque: "its function cannot be searched for what it does"
    }
  }
}
