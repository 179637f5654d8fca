import Catalog

extension Rule {
  static let pgRestoreVersion = Rule(
    "pg-restore-version", "The pg_restore on this machine reads what its pg_dump writes",
    group: .tools,
    documentation: "https://www.postgresql.org/docs/current/app-pgrestore.html",
    explanation: Explanation(
      why: "A pg_restore that is older than the pg_dump may refuse its archive: “unsupported version in file header”.",
      decides: "pg_restore stands in the folder of the pg_dump that is chosen, and is not older.",
      fix: "Install both programs from one package, or name another folder with --pg-bin."),
    decide: .cluster { pair in
      guard let tools = try pair.chosenTools() else { return ClientTools.none }
      if let restore = tools.pgRestore, restore >= tools.pgDump {
        return .passed("pg_restore \(restore) in \(tools.folder).")
      }
      var evidence = ["pg_dump": "\(tools.pgDump)", "folder": tools.folder]
      evidence["pg_restore"] = tools.pgRestore.map { "\($0)" }
      return .failed(
        "There is no pg_restore that fits pg_dump \(tools.pgDump).",
        [
          Finding(
            "pg_restore",
            tools.pgRestore.map { "version \($0) is older than the pg_dump beside it" }
              ?? "the folder of pg_dump has none that runs",
            evidence: evidence,
            remediation: Remediation(
              "Install pg_restore \(tools.pgDump) beside pg_dump, or name another folder with --pg-bin."))
        ])
    })
}
