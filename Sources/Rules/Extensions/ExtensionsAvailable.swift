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
        database lacks, no object of users depends. Versions are for extension-version.
        """,
      fix: "Install it on the target's host, choose a target that offers it, or drop what is not used."),
    decide: .database { pair in
      let extensions = try pair.extensionsToMove()
      let installed = try pair.targetExtensions()
      var missing: [InstalledExtension] = []
      for item in extensions where installed[item.extname] == nil {
        if try pair.clusters.target.defaultVersion(of: item.extname) == nil { missing.append(item) }
      }
      let leftOut = try pair.leftOutThoughUsed(installed)
      guard leftOut.isEmpty else {
        return .failed(
          "\(leftOut.count.counted("extension")) \(leftOut.count == 1 ? "is" : "are") left out, and used.",
          leftOut + missing.map { pair.finding(missing: $0) })
      }
      guard !missing.isEmpty else {
        return .passed(
          extensions.isEmpty ? "The database has no extension." : "\(extensions.map(\.extname).listed()): available.")
      }
      return .failed(
        "\(missing.count) of \(extensions.count.counted("extension")) \(missing.count == 1 ? "is" : "are") not available on the target.",
        missing.map { pair.finding(missing: $0) })
    })
}

extension DatabasePair {
  /// Those of --exclude-extension without which something can't be created.
  fileprivate func leftOutThoughUsed(_ installed: [String: InstalledExtension]) throws(Undetermined) -> [Finding] {
    let source = try snapshot(on: .source)
    let excluded = try source.extensions.value.filter {
      options.excludedExtensions.containsName($0.extname) && installed[$0.extname] == nil
    }
    guard !excluded.isEmpty, !hasTablesOnly else { return [] }
    let uses = try source.extensionUses.value
    return excluded.compactMap { item in
      guard let use = uses.first(where: { $0.extname == item.extname }), use.dependents > 0 else { return nil }
      let name = quotedIdentifier(item.extname)
      return Finding(
        "extension \(name)",
        "it is left out, and \(use.dependents.counted("object")) \(use.dependents == 1 ? "depends" : "depend") on it",
        evidence: ["dependent objects": "\(use.dependents)"],
        remediation: Remediation(
          "Do not leave it out, create it on the target beforehand, or drop what depends on it on the source."))
    }
  }

  fileprivate func finding(missing item: InstalledExtension) -> Finding {
    let name = quotedIdentifier(item.extname)
    let dependents = (try? snapshot(on: .source))?.extensionUses.ifKnown?
      .first { $0.extname == item.extname }?.dependents
    let isUnused = dependents == 0
    let use =
      switch dependents {
      case nil: ""
      case 0?: "; no object depends on it"
      case let count?: "; \(count.counted("object")) \(count == 1 ? "depends" : "depend") on it"
      }
    return Finding(
      "extension \(name)", "the target does not offer it\(use)",
      evidence: [
        "installed on the source": item.extversion, "offered by the target": "none",
        "dependent objects": dependents.map { "\($0)" } ?? "not known",
      ],
      remediation: isUnused
        ? Remediation(
          "Drop it on the source if nothing uses it, or leave it out with --exclude-extension.",
          paste: "DROP EXTENSION \(name);", at: .source)
        : Remediation(
          clusters.target.providerForWording == .selfManaged
            ? "Install its package on the target's host, for the target's major version."
            : "Choose a service that offers it: \(clusters.target.providerForWording.displayName) does not."))
  }
}
