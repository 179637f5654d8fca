import Catalog

extension Rule {
  static let functionSettingsValid = Rule(
    "function-settings-valid", "The target has the settings that functions run with",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/sql-createfunction.html",
    explanation: Explanation(
      why: """
        CREATE FUNCTION … SET fails for a setting that the target's version no longer has, and for one that the target \
        role may not set. With the function all that needs it fails to load.
        """,
      decides: """
        Each setting in proconfig of users' functions is in the target's pg_settings, may be changed by sessions, and \
        the target role may set it. A customized option takes a superuser, or a role that is granted to set it (15); \
        where an extension or a language of that name defines it, and on a service, that is only a warning.
        """,
      fix: "Reset the setting of the functions on the source, or let the target's role set it."),
    decide: .database { pair in
      let target = pair.clusters.target
      let source = try pair.snapshot(on: .source)
      let rows = try source.functionSettings.value
      _ = try target.settingNames.value
      guard !rows.isEmpty else { return .passed("The target takes the settings of all functions.") }
      let libraries = Set(
        (source.extensions.ifKnown ?? []).map(\.extname) + (source.languages.ifKnown ?? []).map(\.lanname)
          + ["plpgsql", "plperl", "pltcl", "plpython"])
      let routine = try pair.clusters.source.version.major >= 11 ? "ROUTINE" : "FUNCTION"
      var blocking: [Finding] = []
      var doubtful: [Finding] = []
      var count = 0
      for (name, functions) in Dictionary(grouping: rows, by: \.setting).sorted(by: { $0.key < $1.key }) {
        let answer = try target.answer(to: name, libraries: libraries)
        guard answer != .takes, let total = functions.first?.nTotal else { continue }
        count +|= total
        let me = try target.me.value.rolname
        for (index, function) in functions.enumerated() {
          let shown =
            "\(qualifiedIdentifier(function.nspname, function.proname))(\(function.arguments))"
          let reset = "ALTER \(routine) \(shown) RESET \(quotedParameter(name));"
          let message: String
          var remediation = Remediation(
            "Reset it on the source" + (successors[name].map { "; on the target it is \($0)" } ?? "") + ".",
            paste: reset, at: .source)
          switch answer {
          case .takes: continue
          case .lacks: message = "it sets \(name), which the target does not have"
          case .fixed: message = "it sets \(name), which no session may change on the target"
          case .refuses, .mayRefuse:
            message =
              answer == .refuses
              ? "it sets \(name), which \(me) may not set on the target"
              : "it sets \(name), which \(me) may have no right to set on the target"
            // One grant is enough for all functions that have it.
            if let grant = try target.granting(name) {
              remediation = index == 0 ? grant : Remediation("\(grant.text) See the first function that sets it.")
            }
          }
          let finding = Finding(
            "function \(shown)", message, evidence: ["setting": name], remediation: remediation)
          if answer == .mayRefuse { doubtful.append(finding) } else { blocking.append(finding) }
        }
      }
      guard count > 0 else { return .passed("The target takes the settings of all functions.") }
      return .failed(
        "\(count.counted("function")) can't be created with \(count == 1 ? "its" : "their") settings on the target.",
        Array((blocking + doubtful).prefix(100)), severity: blocking.isEmpty ? .warning : .blocker)
    })
}
