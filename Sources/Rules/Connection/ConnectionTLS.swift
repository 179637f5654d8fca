import Catalog

extension Rule {
  static let connectionTLS = Rule(
    "connection-tls", "The sessions are encrypted",
    group: .connection, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/libpq-ssl.html",
    explanation: Explanation(
      why: "Without TLS all that is moved can be read and changed on its way, and a server can be impersonated.",
      decides: """
        The sessions to both servers use TLS, or do not leave the host: a socket, or a loopback address. Whether the \
        server's certificate was verified is a matter of sslmode.
        """,
      fix: "Add sslmode=verify-full and sslrootcert to the connection string."),
    decide: .cluster { pair in
      var findings: [Finding] = []
      var messages: [String] = []
      for side in Side.allCases {
        let session = try pair[side].session(on: side)
        let isLocal = session.isLocal
        messages.append(
          "the \(side) \(session.isTLS ? "with TLS" : isLocal ? "on this host" : "without TLS")")
        guard !session.isTLS, !isLocal else { continue }
        findings.append(
          Finding(
            "\(side) \(pair[side].connectionString)", "the session is not encrypted",
            evidence: ["host": session.host, "port": session.port],
            remediation: Remediation(
              """
              Add sslmode=verify-full and sslrootcert, with the certificate of the authority, to the connection string \
              of the \(side); where the server offers no TLS, set ssl = on with a certificate there.
              """)))
      }
      let message = "Connected to \(messages.joined(separator: " and "))."
      return findings.isEmpty ? .passed(message) : .failed(message, findings)
    })
}

extension ClusterSnapshot {
  /// What the open session tells of itself.
  func session(on side: Side) throws(Undetermined) -> ConnectionFacts {
    guard case .connected(let facts) = connection else {
      throw Undetermined("the \(side) is not connected to", remedy: "See connection-\(side).")
    }
    return facts
  }
}

extension ConnectionFacts {
  /// Whether the session leads to this host, as far as the address that was given tells: a tunnel's end may be here.
  var isLocal: Bool { isSocket || host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
