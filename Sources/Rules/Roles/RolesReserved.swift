import Catalog

extension Rule {
  static let rolesReserved = Rule(
    "roles-reserved", "The target can have the roles under their names and with their attributes",
    group: .roles,
    documentation: "https://www.postgresql.org/docs/current/predefined-roles.html",
    explanation: Explanation(
      why: "Names that begin with pg_ are the server's own, and only a superuser gives some attributes.",
      decides: """
        A role whose name begins with pg_ and that privileges or policies name, but that the target does not bring \
        along: blocker. A role to be created with SUPERUSER, REPLICATION or BYPASSRLS that the target role may not \
        give (from 16 on, one with CREATEROLE gives REPLICATION and BYPASSRLS that it has itself): warning.
        """,
      fix: "Give the privileges to a role of another name; have a superuser give the attributes."),
    decide: .cluster { pair in
      let target = pair.target
      let me = try target.me.value
      let brought = Set(try target.predefinedRoles.value.map(\.rolname))
      let there = Set(try target.roles.value.map(\.rolname.nameBytes))
      let handsOn = try target.version.major >= 16
      var seen: Set<[UInt8]> = []
      var reserved: [Finding] = []
      var weakened: [Finding] = []
      let references = try pair.neededRoles()
      let named = Set(references.filter(\.isNamedInDump).map(\.rolname.nameBytes))
      for role in references where seen.insert(role.rolname.nameBytes).inserted {
        let name = "role \(quotedIdentifier(role.rolname))"
        if role.isPredefined {
          guard !brought.contains(role.rolname), named.contains(role.rolname.nameBytes) else { continue }
          reserved.append(
            Finding(
              name, "its name is reserved, and the target does not bring it along",
              remediation: Remediation(
                "Grant what it is granted to a role of another name, and revoke it from this one: "
                  + "DROP OWNED BY \(quotedIdentifier(role.rolname)) does so in each database.")))
        } else if !there.contains(role.rolname.nameBytes), !pair.options.excludedRoles.containsName(role.rolname),
          me.rolcreaterole, !me.rolsuper
        {
          let lost = [
            ("SUPERUSER", role.rolsuper), ("REPLICATION", role.rolreplication && !(handsOn && me.rolreplication)),
            ("BYPASSRLS", role.rolbypassrls && !(handsOn && me.rolbypassrls)),
          ].filter(\.1).map(\.0)
          guard !lost.isEmpty else { continue }
          weakened.append(
            Finding(
              name, "\(me.rolname) may not create it with \(lost.listed())", evidence: ["attributes": lost.listed()],
              remediation: Remediation(
                "Have a superuser create it beforehand, if it needs them on the target.",
                paste:
                  "\(role.createRole)\nALTER ROLE \(quotedIdentifier(role.rolname)) \(lost.joined(separator: " "));",
                at: .target)))
        }
      }
      if !reserved.isEmpty {
        return .failed(
          "\(reserved.count.counted("role")) can't exist on the target.", Array((reserved + weakened).prefix(100)))
      }
      guard weakened.isEmpty else {
        return .failed(
          "\(weakened.count.counted("role")) will be created with fewer attributes.", Array(weakened.prefix(100)),
          severity: .warning)
      }
      return .passed("No role that the databases need is reserved.")
    })
}
