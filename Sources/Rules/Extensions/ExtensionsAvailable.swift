import Catalog

extension Rule {
  static let extensionsAvailable = Rule(
    "extensions-available", "Every extension of the source is installed or available in the target",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/view-pg-available-extensions.html",
    explanation: Explanation(
      why: "CREATE EXTENSION fails where the extension's files are not on the server, and what depends on it with it.",
      decides: """
        For each extension of the source database that is not left out with --exclude-extension: the target database \
        has it, or pg_available_extensions of the target names it. On one that is left out, and that the target \
        database lacks, no object of users depends, no other extension requires it, and no function that defaults, \
        views, triggers, indexes, … run calls what it offers, by the text of the function. A function that only names \
        it, or that nothing in the database runs, is a warning, and so are statements in pg_stat_statements of the \
        source that name it. What else applications send is not known. Versions are for extension-version and extension-members.
        """,
      fix: """
        Install it on the target's host, or choose a target that offers it. Leave it out only if no statement of the \
        application uses it.
        """),
    decide: .database { pair in
      let extensions = try pair.extensionsToMove()
      let installed = try pair.targetExtensions()
      var missing: [InstalledExtension] = []
      for item in extensions where installed[item.extname] == nil {
        if try pair.clusters.target.defaultVersion(of: item.extname) == nil { missing.append(item) }
      }
      let leftOut = try pair.leftOut(installed)
      guard leftOut.used.isEmpty else {
        return .failed(
          "\(leftOut.used.count.counted("extension")) \(leftOut.used.count == 1 ? "is" : "are") left out, and used.",
          leftOut.blockers + missing.map { pair.finding(missing: $0) } + leftOut.warnings)
      }
      guard missing.isEmpty else {
        return .failed(
          "\(missing.count) of \(extensions.count.counted("extension")) \(missing.count == 1 ? "is" : "are") not available on the target.",
          missing.map { pair.finding(missing: $0) } + leftOut.warnings)
      }
      guard leftOut.warnings.isEmpty else {
        return .failed(
          "\(leftOut.mentions) extensions that are left out.",
          Array(leftOut.warnings.prefix(100)), severity: .warning)
      }
      return .passed(
        (extensions.isEmpty
          ? ["The database has no extension."] : ["\(extensions.map(\.extname).listed()): available."])
          .joined() + leftOut.remarks.map { " Left out: \($0)." }.joined())
    })
}

/// What becomes of those of --exclude-extension that the target database lacks.
private struct LeftOutExtensions {
  /// Those without which something fails.
  var used: Set<String> = []
  var blockers: [Finding] = []
  var warnings: [Finding] = []
  var remarks: [String] = []

  /// `2 function bodies mention`
  var mentions: String {
    let bodies = warnings.count { $0.object.hasPrefix("function ") }
    if bodies == 0 { return "Statements in pg_stat_statements mention" }
    return bodies.counted("function body mentions", "function bodies mention")
  }
}

extension DatabasePair {
  fileprivate func leftOut(_ installed: [String: InstalledExtension]) throws(Undetermined) -> LeftOutExtensions {
    var leftOut = LeftOutExtensions()
    let excluded = try snapshot(on: .source).extensions.value.filter {
      options.excludedExtensions.containsName($0.extname) && installed[$0.extname] == nil && $0.extname != "plpgsql"
    }
    guard !hasTablesOnly else { return leftOut }
    for item in excluded {
      let name = quotedIdentifier(item.extname)
      let use = try dependents(on: item.extname)
      if use.isUsed {
        leftOut.used.insert(item.extname)
        leftOut.blockers.append(
          Finding(
            "extension \(name)", "it is left out; \(use.description)", evidence: use.evidence,
            remediation: Remediation(
              "Do not leave it out, create it on the target beforehand, or drop what depends on it on the source.")))
      }
      let failing = use.failing
      if !failing.isEmpty { leftOut.used.insert(item.extname) }
      leftOut.blockers += failing.prefix(100).map { body(of: $0, name, fails: true) }
      leftOut.warnings += use.bodies.filter { !failing.contains($0) }.map { body(of: $0, name, fails: false) }
      if let statements = use.statements {
        leftOut.warnings.append(
          Finding(
            "extension \(name)", "it is left out; \(use.description)",
            evidence: ["statements": "\(statements.statements)", "names": statements.names.listed(atMost: 20)],
            remediation: Remediation(
              "Do not leave it out, create it on the target beforehand, or rewrite the application's statements.")))
      }
      if !use.isUsed, use.bodies.isEmpty, use.statements == nil {
        leftOut.remarks.append("\(name) (\(use.description))")
      }
    }
    return leftOut
  }

  private func body(of mention: ExtensionMention, _ name: String, fails: Bool) -> Finding {
    let names = (fails ? mention.calls : mention.names).map(plainName).listed()
    var evidence = ["extension": name, "language": mention.language]
    if !mention.usedBy.isEmpty { evidence["run by"] = mention.usedBy.joined(separator: ", ") }
    let runner = mention.usedBy.first.map { "; \($0) runs it" } ?? "; nothing in the database is known to run it"
    return Finding(
      "function \(mention.function)",
      fails
        ? "it calls \(names) of the extension \(name), which is left out\(runner)"
        : "its body mentions \(names) of the extension \(name), which is left out\(runner)",
      evidence: evidence,
      remediation: Remediation(
        "Do not leave the extension out, create it on the target beforehand, or rewrite the function without it."))
  }

  fileprivate func finding(missing item: InstalledExtension) -> Finding {
    let name = quotedIdentifier(item.extname)
    let use = try? dependents(on: item.extname)
    let isUnused = use.map { !$0.isUsed && $0.bodies.isEmpty && $0.statements == nil } ?? false
    let isSelfManaged = clusters.target.providerForWording == .selfManaged
    let way =
      isSelfManaged
      ? "Install its package on the target's host, for the target's major version."
      : "Choose a service that offers it: \(clusters.target.providerForWording.displayName) does not."
    return Finding(
      "extension \(name)", "the target does not offer it\(use.map { "; \($0.description)" } ?? "")",
      evidence: ["installed on the source": item.extversion, "offered by the target": "none"].merging(
        use?.evidence ?? ["dependent objects": "not known"]
      ) { $1 },
      remediation: Remediation(
        isUnused
          ? way + " If no statement of the application uses it, leave it out with --exclude-extension \(item.extname)."
          : way))
  }
}
