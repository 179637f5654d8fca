import Catalog

extension Rule {
  static let extensionPreload = Rule(
    "extension-preload", "Libraries that extensions need from the start of the server are loaded on the target",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SHARED-PRELOAD-LIBRARIES",
    explanation: Explanation(
      why: """
        Some extensions work only where their library is in shared_preload_libraries of the server. CREATE EXTENSION \
        fails without it, or what the extension offers does.
        """,
      decides: """
        shared_preload_libraries of the target names the library of every such extension of the source. For those that \
        can't even be created without it (citus, pg_cron, pg_stat_kcache, pgaudit, pglogical, timescaledb) and that the \
        target database lacks, it blocks. For the others (credcheck, pg_partman, pg_qualstats, pg_squeeze, \
        pg_stat_statements, pg_wait_sampling, pgsodium, set_user) it is a warning, unless the source does without too.
        """,
      fix: "Add the library to shared_preload_libraries in the provider's way, and restart the server."),
    decide: .database { pair in
      let name = "shared_preload_libraries"
      let needing = try pair.extensionsToMove().filter { Preloaded.library(of: $0.extname) != nil }
      guard !needing.isEmpty else { return .passed("No extension needs a library from the start of the server.") }
      let installed = try pair.targetExtensions()
      let target = pair.clusters.target
      let there = preloaded(try target.setting(name))
      let atSource = try pair.clusters.source.settingIfShown(name).map(preloaded)
      var blockers: [Finding] = []
      var warnings: [Finding] = []
      for item in needing {
        guard let library = Preloaded.library(of: item.extname), !there.contains(library) else { continue }
        let canBeCreated = !Preloaded.refusesCreation.contains(item.extname) || installed[item.extname] != nil
        let isMissed = atSource.map { $0.contains(library) } ?? (item.extname != "pg_partman")
        guard !canBeCreated || isMissed else { continue }
        let finding = Finding(
          "extension \(quotedIdentifier(item.extname))",
          canBeCreated
            ? "it does not work where \(library) is not loaded"
            : "it can't be created where \(library) is not loaded",
          evidence: [name: there.isEmpty ? "empty" : there.joined(separator: ", ")],
          remediation: target.preloading(library, besides: there))
        if canBeCreated { warnings.append(finding) } else { blockers.append(finding) }
      }
      let count = blockers.count + warnings.count
      guard count > 0 else { return .passed("\(needing.map(\.extname).listed()): loaded as far as it is needed.") }
      return .failed(
        "\(count.counted("extension")) \(count == 1 ? "lacks its" : "lack their") library on the target.",
        blockers + warnings, severity: blockers.isEmpty ? .warning : .blocker)
    })
}

/// Source: the documentation of each, and what CREATE EXTENSION does with Debian's packages for 15.
private enum Preloaded {
  static let refusesCreation: Set<String> = [
    "citus", "pg_cron", "pg_stat_kcache", "pgaudit", "pglogical", "timescaledb",
  ]
  private static let others: Set<String> = [
    "credcheck", "pg_partman", "pg_qualstats", "pg_squeeze", "pg_stat_statements", "pg_wait_sampling", "pgsodium",
    "set_user",
  ]

  static func library(of name: String) -> String? {
    guard refusesCreation.contains(name) || others.contains(name) else { return nil }
    return name == "pg_partman" ? "pg_partman_bgw" : name
  }
}

/// The names of libraries in a list of them, which may be quoted, and have a folder and a suffix.
private func preloaded(_ list: String) -> [String] {
  list.split(separator: ",").compactMap { item in
    let path = item.filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
    guard let file = path.split(separator: "/").last.map(String.init) else { return nil }
    return file.hasSuffix(".so") ? String(file.dropLast(3)) : file
  }
}

extension ClusterSnapshot {
  fileprivate func preloading(_ library: String, besides others: [String]) -> Remediation {
    let flags = ["pg_cron", "pgaudit", "pglogical"]
    switch providerForWording {
    case .cloudsql where flags.contains(library), .alloydb where flags.contains(library):
      let prefix = providerForWording == .cloudsql ? "cloudsql" : "alloydb"
      return Remediation(
        "Set the database flag; the instance restarts.", paste: "\(prefix).enable_\(library) = on", at: .setting)
    default:
      return changingWithRestart("shared_preload_libraries", toList: others + [library], on: .target)
    }
  }
}
