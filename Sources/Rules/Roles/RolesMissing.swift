import Catalog

extension Rule {
  static let rolesMissing = Rule(
    "roles-missing", "Every role that the database needs is on the target, or will be created",
    group: .roles,
    documentation: "https://www.postgresql.org/docs/current/app-pg-dumpall.html",
    explanation: Explanation(
      why: "Roles are no part of a database's dump, but its privileges and policies name them.",
      decides: """
        By pg_shdepend and pg_auth_members of the source: each role that owns something, is granted something or is \
        named in a policy, and the roles that it is a member of, exists on the target or the target role may create \
        it. A blocker where privileges or policies name it; else a warning, as everything can be restored without it. \
        Predefined roles and those of a provider do not count, nor the superuser that initdb made.
        """,
      fix: "Create the roles on the target beforehand, or give the target role CREATEROLE."),
    decide: .database { pair in
      let needed = try pair.neededRoles().filter { !$0.isPredefined }
      let there = Set(try pair.clusters.target.roles.value.map(\.rolname.nameBytes))
      let missing = needed.filter { !there.contains($0.rolname.nameBytes) }
      let me = try pair.clusters.target.me.value
      let mayCreate = me.rolsuper || me.rolcreaterole
      let excluded = missing.filter { pair.options.excludedRoles.containsName($0.rolname) && $0.isNamedInDump }
      let refused = mayCreate ? [] : missing.filter { !pair.options.excludedRoles.containsName($0.rolname) }
      if refused.isEmpty && excluded.isEmpty {
        guard !missing.isEmpty else { return .passed("The target has all \(needed.count.counted("role")).") }
        return .passed("\(me.rolname) will create \(missing.count.counted("role")).")
      }
      let blocking = refused.filter(\.isNamedInDump)
      let findings = (blocking + refused.filter { !$0.isNamedInDump } + excluded).prefix(100).map { role in
        let isExcluded = pair.options.excludedRoles.containsName(role.rolname)
        return Finding(
          "role \(quotedIdentifier(role.rolname))", "the target lacks it; on the source it \(role.uses)",
          evidence: ["excluded": "\(isExcluded)", "rolcreaterole": "\(me.rolcreaterole)"],
          remediation: Remediation(
            isExcluded
              ? "Do not leave it out, or revoke what it is granted; else its privileges are lost."
              : "Create it beforehand, as a role that may.",
            paste: isExcluded ? nil : role.createRole, at: isExcluded ? nil : .target))
      }
      let message =
        refused.isEmpty
        ? "\(excluded.count.counted("role")) left out by --exclude-role \(excluded.count == 1 ? "is" : "are") "
          + "granted privileges."
        : "The target lacks \(refused.count.counted("role")), and \(me.rolname) may not create roles."
      return .failed(message, findings, severity: blocking.isEmpty ? .warning : .blocker)
    })
}
