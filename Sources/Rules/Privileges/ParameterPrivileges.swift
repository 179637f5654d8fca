import Catalog

extension Rule {
  static let parameterPrivileges = Rule(
    "parameter-privileges", "Privileges for settings are repeated by hand",
    group: .privileges, severity: .notice,
    documentation: "https://www.postgresql.org/docs/current/sql-grant.html",
    explanation: Explanation(
      why: """
        What a role may do with settings by GRANT … ON PARAMETER belongs to the cluster: no database's dump carries \
        it, and what the role sets fails on the target.
        """,
      decides: """
        It always passes, with a notice for each setting that a role of the source may set, or alter for the system, \
        and the same role of the target may not.
        """,
      fix: "Grant the same on the target, 15 or later."),
    decide: .cluster { pair in
      let there = try pair.target.parameterPrivileges.value
      let hasPrivileges = try pair.target.version.major >= 15
      let missing = try pair.source.parameterPrivileges.value.filter { !Provider.ownedRoles.contains($0.rolname) }
        .compactMap { item -> ParameterPrivilege? in
          var item = item
          for other in there where other.parname == item.parname && other.rolname.isSameName(as: item.rolname) {
            item.privileges.removeAll(where: other.privileges.contains)
          }
          return item.privileges.isEmpty ? nil : item
        }
      guard !missing.isEmpty else { return .passed("The target lacks no privilege for a setting.") }
      return .passed(
        "\(missing.count.counted("privilege")) for settings \(missing.count == 1 ? "is" : "are") to be granted.",
        notices: missing.prefix(100).map { item in
          let role = quotedIdentifier(item.rolname)
          // A setting of an extension has two names.
          let name = item.parname.split(separator: ".").map { quotedIdentifier(String($0)) }.joined(separator: ".")
          let privileges = item.privileges.joined(separator: ", ")
          return Finding(
            "role \(role)", "it may \(item.privileges.listed()) \(name) on the source, not on the target",
            remediation: Remediation(
              hasPrivileges
                ? "Grant it on the target." : "The target has no such privileges before 15: a superuser has to set it.",
              paste: hasPrivileges ? "GRANT \(privileges) ON PARAMETER \(name) TO \(role);" : nil,
              at: hasPrivileges ? .target : nil))
        })
    })
}
