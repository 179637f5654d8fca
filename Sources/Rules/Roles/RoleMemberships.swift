import Catalog

extension Rule {
  static let roleMemberships = Rule(
    "role-memberships", "Memberships of the roles to be created hold on the target as they do on the source",
    group: .roles, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/role-membership.html",
    explanation: Explanation(
      why: """
        From 16 on, each membership has a grantor and the options ADMIN, INHERIT and SET. Older versions know ADMIN \
        alone: there a member can always set the role, and inherits by its own attribute. A role that the target's \
        version does not bring along (pg_maintain before 17) can have no members.
        """,
      decides: """
        Each role of the source to be created on the target, and each role that it is a member of or that is a member \
        of it: the target has or gets both; its version can give the same options; and the target role can grant the \
        membership (from 16 on: with ADMIN on the role, or as its creator). That an older source has roles with \
        CREATEROLE is a notice: from 16 on these administer only roles that they have ADMIN on. Excluded roles and \
        those of a provider do not count.
        """,
      fix: "Change the member's attribute INHERIT, or grant what the predefined role allows one by one."),
    decide: .cluster { pair in
      let memberships = try RepeatedMemberships(pair)
      guard memberships.mayCreate else {
        return .skipped("\(memberships.me) lacks permission to create roles: see roles-missing.")
      }
      let findings = try memberships.absent + memberships.changed + memberships.refused
      let notices = try memberships.creators()
      guard findings.isEmpty else {
        return .failed(
          "\(findings.count.counted("membership")) cannot be repeated as on the source.",
          Array((findings + notices).prefix(100)))
      }
      let count = memberships.repeated.count
      return .passed(
        count == 0 ? "No memberships need to be repeated." : "\(count.counted("membership")) can be repeated.",
        notices: Array(notices.prefix(100)))
    })
}

/// The memberships that a migration repeats, as one of their two roles is created by it.
private struct RepeatedMemberships {
  let me: String
  let mayCreate: Bool
  let repeated: [Membership]
  let absent: [Finding]
  private let pair: ClusterPair
  private let isSuperuser: Bool
  private let there: [[UInt8]: Role]
  private let roles: [[UInt8]: Role]
  private let administered: Set<[UInt8]>

  init(_ pair: ClusterPair) throws(Undetermined) {
    self.pair = pair
    let target = pair.target
    let connected = try target.me.value
    me = connected.rolname
    isSuperuser = connected.rolsuper
    mayCreate = connected.rolsuper || connected.rolcreaterole
    there = Dictionary(try target.roles.value.map { ($0.rolname.nameBytes, $0) }, uniquingKeysWith: { $1 })
    roles = Dictionary(try pair.source.roles.value.map { ($0.rolname.nameBytes, $0) }, uniquingKeysWith: { $1 })
    let predefined = Set(try target.predefinedRoles.value.map(\.rolname.nameBytes))
    administered = administeredRoles(by: me, try target.memberships.value)
    let excluded = pair.options.excludedRoles
    func isMigrated(_ name: String) -> Bool {
      !excluded.containsName(name) && !Provider.ownedRoles.contains(name)
    }
    var repeated: [Membership] = []
    var absent: [String: [String]] = [:]
    for membership in try pair.source.memberships.value where isMigrated(membership.member) {
      let role = membership.role
      guard !role.hasPrefix("pg_") else {
        if !predefined.contains(role.nameBytes) {
          absent[role, default: []].append(membership.member)
        } else if there[membership.member.nameBytes] == nil {
          repeated.append(membership)
        }
        continue
      }
      guard isMigrated(role), there[role.nameBytes] == nil || there[membership.member.nameBytes] == nil else {
        continue
      }
      repeated.append(membership)
    }
    self.repeated = repeated
    self.absent = absent.sorted { $0.key < $1.key }.map { role, members in
      Finding(
        "role \(quotedIdentifier(role))",
        "the target's version has no such role; \(members.map(quotedIdentifier).listed()) "
          + "\(members.count == 1 ? "is a member" : "are members") of it on the source",
        evidence: ["members": "\(members.count)"],
        remediation: Remediation(
          "Grant on the target what the role allows, one by one, as far as that version can."))
    }
  }

  /// Whose options an older target does not know.
  var changed: [Finding] {
    get throws(Undetermined) {
      guard try pair.source.version.major >= 16, try pair.target.version.major < 16 else { return [] }
      return repeated.compactMap { membership in
        let inherits = roles[membership.member.nameBytes]?.rolinherit ?? true
        let (group, member) = (quotedIdentifier(membership.role), quotedIdentifier(membership.member))
        func finding(_ message: String, _ text: String, _ paste: String? = nil) -> Finding {
          Finding(
            "role \(member)", message,
            evidence: ["INHERIT": "\(membership.inheritOption)", "SET": "\(membership.setOption)"],
            remediation: Remediation(text, paste: paste, at: paste == nil ? nil : .target))
        }
        if !membership.inheritOption && !membership.setOption {
          // With CREATEROLE it administers the role by that.
          guard membership.adminOption, roles[membership.member.nameBytes]?.rolcreaterole != true else { return nil }
          return finding(
            "on the source it only administers \(group); before 16, ADMIN comes with a full membership, which is not granted",
            "Grant it on the target, if the member is to have the rights of the role too.",
            "GRANT \(group) TO \(member) WITH ADMIN OPTION;")
        }
        if !membership.setOption {
          return finding(
            "on the source it is a member of \(group) without SET; before 16 it can set the role",
            "Revoke it on the target, and grant what the role allows one by one, if that is too much.",
            "REVOKE \(group) FROM \(member);")
        }
        if !membership.inheritOption && inherits {
          return finding(
            "on the source it is a member of \(group) without INHERIT; before 16 it has the rights of the role at all times",
            "Take the attribute INHERIT from it on the target, if that is too much: it holds for all its memberships.",
            "ALTER ROLE \(member) NOINHERIT;")
        }
        if membership.inheritOption && !inherits {
          return finding(
            "on the source it is a member of \(group) with INHERIT, though it is NOINHERIT; before 16 it has to set the role",
            "Give it the attribute INHERIT on the target: it holds for all its memberships.",
            "ALTER ROLE \(member) INHERIT;")
        }
        return nil
      }
    }
  }

  /// That the target role cannot grant.
  var refused: [Finding] {
    get throws(Undetermined) {
      guard !isSuperuser else { return [] }
      let hasOptions = try pair.target.version.major >= 16
      return repeated.compactMap { membership in
        let existing = there[membership.role.nameBytes]
        // Its creator administers it.
        guard existing != nil || membership.role.hasPrefix("pg_") else { return nil }
        let isSuperuserRole = existing?.rolsuper == true
        guard isSuperuserRole || hasOptions && !administered.contains(membership.role.nameBytes) else { return nil }
        let group = quotedIdentifier(membership.role)
        return Finding(
          "role \(quotedIdentifier(membership.member))",
          isSuperuserRole
            ? "\(me) lacks permission to grant it \(group), which is a superuser"
            : "\(me) lacks permission to grant it \(group), as it has no ADMIN option on it",
          remediation: isSuperuserRole
            ? Remediation("Have a superuser grant it after the migration.")
            : Remediation(
              "Let the target role administer it.",
              paste: "GRANT \(group) TO \(quotedIdentifier(me)) WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;", at: .target
            ))
      }
    }
  }

  /// Before 16, CREATEROLE alone administers every role that is no superuser (release notes of 16).
  func creators() throws(Undetermined) -> [Finding] {
    guard try pair.source.version.major < 16, try pair.target.version.major >= 16 else { return [] }
    return roles.values.filter {
      $0.rolcreaterole && !$0.rolsuper && !Provider.ownedRoles.contains($0.rolname)
        && !pair.options.excludedRoles.containsName($0.rolname)
    }.sorted { $0.rolname < $1.rolname }.map { role in
      Finding(
        "role \(quotedIdentifier(role.rolname))",
        "it has CREATEROLE; from 16 on it administers only roles that it creates or has ADMIN on",
        remediation: Remediation("On the target, grant it the roles that it is to administer WITH ADMIN TRUE."))
    }
  }
}

/// What it has ADMIN on by itself, or by a role whose privileges it has.
private func administeredRoles(by me: String, _ memberships: [Membership]) -> Set<[UInt8]> {
  let byMember = Dictionary(grouping: memberships) { $0.member.nameBytes }
  var administered: Set<[UInt8]> = []
  var inherited: Set = [me.nameBytes]
  var waiting = [me.nameBytes]
  while let member = waiting.popLast() {
    for membership in byMember[member] ?? [] {
      if membership.adminOption { administered.insert(membership.role.nameBytes) }
      if membership.inheritOption, inherited.insert(membership.role.nameBytes).inserted {
        waiting.append(membership.role.nameBytes)
      }
    }
  }
  return administered
}
