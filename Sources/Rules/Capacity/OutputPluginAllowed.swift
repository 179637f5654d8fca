import Catalog

extension Rule {
  static let outputPluginAllowed = Rule(
    "output-plugin-allowed", "The source allows the output plugin pgoutput",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/runtime-config-client.html",
    explanation: Explanation(
      why:
        "Subscriptions stream through the output plugin pgoutput. A server that does not allow it refuses their slots.",
      decides: """
        output_plugin_libraries, where the server has this setting, names pgoutput. The setting is hidden from roles \
        without pg_read_all_settings; its default is fine, so a notice tells of that.
        """,
      fix: "Add pgoutput to output_plugin_libraries; a reload is enough."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let name = "output_plugin_libraries"
      guard let value = try pair.source.settingIfShown(name) else {
        let me = try pair.source.me.value
        guard !me.rolsuper, !me.inherits.contains("pg_read_all_settings"), try pair.source.version.mayLimitPlugins
        else { return .skipped("The source has no such limit.") }
        return .passed(
          "Not shown to this role; by default pgoutput is allowed.",
          notices: [
            Finding(
              "setting \(name)", "whether it was changed is hidden from this role",
              remediation: Remediation(
                "To be sure, let the role see it.",
                paste: "GRANT pg_read_all_settings TO \(quotedIdentifier(me.rolname));", at: .source))
          ])
      }
      let libraries = entries(of: value)
      guard !libraries.contains("pgoutput") else { return .passed("pgoutput is allowed.") }
      if try pair.databasesToReplicate() == 0 { return ClusterPair.nothingToReplicate }
      return .failed(
        libraries.isEmpty
          ? "No output plugin is allowed." : "pgoutput is not among the output plugins that are allowed.",
        [
          Finding(
            "setting \(name)", libraries.isEmpty ? "it is empty" : "it lacks pgoutput", evidence: [name: value],
            remediation: pair.source.reloading(name, toList: ["pgoutput"] + libraries, on: .source))
        ])
    })
}

extension ServerVersion {
  /// Whether it may have `output_plugin_libraries`, which came with minor releases.
  fileprivate var mayLimitPlugins: Bool {
    switch major {
    case ..<14: false
    case 14...15: true
    case 16: rawValue >= 160_015
    case 17: rawValue >= 170_011
    default: rawValue >= 180_006
    }
  }
}

/// The entries of a list as settings show it: separated by commas, quoted where they need it.
///
/// In `"pgoutput, test_decoding"` there is one entry, which names no library.
private func entries(of list: String) -> [String] {
  var entries: [String] = []
  var entry = ""
  var isQuoted = false
  for character in list + "," {
    switch character {
    case "\"": isQuoted.toggle()
    case "," where !isQuoted:
      if !entry.isEmpty { entries.append(entry) }
      entry = ""
    case " " where !isQuoted: break
    default: entry.append(character)
    }
  }
  return entries
}
