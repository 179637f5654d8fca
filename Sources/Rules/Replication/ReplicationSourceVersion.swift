import Catalog

extension Rule {
  static let replicationSourceVersion = Rule(
    "replication-source-version", "The source has logical replication (10 or newer)",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/10/release-10.html",
    explanation: Explanation(
      why: "Publications and subscriptions came with PostgreSQL 10.",
      decides: "server_version_num of both servers is at least 100000.",
      fix: "Use --method dump."),
    decide: .cluster { pair in
      let versions = [(Side.source, try pair.source.version), (.target, try pair.target.version)]
      let tooOld = versions.filter { $0.1.major < 10 }
      guard !tooOld.isEmpty else { return .passed("The source is \(versions[0].1).") }
      return .failed(
        "PostgreSQL before 10 has no logical replication.",
        tooOld.map { side, version in
          Finding(
            "\(side)", "it is PostgreSQL \(version)", evidence: ["server_version": "\(version)"],
            remediation: Remediation("Use --method dump."))
        })
    })
}
