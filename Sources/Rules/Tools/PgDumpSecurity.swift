import Catalog

extension Rule {
  static let pgDumpSecurity = Rule(
    "pg-dump-security", "The client programs carry the security fixes of August 2025",
    group: .tools, severity: .warning,
    documentation: "https://www.postgresql.org/docs/release/17.6/",
    explanation: Explanation(
      why: """
        Before these fixes a superuser of the source, or whoever may name an object there, can have commands run by the \
        user who restores the dump, on this machine (CVE-2025-8714) or on the target (CVE-2025-8715).
        """,
      decides:
        "The version is at least 13.22, 14.19, 15.14, 16.10 or 17.6; 18 and newer have the fixes from the start.",
      fix: "Update the client programs. Until then do not move a source whose administrators are not trusted."),
    decide: .cluster { pair in
      guard let tools = try pair.chosenTools() else { return ClientTools.none }
      let programs = [("pg_dump", tools.pgDump)] + (tools.pgRestore.map { [("pg_restore", $0)] } ?? [])
      let findings = programs.filter { !$0.1.hasFixesOfAugust2025 }.map { program, version in
        Finding(
          program, "version \(version) lacks the fixes of CVE-2025-8714 and CVE-2025-8715",
          evidence: ["version": "\(version)", "folder": tools.folder],
          remediation: Remediation("Update PostgreSQL's client programs to the newest minor release."))
      }
      return findings.isEmpty
        ? .passed(programs.map { "\($0.0) \($0.1)" }.listed() + ": fixed.")
        : .failed("The client programs have known vulnerabilities.", findings)
    })
}

extension ToolVersion {
  /// Source: release notes of 13.22, 14.19, 15.14, 16.10 and 17.6 (2025-08-14). Versions below 13 were not fixed.
  fileprivate var hasFixesOfAugust2025: Bool {
    let firstFixed = [13: 22, 14: 19, 15: 14, 16: 10, 17: 6]
    return major >= 18 || firstFixed[major].map { minor >= $0 } ?? false
  }
}
