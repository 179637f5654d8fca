import Catalog

extension Rule {
  static let extensionVersion = Rule(
    "extension-version", "Extensions are at least at the source's version on the target",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/sql-createextension.html",
    explanation: Explanation(
      why: """
        A dump says CREATE EXTENSION without a version: the target's default comes. What uses functions of a newer \
        version then fails to load.
        """,
      decides: """
        For each extension of the source that the target has or offers: the installed version is not older than the \
        source's; some offered version is not older. Otherwise it blocks where objects depend on a member that the \
        older version lacks, or of which that can't be said, and else is a warning: members can be read where the older \
        version is installed in a database of the target. The default version is not older, else a warning. Versions \
        are compared number by number, then as text. Newer versions are for extension-members.
        """,
      fix: "Update the target's extension, create it beforehand with the right version, or install a newer package."),
    decide: .database { pair in
      let installed = try pair.targetExtensions()
      var blockers: [Finding] = []
      var warnings: [Finding] = []
      var compared = 0
      for item in try pair.extensionsToMove() {
        let offered = try pair.clusters.target.availableExtensions.value.filter { $0.name == item.extname }
        let standard = offered.first(where: \.isDefault) ?? offered.first
        // The source's own version, or else the oldest that is not older.
        let fitting = offered.map(\.version).filter { !isExtensionVersion($0, olderThan: item.extversion) }
          .min { $0 == item.extversion || isExtensionVersion($0, olderThan: $1) }
        let name = quotedIdentifier(item.extname)
        if let there = installed[item.extname] {
          compared += 1
          guard isExtensionVersion(there.extversion, olderThan: item.extversion) else { continue }
          let members = try pair.members(of: item, in: there.extversion)
          let finding = Finding(
            "extension \(name)", "installed on the target in an older version\(members.remark)",
            evidence: ["source": item.extversion, "target": there.extversion],
            remediation: fitting.map { version in
              // Without a version the update goes to the default.
              let isDefaultEnough = standard.map { !isExtensionVersion($0.version, olderThan: item.extversion) }
              let place = isDefaultEnough == true ? "" : " TO \(quotedLiteral(version))"
              return Remediation("Update it.", paste: "ALTER EXTENSION \(name) UPDATE\(place);", at: .target)
            } ?? Remediation("Install a newer package on the target's host, then update the extension."))
          if members.mayFail { blockers.append(finding) } else { warnings.append(finding) }
        } else if let standard {
          compared += 1
          guard isExtensionVersion(standard.version, olderThan: item.extversion) else { continue }
          let evidence = [
            "source": item.extversion, "target's default": standard.version,
            "offered by the target": offered.map(\.version).sorted().joined(separator: ", "),
          ]
          if let version = fitting {
            warnings.append(
              Finding(
                "extension \(name)", "the target's default version is older", evidence: evidence,
                remediation: Remediation(
                  "Create it beforehand in the right version.",
                  paste: "CREATE EXTENSION \(name) VERSION \(quotedLiteral(version));", at: .target)))
          } else {
            let members = try pair.members(of: item, in: standard.version)
            let finding = Finding(
              "extension \(name)", "the target offers only older versions\(members.remark)", evidence: evidence,
              remediation: Remediation("Install a newer package on the target's host."))
            if members.mayFail { blockers.append(finding) } else { warnings.append(finding) }
          }
        }
      }
      guard blockers.isEmpty else {
        return .failed("\(blockers.count.counted("extension")) too old on the target.", blockers + warnings)
      }
      guard warnings.isEmpty else {
        return .failed(
          "\(warnings.count.counted("extension")) \(warnings.count == 1 ? "is" : "are") of an older version on the target.",
          warnings, severity: .warning)
      }
      return .passed(compared == 0 ? "No extension to compare." : "\(compared.counted("extension")): none is older.")
    })
}

/// Compares `1.10` and `1.9` number by number, what is not a number as text.
func isExtensionVersion(_ left: String, olderThan right: String) -> Bool {
  func parts(_ version: String) -> [(Int, String)] {
    version.split(whereSeparator: { ".-_+".contains($0) }).map { part in
      let digits = part.prefix(while: \.isNumber)
      return (Int(digits) ?? 0, String(part.dropFirst(digits.count)))
    }
  }
  let (left, right) = (parts(left), parts(right))
  for index in 0..<max(left.count, right.count) {
    let (a, b) = (index < left.count ? left[index] : (0, ""), index < right.count ? right[index] : (0, ""))
    if a != b { return a < b }
  }
  return false
}
