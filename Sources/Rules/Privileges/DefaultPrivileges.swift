import Catalog

extension Rule {
  static let defaultPrivileges = Rule(
    "default-privileges", "The target role may repeat ALTER DEFAULT PRIVILEGES",
    group: .privileges, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html",
    explanation: Explanation(
      why: """
        A dump sets default privileges for the roles that have them, which only a superuser and who has those roles' \
        privileges may do; restored without privileges, what is created later is granted to nobody.
        """,
      decides: """
        The target role is a superuser, or has each role that has default privileges in the source database: before 16 \
        as a member, since then as one that inherits.
        """,
      fix: "Grant those roles to the target role, or restore without privileges and set the defaults afterwards."),
    decide: .database { pair in
      let target = pair.clusters.target
      let me = try target.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      let roles = try pair.snapshot(on: .source).defaultPrivilegeRoles.value.filter {
        !pair.options.excludedRoles.containsName($0.rolname)
      }
      guard !roles.isEmpty else { return .passed("There are no default privileges.") }
      let alterable = Set(try target.assumableRoles.value.filter(\.mayAlterDefaults).map(\.rolname.nameBytes))
      let refused = roles.filter { !alterable.contains($0.rolname.nameBytes) }
      guard !refused.isEmpty else {
        return .passed("\(me.rolname) may set the default privileges of \(roles.count.counted("role")).")
      }
      let there = Dictionary(
        try target.roles.value.map { ($0.rolname.nameBytes, $0) }, uniquingKeysWith: { first, _ in first })
      let option = try target.version.major >= 16 ? " WITH INHERIT TRUE" : ""
      return .failed(
        "\(me.rolname) may not set the default privileges of \(refused.count.counted("role")).",
        refused.prefix(100).map { role in
          let other = there[role.rolname.nameBytes]
          // Such a role is for superusers to grant, and managed services grant it to nobody.
          let isGrantable = other != nil && other?.rolsuper == false
          let grant = "GRANT \(quotedIdentifier(role.rolname)) TO \(quotedIdentifier(me.rolname))\(option);"
          return Finding(
            "role \(quotedIdentifier(role.rolname))",
            other == nil ? "the target lacks it" : "\(me.rolname) may not alter its default privileges",
            evidence: ["entries": "\(role.entries)"],
            remediation: Remediation(
              isGrantable
                ? "Grant it to the target role."
                : other == nil
                  ? "Create it on the target, and grant it to the target role."
                  : "Restore with --no-privileges, or leave these statements out, and set the defaults for other roles.",
              paste: isGrantable ? grant : nil, at: isGrantable ? .target : nil))
        })
    })
}
