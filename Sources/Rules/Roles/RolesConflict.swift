import Catalog

extension Rule {
  static let rolesConflict = Rule(
    "roles-conflict", "Roles that both sides have may do the same",
    group: .roles, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/role-attributes.html",
    explanation: Explanation(
      why: """
        A role that the target has already is left as it is. If it has other attributes, its sessions fail after the \
        move, or may do more than they should.
        """,
      decides: """
        Each role that a selected database needs and that the target has too has the same LOGIN, SUPERUSER, INHERIT, \
        CREATEDB, CREATEROLE, REPLICATION and BYPASSRLS there. The roles of this check, those of a provider and the \
        superuser that initdb made do not count.
        """,
      fix: "Alter the role on the target, unless it is another one that merely has the same name."),
    decide: .cluster { pair in
      let connected = [try pair.source.me.value.rolname, try pair.target.me.value.rolname]
      let there = Dictionary(
        try pair.target.roles.value.map { ($0.rolname.nameBytes, $0) }, uniquingKeysWith: { first, _ in first })
      var seen: Set<[UInt8]> = []
      var findings: [Finding] = []
      for role in try pair.neededRoles() where seen.insert(role.rolname.nameBytes).inserted {
        guard !role.isPredefined, !connected.containsName(role.rolname),
          !pair.options.excludedRoles.containsName(role.rolname), let other = there[role.rolname.nameBytes]
        else { continue }
        let differences = [
          ("LOGIN", role.rolcanlogin, other.rolcanlogin), ("SUPERUSER", role.rolsuper, other.rolsuper),
          ("INHERIT", role.rolinherit, other.rolinherit), ("CREATEDB", role.rolcreatedb, other.rolcreatedb),
          ("CREATEROLE", role.rolcreaterole, other.rolcreaterole),
          ("REPLICATION", role.rolreplication, other.rolreplication),
          ("BYPASSRLS", role.rolbypassrls, other.rolbypassrls),
        ].filter { $0.1 != $0.2 }
        guard !differences.isEmpty else { continue }
        let wanted = differences.map { $0.1 ? $0.0 : "NO\($0.0)" }
        findings.append(
          Finding(
            "role \(quotedIdentifier(role.rolname))",
            "on the source it is \(wanted.listed(atMost: 9)), on the target "
              + differences.map { $0.2 ? $0.0 : "NO\($0.0)" }.listed(atMost: 9),
            remediation: Remediation(
              "Alter it on the target, if it is the same role.",
              paste: "ALTER ROLE \(quotedIdentifier(role.rolname)) \(wanted.joined(separator: " "));", at: .target)))
      }
      guard !findings.isEmpty else { return .passed("Roles that both sides have may do the same.") }
      return .failed(
        "\(findings.count.counted("role")) may do something else on the target.", Array(findings.prefix(100)))
    })
}
