import Catalog

extension Rule {
  static let subscriptionConnectivity = Rule(
    "subscription-connectivity", "The target can reach the source by its address",
    group: .connection, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/sql-createsubscription.html",
    explanation: Explanation(
      why: "A subscription is a connection that the target's server opens to the source, not one from this host.",
      decides: """
        The source was not reached by a socket or a loopback address while the target is on another host. Whether the \
        network and pg_hba.conf let the target in can't be seen from here: a notice tells what is needed.
        """,
      fix: "Connect to the source by an address that the target can reach too."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let source = try pair.source.session(on: .source)
      let target = try pair.target.session(on: .target)
      let place = source.isSocket ? "the socket in \(source.host)" : "\(source.host), port \(source.port)"
      if source.isLocal {
        guard !target.isLocal else {
          return .passed("Source and target are both reached on this host.")
        }
        return .failed(
          "The source is reached through \(place), which is another place for a target on another host.",
          [
            Finding(
              "source \(pair.source.connectionString)",
              "unless it runs on this host, the target at \(target.host) can't reach it by that address",
              evidence: ["host of the source": source.host, "host of the target": target.host],
              remediation: Remediation(
                """
                Name the source by an address that the target can reach too, or choose --method dump. pg_hba.conf of \
                the source has to let the target in.
                """))
          ])
      }
      return .passed(
        "The source has the address \(place).",
        notices: [
          Finding(
            "source \(pair.source.connectionString)",
            """
            the target's server has to reach \(place), and pg_hba.conf of the source has to let it in to the databases \
            to migrate: this can't be seen from here
            """,
            remediation: nil)
        ])
    })
}
