import Catalog

extension Rule {
  static let rolePasswords = Rule(
    "role-passwords", "Roles that log in keep their passwords",
    group: .roles, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/auth-password.html",
    explanation: Explanation(
      why: """
        A role without its password can't log in after the move. The server keeps a hash of it, which only a superuser \
        and who may read all data can read, and a hash of md5 is no good to a server that asks for SCRAM.
        """,
      decides: """
        For each role that a selected database needs, that logs in, and that the target lacks: the source's role is a \
        superuser or has the rights of pg_read_all_data, so that the hash can be carried; the hash is one of SCRAM, or \
        the target still makes those of md5. A role without a password is a notice; the role of the check does not \
        count. No hash is read, only its kind.
        """,
      fix: "Set new passwords on the target, and tell those who log in."),
    decide: .cluster { pair in
      let there = Set(try pair.target.roles.value.map(\.rolname.nameBytes))
      let me = try pair.source.me.value
      var seen: Set<[UInt8]> = []
      let missing = try pair.neededRoles().filter {
        $0.rolcanlogin && !$0.isPredefined && !there.contains($0.rolname.nameBytes)
          && !pair.options.excludedRoles.containsName($0.rolname) && !me.rolname.isSameName(as: $0.rolname)
          && seen.insert($0.rolname.nameBytes).inserted
      }
      guard !missing.isEmpty else { return .passed("No role that logs in is to be created.") }
      func finding(_ role: RoleReference, _ message: String) -> Finding {
        Finding(
          "role \(quotedIdentifier(role.rolname))", message,
          remediation: Remediation(
            "Once it is there, set a password as the role itself or as an administrator: \\password."))
      }
      guard me.readsPasswords else {
        return .failed(
          "\(me.rolname) may not read the source's passwords: \(missing.count.counted("role")) will have none.",
          missing.prefix(100).map { finding($0, "it is created without a password") })
      }
      let kinds = Dictionary(
        try pair.source.rolePasswords.value.map { ($0.rolname.nameBytes, $0.kind) },
        uniquingKeysWith: { first, _ in first })
      let wantsSCRAM = try pair.target.setting("password_encryption") == "scram-sha-256"
      var findings: [Finding] = []
      var notices: [Finding] = []
      for role in missing {
        switch kinds[role.rolname.nameBytes] {
        case .scram?: break
        case .md5? where !wantsSCRAM: break
        case .md5?:
          findings.append(finding(role, "its password is kept as a hash of md5, with which SCRAM does not let it in"))
        case .other?: findings.append(finding(role, "its password is kept in a form that the target does not take"))
        // A membership alone makes it needed.
        case .none?, nil: notices.append(finding(role, "no password of it is known"))
        }
      }
      guard findings.isEmpty else {
        return .failed(
          "\(findings.count.counted("role")) to be created can't log in with the password of the source.",
          Array((findings + notices).prefix(100)))
      }
      return .passed("The passwords of the roles to be created can be carried.", notices: Array(notices.prefix(100)))
    })
}
