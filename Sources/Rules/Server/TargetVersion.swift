import Catalog

extension Rule {
  static let targetVersion = Rule(
    "target-version", "The target's version is the same or newer",
    group: .server,
    documentation: "https://www.postgresql.org/docs/current/app-pgdump.html#PG-DUMP-NOTES",
    explanation: Explanation(
      why: "What pg_dump writes for a server need not load into an older major version.",
      decides: "By major versions: 15.18 to 15.2 is the same. With --skip-version-check an older target is a warning.",
      fix: "Create the target with the source's major version or a newer one."),
    decide: .cluster { pair in
      let source = try pair.source.version
      let target = try pair.target.version
      guard target.majorOrder < source.majorOrder else {
        let relation = target.majorOrder == source.majorOrder ? "the same major version" : "the target is newer"
        return .passed("\(source) to \(target): \(relation).")
      }
      return .failed(
        "\(source) to \(target): the target is older.",
        [
          Finding(
            "target", "PostgreSQL \(target.majorName) is older than the source's \(source.majorName)",
            evidence: ["source version": "\(source)", "target version": "\(target)"],
            remediation: Remediation(
              "Create the target with PostgreSQL \(source.majorName) or newer. --skip-version-check goes on all the same."
            ))
        ], severity: pair.options.skipsVersionCheck ? .warning : .blocker)
    })
}
