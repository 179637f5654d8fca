import Catalog

extension Rule {
  static let timescaledb = Rule(
    "timescaledb", "TimescaleDB is of the same version on both sides",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/extend-extensions.html",
    explanation: Explanation(
      why: """
        A dump of hypertables holds TimescaleDB's own catalogs, whose form is that of one version: it can be restored \
        only under the same version of the extension, and between timescaledb_pre_restore() and \
        timescaledb_post_restore().
        """,
      decides: """
        Where the source database has hypertables, by the catalogs: chunks, or a list of hypertables that takes space: the version of timescaledb in the target database, or the one that \
        CREATE EXTENSION installs there, is the source's; otherwise it blocks. That the two functions have to be called \
        is a warning. Written after the extension's documentation; it was tested with stand-ins for it only.
        """,
      fix: "Update the extension on the source, or create the source's version on the target beforehand."),
    decide: .database { pair in
      guard let item = try pair.extensionsToMove().first(where: { $0.extname == "timescaledb" }) else {
        return .passed("The database has no timescaledb.")
      }
      let count = try pair.snapshot(on: .source).hypertables.value.hypertables
      guard count > 0 else { return .passed("There are no hypertables.") }
      let target = try pair.targetExtensions()["timescaledb"]?.extversion
      // Where it is not offered at all, extensions-available says so.
      let coming = try target ?? pair.clusters.target.defaultVersion(of: "timescaledb")?.version
      let evidence = ["source": item.extversion, "target": coming ?? "none", "hypertables": "\(count)"]
      if let coming, coming != item.extversion {
        let isOffered = try pair.clusters.target.availableExtensions.value.contains {
          $0.name == "timescaledb" && $0.version == item.extversion
        }
        let create = "CREATE EXTENSION timescaledb VERSION \(quotedLiteral(item.extversion));"
        return .failed(
          "\(count.counted("hypertable")), and another version of timescaledb on the target.",
          [
            Finding(
              "extension timescaledb", "version \(coming) on the target can't restore what \(item.extversion) dumps",
              evidence: evidence,
              remediation: isOffered
                ? Remediation(
                  "Create the source's version on the target.",
                  paste: target == nil ? create : "DROP EXTENSION timescaledb;\n\(create)", at: .target)
                : Remediation(
                  "Update the source's to the same version, in a new session.",
                  paste: "ALTER EXTENSION timescaledb UPDATE TO \(quotedLiteral(coming));", at: .source))
          ])
      }
      return .failed(
        "\(count.counted("hypertable")): a restore takes steps of its own.",
        [
          Finding(
            "extension timescaledb", "a plain restore leaves hypertables behind that do not work", evidence: evidence,
            remediation: Remediation(
              "Create the extension, call the first function before the restore and the second one after it.",
              paste: "SELECT timescaledb_pre_restore();\nSELECT timescaledb_post_restore();", at: .target))
        ], severity: .warning)
    })
}
