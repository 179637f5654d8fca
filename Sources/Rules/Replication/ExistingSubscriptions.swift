import Catalog

extension Rule {
  static let existingSubscriptions = Rule(
    "existing-subscriptions", "Neither database is a subscriber already",
    group: .replication, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/sql-altersubscription.html",
    explanation: Explanation(
      why: """
        What a subscription brings to the source goes on coming to the source: it has to be moved at cutover. A dump \
        by a superuser carries it, with the connection string and a password that is in there, and restores it \
        disabled. A subscription in the target database writes there at the same time as the move does.
        """,
      decides: "pg_subscription has no row for the database on either side.",
      fix: """
        Plan when the subscription of the source is to be moved, and restore without subscriptions. Drop one that an \
        earlier attempt has left in the target.
        """),
    decide: .database { pair in
      func subscriptions(on side: Side) throws(Undetermined) -> [Subscription] {
        guard try pair.clusters[side].version.major >= 10 else { return [] }
        return try pair.clusters[side].subscriptions.value.filter { $0.datname.isSameName(as: pair.name) }
      }
      let (own, waiting) = (try subscriptions(on: .source), try subscriptions(on: .target))
      guard !own.isEmpty || !waiting.isEmpty else { return .passed("Neither side has a subscription.") }
      let findings =
        own.map {
          $0.finding(
            "the source receives rows by it, and will go on to", on: .source,
            Remediation("Restore without subscriptions, and make it anew on the target at cutover."))
        }
        + waiting.map {
          $0.finding(
            $0.subname.isOurs
              ? "it is of an attempt that is under way or was given up" : "it writes into the target database",
            on: .target,
            Remediation(
              $0.subname.isOurs
                ? "If no attempt is under way, drop it."
                : "Drop it, or move the database to one without subscriptions.",
              paste: "DROP SUBSCRIPTION \(quotedIdentifier($0.subname));", at: .target))
        }
      return .failed(
        waiting.isEmpty
          ? "The source is itself a subscriber, by \(own.count.counted("subscription"))."
          : "The target database has \(waiting.count.counted("subscription")).", Array(findings.prefix(100)))
    })
}

extension Subscription {
  fileprivate func finding(_ message: String, on side: Side, _ remediation: Remediation) -> Finding {
    var evidence = ["side": side.rawValue, "enabled": subenabled ? "yes" : "no"]
    evidence["slot"] = subslotname
    return Finding(
      "subscription \(quotedIdentifier(subname))", message, evidence: evidence, remediation: remediation)
  }
}
