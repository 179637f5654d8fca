import Catalog

extension Rule {
  static let connectionPooler = Rule(
    "connection-pooler", "The connections lead to the servers themselves",
    group: .connection, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/protocol-replication.html",
    explanation: Explanation(
      why: """
        Most connection poolers do not pass on the replication protocol, which a subscription speaks to its source, and \
        one that gives out a server for each transaction takes from pg_dump and pg_restore what they have set.
        """,
      decides: """
        The server starts a session with the settings that it is asked to start with, which poolers leave out; and the \
        host is not one of those that Neon and Supabase give to their poolers.
        """,
      fix: "Name the host and port of the server itself."),
    decide: .cluster { pair in
      var findings: [Finding] = []
      for side in Side.allCases {
        let session = try pair[side].session(on: side)
        let isKnown = session.host.isOfPooler
        guard try isKnown || !pair[side].sessionStart.value.heedsSettings else { continue }
        findings.append(
          Finding(
            "\(side) \(pair[side].connectionString)",
            isKnown ? "the host is that of a pooler" : "a session does not start with the settings that it asks for",
            evidence: ["host": session.host, "port": session.port],
            remediation: Remediation(
              side == .source
                ? "Name the server itself: the target's subscription has to reach it without a pooler."
                : "Name the server itself.")))
      }
      guard !findings.isEmpty else { return .passed("Nothing looks like a connection pooler.") }
      let sides = findings.count == 2 ? "Both servers are" : "The \(findings[0].object.prefix { $0 != " " }) is"
      return .failed("\(sides) reached through a connection pooler, as it seems.", findings)
    })
}

extension String {
  /// Source: the documentation of Neon ("Connection pooling") and of Supabase ("Connect to your database").
  fileprivate var isOfPooler: Bool {
    let host = lowercased()
    return host.hasSuffix(".pooler.supabase.com") || host.hasSuffix(".neon.tech") && host.contains("-pooler.")
  }
}
