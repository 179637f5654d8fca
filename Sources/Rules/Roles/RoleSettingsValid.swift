import Catalog

extension Rule {
  static let roleSettingsValid = Rule(
    "role-settings-valid", "The target has the settings that roles and databases are given",
    group: .roles, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/sql-alterrole.html",
    explanation: Explanation(
      why: """
        ALTER ROLE … SET and ALTER DATABASE … SET fail for a setting that the target's version no longer has, and for \
        one that the target role may not give. Sessions then run without it.
        """,
      decides: """
        Each setting in pg_db_role_setting of the source, for all databases or a selected one, is in the target's \
        pg_settings, may be changed by sessions, and the target role may set it. Customized options are taken by a \
        superuser only, or where the role is granted to set them (15).
        """,
      fix: "Reset the setting on the source, or give it its new name on the target."),
    decide: .cluster { pair in
      let rows = try pair.source.storedSettings.value
      _ = try pair.target.settingNames.value
      var findings: [Finding] = []
      var seen: Set<String> = []
      for row in rows {
        var answer = try pair.target.answer(to: row.name, libraries: [])
        if row.name == "default_with_oids", try pair.target.version.major >= 12,
          ["on", "true", "yes", "1"].contains(row.value?.lowercased())
        {
          answer = .lacks
        }
        let message: String
        var remediation: Remediation?
        switch answer {
        case .takes, .mayRefuse: continue
        case .lacks: message = "the target has no such setting"
        case .fixed: message = "on the target no session may change it"
        case .refuses:
          message = "\(try pair.target.me.value.rolname) may not give it on the target"
          // One grant is enough for all that have it.
          if seen.insert(row.name.lowercased()).inserted { remediation = try pair.target.granting(row.name) }
        }
        if answer != .refuses {
          remediation = Remediation(
            "Reset it on the source" + (successors[row.name].map { "; on the target it is \($0)" } ?? "") + ".",
            paste: row.resets, at: .source)
        }
        findings.append(
          Finding(
            "setting \(row.name)", "\(message); \(row.holders) \(row.nRoles > 1 ? "have" : "has") it",
            evidence: ["database": row.datname ?? "all", "roles": "\(row.nRoles)"], remediation: remediation))
      }
      guard !findings.isEmpty else {
        return .passed("The target takes all settings of roles and databases.")
      }
      return .failed(
        "\(findings.count.counted("setting")) of roles and databases can't be given on the target.",
        Array(findings.prefix(100)))
    })
}

/// What became of settings that are gone.
let successors = [
  "force_parallel_mode": "debug_parallel_query", "min_parallel_relation_size": "min_parallel_table_scan_size",
]

extension StoredSetting {
  fileprivate var holders: String {
    let place = datname.map { " in database \(quotedIdentifier($0))" } ?? ""
    guard let first = roles.first else { return datname.map { "database \(quotedIdentifier($0))" } ?? "every role" }
    return "role \(quotedIdentifier(first))" + (nRoles > 1 ? " and \((nRoles -| 1).counted("other"))" : "") + place
  }

  fileprivate var resets: String {
    let setting = quotedParameter(name)
    guard !roles.isEmpty else {
      return datname.map { "ALTER DATABASE \(quotedIdentifier($0)) RESET \(setting);" }
        ?? "ALTER ROLE ALL RESET \(setting);"
    }
    let place = datname.map { " IN DATABASE \(quotedIdentifier($0))" } ?? ""
    return roles.map { "ALTER ROLE \(quotedIdentifier($0))\(place) RESET \(setting);" }.joined(separator: "\n")
  }
}
