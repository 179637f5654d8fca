import Catalog

extension Rule {
  static let extensionsInstallable = Rule(
    "extensions-installable", "Extensions that the target database lacks can be installed by the target role",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/sql-createextension.html",
    explanation: Explanation(
      why: "Many extensions may only be created by a superuser, which no managed service gives.",
      decides: """
        For each extension that is available but not installed in the target database, and for what it requires: the \
        target role is a superuser; or the extension needs none, or is trusted (13 and newer), and the role may CREATE \
        in the database; or an allow list names it (extwlist.extensions, supautils.privileged_extensions); or the role \
        is the provider's administrator. Lists of what a service allows at all (rds.allowed_extensions, \
        azure.extensions) bind its administrators too.
        """,
      fix: "Add it to the allow list, or have it created beforehand."),
    decide: .database { pair in
      let target = pair.clusters.target
      let installed = try pair.targetExtensions()
      let existing = try pair.database(on: .target)
      // A database that is created belongs to the role, and comes from template0, which has plpgsql.
      let mayCreate = existing?.canCreate ?? true
      let needed = try pair.extensionsToMove().map(\.extname).filter {
        installed[$0] == nil && !(existing == nil && $0 == "plpgsql")
      }
      var queue = needed
      var seen = Set(needed)
      var requiredBy: [String: String] = [:]
      var findings: [Finding] = []
      var reasons: [String] = []
      while let name = queue.popLast() {
        guard let offered = try target.defaultVersion(of: name) else {
          // What the source has itself is for extensions-available.
          if let dependent = requiredBy[name] { findings.append(missing(name, requiredBy: dependent)) }
          continue
        }
        for requirement in offered.requires ?? [] where installed[requirement] == nil {
          guard seen.insert(requirement).inserted else { continue }
          requiredBy[requirement] = name
          queue.append(requirement)
        }
        switch try target.permission(toCreate: offered, in: pair.name, mayCreateInDatabase: mayCreate) {
        case .granted(let reason): reasons.append("\(name): \(reason)")
        case .refused(let reason, let remediation):
          findings.append(
            Finding(
              "extension \(quotedIdentifier(name))", reason,
              evidence: [
                "superuser needed": offered.superuser ? "yes" : "no", "trusted": offered.trusted ? "yes" : "no",
                "version": offered.version,
              ],
              remediation: remediation))
        }
      }
      guard findings.isEmpty else {
        return .failed(
          "\(findings.count.counted("extension")) can't be installed by this role.",
          findings.sorted { $0.object < $1.object })
      }
      return .passed(
        reasons.isEmpty ? "No extension is missing in the target database." : reasons.sorted().listed(atMost: 10) + ".")
    })
}

private func missing(_ name: String, requiredBy dependent: String) -> Finding {
  Finding(
    "extension \(quotedIdentifier(name))",
    "the target does not offer it, and its version of \(quotedIdentifier(dependent)) requires it",
    evidence: ["required by": dependent],
    remediation: Remediation("Install its package on the target's host, or choose a target that offers it."))
}
