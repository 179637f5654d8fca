import Catalog

extension Rule {
  static let targetOwnership = Rule(
    "target-ownership", "The target role may give objects to their owners",
    group: .privileges, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/app-pgrestore.html",
    explanation: Explanation(
      why: """
        Only a superuser, or a role that may SET ROLE to the owner, can give an object away. Restored without owners, \
        everything belongs to the target role.
        """,
      decides: """
        The target role is a superuser, or may set each role that owns something in the source database. Roles of a \
        provider and the superuser that initdb made do not count.
        """,
      fix: "Grant the owners to the target role, or give the objects away after the move."),
    decide: .database { pair in
      let target = pair.clusters.target
      let me = try target.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      let assumable = Set(try target.assumableRoles.value.filter(\.maySet).map(\.rolname.nameBytes))
      let there = Set(try target.roles.value.map(\.rolname.nameBytes))
      let role = quotedIdentifier(me.rolname)
      let option = try target.version.major >= 16 ? " WITH SET TRUE" : ""
      let owners = try pair.neededRoles().filter { $0.isOwner && !pair.options.excludedRoles.containsName($0.rolname) }
      let refused = owners.filter { !assumable.contains($0.rolname.nameBytes) }
      guard !refused.isEmpty else { return .passed("\(me.rolname) may set every owner.") }
      return .failed(
        "\(me.rolname) may not give objects to \(refused.count.counted("owner")): they will belong to \(me.rolname).",
        refused.prefix(100).map { owner in
          let exists = there.contains(owner.rolname.nameBytes)
          let grant = "GRANT \(quotedIdentifier(owner.rolname)) TO \(role)\(option);"
          return Finding(
            "role \(quotedIdentifier(owner.rolname))",
            exists ? "\(me.rolname) may not SET ROLE to it" : "the target lacks it",
            remediation: Remediation(
              "Make the target role a member of the owner.",
              paste: exists ? grant : "\(owner.createRole)\n\(grant)", at: .target))
        })
    })
}
