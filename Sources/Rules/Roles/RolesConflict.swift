import Catalog

extension Rule {
  static let rolesConflict = Rule(
    "roles-conflict", "Roles that both sides have may do the same",
    group: .roles, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/role-attributes.html",
    explanation: Explanation(
      why: """
        A role that the target has already is left as it is. If it has other attributes or settings or is a member of \
        fewer roles, its sessions fail after the move, or may do more than they should.
        """,
      decides: """
        Each role that a selected database needs and that the target has too has the same LOGIN, SUPERUSER, INHERIT, \
        CREATEDB, CREATEROLE, REPLICATION and BYPASSRLS there, the same settings (ALTER ROLE … SET; of customized \
        options only that they are set), and is a member of the same roles, as far as the target has them; from 16 on, \
        with the same INHERIT and SET. The roles of this check, those of a provider and the \
        superuser that initdb made do not count.
        """,
      fix: "Alter the role on the target, unless it is another one that merely has the same name."),
    decide: .cluster { pair in
      let there = Dictionary(
        try pair.target.roles.value.map { ($0.rolname.nameBytes, $0) }, uniquingKeysWith: { first, _ in first })
      let memberships = try pair.missingMemberships(of: there)
      let settings = try (byRole(pair.source.roleSettings.value), byRole(pair.target.roleSettings.value))
      var conflicting = 0
      var findings: [Finding] = []
      for (role, other) in try pair.rolesOfBothSides(there) {
        let own =
          [role.difference(from: other)].compactMap(\.self) + (memberships[role.rolname.nameBytes] ?? [])
          + differences(
            of: role.rolname, settings.0[role.rolname.nameBytes] ?? [], settings.1[role.rolname.nameBytes] ?? [])
        conflicting += own.isEmpty ? 0 : 1
        findings += own
      }
      guard !findings.isEmpty else { return .passed("Roles that both sides have may do the same.") }
      return .failed(
        "\(conflicting.counted("role")) may do something else on the target.", Array(findings.prefix(100)))
    })
}

extension ClusterPair {
  /// Those that selected databases need, that are to be altered by no other tool, and how they are on the target.
  fileprivate func rolesOfBothSides(_ there: [[UInt8]: Role]) throws(Undetermined) -> [(RoleReference, Role)] {
    let connected = [try source.me.value.rolname, try target.me.value.rolname]
    var seen: Set<[UInt8]> = []
    return try neededRoles().compactMap { role in
      guard seen.insert(role.rolname.nameBytes).inserted, !role.isPredefined, !connected.containsName(role.rolname),
        !options.excludedRoles.containsName(role.rolname), let other = there[role.rolname.nameBytes]
      else { return nil }
      return (role, other)
    }
  }

  /// By member: what it is a member of on the source, and not or with less on the target.
  fileprivate func missingMemberships(of there: [[UInt8]: Role]) throws(Undetermined) -> [[UInt8]: [Finding]] {
    let existing = Dictionary(
      try target.memberships.value.map { ([$0.role.nameBytes, $0.member.nameBytes], $0) },
      uniquingKeysWith: { first, _ in first })
    let predefined = Set(try target.predefinedRoles.value.map(\.rolname.nameBytes))
    let hasOptions = try target.version.major >= 16
    var missing: [[UInt8]: [Finding]] = [:]
    // Who may only administer a role, as who has created it from 16 on, gains nothing from it.
    for membership in try source.memberships.value where membership.inheritOption || membership.setOption {
      let role = membership.role.nameBytes
      guard let member = there[membership.member.nameBytes], !member.rolsuper,
        there[role] != nil || predefined.contains(role),
        !Provider.ownedRoles.contains(membership.role), !options.excludedRoles.containsName(membership.role)
      else { continue }
      let other = existing[[role, membership.member.nameBytes]]
      guard let finding = membership.finding(other, hasOptions: hasOptions) else { continue }
      missing[membership.member.nameBytes, default: []].append(finding)
    }
    return missing
  }
}

extension RoleReference {
  fileprivate func difference(from other: Role) -> Finding? {
    let differences = [
      ("LOGIN", rolcanlogin, other.rolcanlogin), ("SUPERUSER", rolsuper, other.rolsuper),
      ("INHERIT", rolinherit, other.rolinherit), ("CREATEDB", rolcreatedb, other.rolcreatedb),
      ("CREATEROLE", rolcreaterole, other.rolcreaterole), ("REPLICATION", rolreplication, other.rolreplication),
      ("BYPASSRLS", rolbypassrls, other.rolbypassrls),
    ].filter { $0.1 != $0.2 }
    guard !differences.isEmpty else { return nil }
    let wanted = differences.map { $0.1 ? $0.0 : "NO\($0.0)" }
    return Finding(
      "role \(quotedIdentifier(rolname))",
      "on the source it is \(wanted.listed(atMost: 9)), on the target "
        + differences.map { $0.2 ? $0.0 : "NO\($0.0)" }.listed(atMost: 9),
      remediation: Remediation(
        "Alter it on the target, if it is the same role.",
        paste: "ALTER ROLE \(quotedIdentifier(rolname)) \(wanted.joined(separator: " "));", at: .target))
  }
}

extension Membership {
  private var options: [(name: String, isOn: Bool)] {
    [("ADMIN", adminOption), ("INHERIT", inheritOption), ("SET", setOption)]
  }

  /// nil where `other`, that of the target, gives no less.
  fileprivate func finding(_ other: Membership?, hasOptions: Bool) -> Finding? {
    let lacking = zip(options, other?.options ?? []).filter { $0.isOn && !$1.isOn }.map(\.0.name)
    guard other == nil || !lacking.isEmpty else { return nil }
    let (group, name) = (quotedIdentifier(role), quotedIdentifier(member))
    let grant: String
    if hasOptions {
      let wanted = options.filter { $0.name != "ADMIN" || $0.isOn }.map { "\($0.name) \($0.isOn ? "TRUE" : "FALSE")" }
      grant = "GRANT \(group) TO \(name) WITH \(wanted.joined(separator: ", "));"
    } else if lacking == ["INHERIT"] {
      grant = "ALTER ROLE \(name) INHERIT;"
    } else {
      grant = "GRANT \(group) TO \(name)\(adminOption ? " WITH ADMIN OPTION" : "");"
    }
    return Finding(
      "role \(name)",
      other == nil
        ? "on the source it is a member of \(group), on the target it is not"
        : "on the source it is a member of \(group) with \(lacking.listed()), on the target without",
      evidence: Dictionary(uniqueKeysWithValues: options.map { ($0.name, "\($0.isOn)") }),
      remediation: Remediation("Grant it on the target, if it is the same role.", paste: grant, at: .target))
  }
}

private func byRole(_ settings: [RoleSetting]) -> [[UInt8]: [RoleSetting]] {
  Dictionary(grouping: settings) { $0.rolname.nameBytes }
}

/// Of the settings of a role that both sides have.
private func differences(of role: String, _ own: [RoleSetting], _ there: [RoleSetting]) -> [Finding] {
  let name = quotedIdentifier(role)
  let changed = own.compactMap { setting -> Finding? in
    let other = there.first { $0.name.lowercased() == setting.name.lowercased() }
    guard other == nil || other?.value != setting.value else { return nil }
    let parameter = quotedParameter(setting.name)
    // A list is kept with the quotes of its elements, and would be one element as a literal.
    let assignment = setting.value.flatMap { value in
      listSettings.contains(setting.name.lowercased()) ? nil : "\(parameter) TO \(quotedLiteral(value))"
    }
    return Finding(
      "role \(name)",
      "on the source its setting \(setting.name) is \(setting.value ?? "set"), on the target "
        + (other.map { $0.value ?? "set" } ?? "not set"),
      remediation: Remediation(
        "Set it on the target, if it is the same role.",
        paste: assignment.map { "ALTER ROLE \(name) SET \($0);" }, at: assignment == nil ? nil : .target))
  }
  let more = there.filter { other in !own.contains { $0.name.lowercased() == other.name.lowercased() } }
  return changed
    + more.map {
      Finding(
        "role \(name)", "on the target its setting \($0.name) is \($0.value ?? "set"), on the source not set",
        remediation: Remediation(
          "Reset it on the target, if it is the same role.",
          paste: "ALTER ROLE \(name) RESET \(quotedParameter($0.name));", at: .target))
    }
}

/// Source: PostgreSQL's `guc_tables`, settings with GUC_LIST_QUOTE.
private let listSettings: Set = [
  "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
  "temp_tablespaces", "unix_socket_directories",
]
