import Catalog

extension Rule {
  static let sourceNotInRecovery = Rule(
    "source-not-in-recovery", "The source is not a standby",
    group: .server,
    documentation: "https://www.postgresql.org/docs/current/hot-standby.html",
    explanation: Explanation(
      why: """
        A publication can't be created on a standby. A dump of a standby works, but long queries may be cancelled when \
        they conflict with what is replayed, and unlogged tables can't be read there.
        """,
      decides: "pg_is_in_recovery(). Rules out replication; a warning where only dump is under consideration.",
      fix: "Connect to the primary."),
    decide: .cluster { pair in
      guard try pair.source.server.value.inRecovery else { return .passed("The source is a primary.") }
      let isDump = pair.options.method == .dump
      return .failed(
        isDump
          ? "The source is a standby: a dump may be cancelled."
          : "The source is a standby: it can't be published from.",
        [
          Finding(
            "source", "pg_is_in_recovery() is true",
            remediation: Remediation(
              isDump
                ? "Connect to the primary, or set max_standby_streaming_delay = -1 on the standby for the time of the dump."
                : "Connect to the primary, or choose --method dump.",
              paste: isDump ? "ALTER SYSTEM SET max_standby_streaming_delay = -1;\nSELECT pg_reload_conf();" : nil,
              at: isDump ? .source : nil))
        ], severity: isDump ? .warning : .blocker)
    })

  static let targetNotInRecovery = Rule(
    "target-not-in-recovery", "The target accepts writes",
    group: .server,
    documentation: "https://www.postgresql.org/docs/current/hot-standby.html",
    explanation: Explanation(
      why: """
        Nothing can be written to a standby. Sessions that are read-only by default can set that off, as migrate and \
        cutover do in their own; applications that connect to the target cannot write until somebody does.
        """,
      decides: """
        pg_is_in_recovery(). A warning where default_transaction_read_only is on, which some services set when storage \
        is full.
        """,
      fix: "Connect to the primary; free storage; reset default_transaction_read_only."),
    decide: .cluster { pair in
      if try pair.target.server.value.inRecovery {
        return .failed(
          "The target is a standby: it accepts no writes.",
          [
            Finding(
              "target", "pg_is_in_recovery() is true",
              remediation: Remediation(
                "Connect to the primary, or promote the target.", paste: "SELECT pg_promote();", at: .target))
          ])
      }
      if try pair.target.setting("default_transaction_read_only") == "on" {
        return .failed(
          "Sessions on the target are read-only by default; those of this program set that off.",
          [
            Finding(
              "setting default_transaction_read_only", "it is on", evidence: ["default_transaction_read_only": "on"],
              remediation: pair.target.resettingReadOnly)
          ], severity: .warning)
      }
      return .passed("The target accepts writes.")
    })
}

extension ClusterSnapshot {
  /// How `default_transaction_read_only` is reset where it was set.
  fileprivate var resettingReadOnly: Remediation {
    let name = "default_transaction_read_only"
    let text = "Find out who set it (some services do when storage is full), then reset it."
    let role = me.ifKnown.map { quotedIdentifier($0.rolname) }
    let database: String? = if case .connected(let facts) = connection { quotedIdentifier(facts.database) } else { nil }
    switch (settings.ifKnown?.first { $0.name == name }?.source, role, database) {
    case ("user", let role?, _):
      return Remediation(text, paste: "ALTER ROLE \(role) RESET \(name);", at: .target)
    case ("database", _, let database?):
      return Remediation(text, paste: "ALTER DATABASE \(database) RESET \(name);", at: .target)
    case ("database user", let role?, let database?):
      return Remediation(text, paste: "ALTER ROLE \(role) IN DATABASE \(database) RESET \(name);", at: .target)
    case ("client", _, _):
      return Remediation("Take it out of --target, or of PGOPTIONS.")
    default:
      return Remediation(text, paste: "ALTER SYSTEM RESET \(name);\nSELECT pg_reload_conf();", at: .target)
    }
  }
}
