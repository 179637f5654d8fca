import Catalog

extension Rule {
  static let replicationPrivileges = Rule(
    "replication-privileges", "The source role may replicate",
    group: .privileges, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-security.html",
    explanation: Explanation(
      why: """
        The target connects to the source as this role and streams changes from a slot. Without the right to do so \
        the slot is refused (42501).
        """,
      decides: """
        The source role is a superuser, or has the attribute REPLICATION, or is a member of rds_replication or \
        rds_superuser (RDS, Aurora). aiven_extras stands in for the rights that a publication needs, not for \
        REPLICATION: a server refuses slots and WAL senders to a role without it, whoever asks. The message says \
        whether aiven_extras is or can be installed in the database. A database without any table, sequence and large \
        object is not replicated.
        """,
      fix: "Give the role what it lacks, in the provider's way."),
    decide: .database { pair in
      let source = pair.clusters.source
      let me = try source.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      if me.rolreplication { return .passed("\(me.rolname) has REPLICATION.") }
      // Elsewhere a role of that name, from a dump perhaps, means nothing.
      let isRDS = [.rds, .aurora].contains(source.providerForWording)
      if isRDS, let role = ["rds_replication", "rds_superuser"].first(where: me.inherits.contains) {
        return .passed("\(me.rolname) is a member of \(role).")
      }
      if try pair.hasNothingToReplicate() { return DatabasePair.nothingToReplicate }
      let extras = try pair.aivenExtras()
      return .failed(
        "\(me.rolname) may not replicate.",
        [
          Finding(
            "role \(quotedIdentifier(me.rolname))", "it has neither REPLICATION nor a role that stands in for it",
            evidence: ["rolsuper": "false", "rolreplication": "false", "aiven_extras": extras],
            remediation: source.granting(replicationTo: me.rolname))
        ])
    })
}

extension ClusterSnapshot {
  fileprivate func granting(replicationTo role: String) -> Remediation {
    switch providerForWording {
    case .rds, .aurora:
      Remediation(
        "Grant the service's replication role.", paste: "GRANT rds_replication TO \(quotedIdentifier(role));",
        at: .source)
    case .heroku:
      Remediation("Heroku offers no logical replication to its customers: use --method dump.")
    default:
      Remediation(
        "Give the role the attribute; on 16 and newer by a role that has it itself.",
        paste: "ALTER ROLE \(quotedIdentifier(role)) REPLICATION;", at: .source)
    }
  }
}

extension DatabasePair {
  /// How it stands with `aiven_extras` in the source database, in words.
  fileprivate func aivenExtras() throws(Undetermined) -> String {
    let name = "aiven_extras"
    if try snapshot(on: .source).extensions.value.contains(where: { $0.extname == name }) {
      let use = try snapshot(on: .source).extensionUses.value.first { $0.extname == name }
      return use?.schemaUsable == true ? "installed" : "installed, but its schema may not be used by this role"
    }
    guard let offered = try clusters.source.defaultVersion(of: name) else { return "not offered" }
    let canCreate = try database(on: .source)?.canCreate ?? false
    switch try clusters.source.permission(toCreate: offered, in: self.name, mayCreateInDatabase: canCreate) {
    case .granted(let reason): return "can be installed: \(reason)"
    case .refused(let reason, _): return "offered, but \(reason)"
    }
  }
}
