import Catalog

extension Rule {
  static let targetOwnership = Rule(
    "target-ownership", "The target role may give objects to their owners",
    group: .privileges, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/app-pgrestore.html",
    explanation: Explanation(
      why: """
        Only a superuser, or a role that may SET ROLE to the owner, can give an object away. Where a single owner of \
        objects is out of reach, they are restored without owners: all of them belong to the target role.
        """,
      decides: """
        The target role is a superuser, or may set each role that owns something in the source database, or may make \
        itself a member: of one that it will create, and with CREATEROLE before 16 of any that is no superuser. If the \
        only owner out of reach is that of the database itself, which is to be created: notice. Roles of a provider do \
        not count.
        """,
      fix: "Grant the owners to the target role, or give the objects away after the move."),
    decide: .database { pair in
      let target = pair.clusters.target
      let me = try target.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      let there = Set(try target.roles.value.map(\.rolname.nameBytes))
      let role = quotedIdentifier(me.rolname)
      let option = try target.version.major >= 16 ? " WITH SET TRUE" : ""
      let refused = try pair.refusedOwners()
      guard !refused.isEmpty else { return .passed("\(me.rolname) may set every owner.") }
      let ofObjects = refused.count(where: \.isOwner)
      return .failed(
        ofObjects > 0
          ? "\(me.rolname) may not give objects to \(ofObjects.counted("owner")): everything will belong to \(me.rolname)."
          : "\(me.rolname) may not give the database to its owner: it will belong to \(me.rolname).",
        refused.prefix(100).map { owner in
          let exists = there.contains(owner.rolname.nameBytes)
          let grant = "GRANT \(quotedIdentifier(owner.rolname)) TO \(role)\(option);"
          return Finding(
            "role \(quotedIdentifier(owner.rolname))",
            exists ? "\(me.rolname) may not SET ROLE to it" : "the target lacks it",
            remediation: Remediation(
              "Make the target role a member of the owner.",
              paste: exists ? grant : "\(owner.createRole)\n\(grant)", at: .target))
        }, severity: ofObjects > 0 ? .warning : .notice)
    })
}

extension DatabasePair {
  /// The owners of objects, and of a database that is to be created, to which the target role, which is no superuser, can
  /// give nothing.
  func refusedOwners() throws(Undetermined) -> [RoleReference] {
    let target = clusters.target
    let me = try target.me.value
    let assumable = Set(try target.assumableRoles.value.filter(\.maySet).map(\.rolname.nameBytes))
    let there = Dictionary(
      try target.roles.value.map { ($0.rolname.nameBytes, $0) }, uniquingKeysWith: { first, _ in first })
    let mayJoinAll = try target.version.major < 16
    let createsDatabase = try database(on: .target) == nil
    return try neededRoles().filter { owner in
      guard owner.isOwner || owner.isDatabaseOwner && createsDatabase,
        !options.excludedRoles.containsName(owner.rolname)
      else { return false }
      let name = owner.rolname.nameBytes
      let mayJoin = me.rolcreaterole && (there[name].map { mayJoinAll && !$0.rolsuper } ?? true)
      return !assumable.contains(name) && !mayJoin
    }
  }
}
