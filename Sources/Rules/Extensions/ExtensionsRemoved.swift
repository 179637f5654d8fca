import Catalog

extension Rule {
  static let extensionsRemoved = Rule(
    "extensions-removed", "No extension is in use that PostgreSQL has given up",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/release/",
    explanation: Explanation(
      why: """
        Some modules of PostgreSQL itself ended with a major version. No package brings them back, so that the database \
        has to do without them before it is migrated.
        """,
      decides: """
        The target does not offer the extension, and is at least of the version that ended it: 10 for tsearch2, 11 for \
        chkpass, 12 for timetravel, 15 for Python 2 (plpythonu, plpython2u and the transforms for them), 17 for \
        adminpack and old_snapshot.
        """,
      fix: "Change over to the replacement that is named, then leave the extension out with --exclude-extension."),
    decide: .database { pair in
      let target = try pair.clusters.target.version
      let installed = try pair.targetExtensions()
      var findings: [Finding] = []
      for item in try pair.extensionsToMove() where installed[item.extname] == nil {
        guard let end = endedExtension(item.extname), target.major >= end.version,
          try pair.clusters.target.defaultVersion(of: item.extname) == nil
        else { continue }
        let name = quotedIdentifier(item.extname)
        let use = try? pair.dependents(on: item.extname)
        findings.append(
          Finding(
            "extension \(name)",
            "PostgreSQL \(end.version) ended it: \(end.replacement)\(use.map { "; \($0.description)" } ?? "")",
            evidence: ["installed on the source": item.extversion, "target version": "\(target)"].merging(
              use?.evidence ?? [:]
            ) { $1 },
            remediation: Remediation(
              """
              Rewrite what uses it, in the database and in applications; then leave it out with --exclude-extension \
              \(item.extname).
              """)))
      }
      guard !findings.isEmpty else { return .passed("None is in use that the target's version ended.") }
      return .failed("\(findings.count.counted("extension")) ended before the target's version.", findings)
    })
}

/// Source: release notes of 10, 11, 12, 15 and 17, "Migration".
private func endedExtension(_ name: String) -> (version: Int, replacement: String)? {
  switch name {
  case "tsearch2": (10, "text search is part of the server")
  case "chkpass": (11, "pgcrypto's crypt() takes its place")
  case "timetravel": (12, "triggers of one's own take its place")
  case "plpythonu", "plpython2u": (15, "plpython3u takes its place, for functions that run under Python 3")
  case "hstore_plpythonu", "hstore_plpython2u", "ltree_plpythonu", "ltree_plpython2u", "jsonb_plpythonu",
    "jsonb_plpython2u":
    (15, "the transform for plpython3u takes its place")
  case "adminpack": (17, "only old versions of pgAdmin used it")
  case "old_snapshot": (17, "the setting old_snapshot_threshold is gone too")
  default: nil
  }
}
