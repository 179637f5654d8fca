import Catalog

extension Rule {
  static let foreignServers = Rule(
    "foreign-servers", "Foreign servers and user mappings come along as they are",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/sql-createusermapping.html",
    explanation: Explanation(
      why: """
        The target reaches foreign servers from where it is: a loopback address or a socket means the target itself \
        there. The options of a user mapping, its password among them, are left out of a dump by a role that may not \
        see them. The rows of foreign tables stay where they are.
        """,
      decides: """
        No foreign server is named by a loopback address, a socket's folder or no host at all (postgres_fdw, \
        dblink_fdw), and there is no user mapping without options that the source role can see. That there are \
        foreign servers at all is a notice. Option values are not read.
        """,
      fix: "ALTER SERVER and CREATE USER MAPPING on the target, or dump as a superuser."),
    decide: .database { pair in
      let servers = try pair.snapshot(on: .source).foreignServers.value
      guard !servers.isEmpty else { return .passed("There are no foreign servers.") }
      let me = try pair.clusters.source.me.value
      let findings = servers.flatMap { $0.findings(me) }
      guard findings.isEmpty else {
        return .failed(
          "Foreign servers will not work on the target as they do on the source.", Array(findings.prefix(100)))
      }
      return .passed(
        "\(servers.count.counted("foreign server")): the target has to reach them.",
        notices: servers.prefix(100).map {
          Finding(
            $0.described, "the target has to reach it from where it is",
            evidence: ["wrapper": $0.fdwname, "foreign tables": "\($0.foreignTables)"],
            remediation: Remediation("Try it from the target; use ALTER SERVER there if it is to be reached otherwise.")
          )
        })
    })
}

extension ForeignServer {
  fileprivate var described: String { "foreign server \(quotedIdentifier(srvname))" }

  fileprivate func findings(_ me: CurrentRole) -> [Finding] {
    var findings: [Finding] = []
    if isLocal {
      findings.append(
        Finding(
          described, "it is on the source's own machine: on the target it would be the target's",
          evidence: ["wrapper": fdwname, "foreign tables": "\(foreignTables)"],
          remediation: Remediation("Give it the address at which the target will reach it.")))
    }
    // A superuser sees what there is: nothing, then.
    if optionlessMappings > 0, !me.rolsuper {
      findings.append(
        Finding(
          described, "options of its user mappings, and passwords among them, are hidden from \(me.rolname)",
          evidence: ["user mappings": "\(userMappings)", "without options": "\(optionlessMappings)"],
          remediation: Remediation("Dump as a superuser, or create these user mappings anew on the target.")))
    }
    return findings
  }
}
