import Catalog

extension Rule {
  static let extensionMembers = Rule(
    "extension-members", "The target's versions of extensions offer what objects use",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/extend-extensions.html",
    explanation: Explanation(
      why: """
        Versions of an extension rename, change and remove functions, operators, and columns of their views. A view \
        over pg_stat_statements that reads blk_read_time can't be created where the extension is of version 1.11 \
        (PostgreSQL 17) or newer.
        """,
      decides: """
        For each extension of which the target database has, or would create, a newer version than the source: the \
        members that objects of users depend on, by the catalogs, and the columns of its configuration tables, are \
        members of that version; otherwise it blocks. What PostgreSQL's own extensions removed is known \
        up to the versions of \(RemovedBuiltin.newestKnown). Of other extensions the members are read in a database of \
        the target that has that version; where none has, or a function takes or returns something else, it is \
        undetermined until a rehearsal has shown it. Functions whose texts name a member that is gone are a warning, and \
        so are statements in pg_stat_statements. \
        Older versions are for extension-version.
        """,
      fix: """
        Create the source's version on the target where that is offered; else rewrite what uses the member. Where it is \
        undetermined, run the check with --rehearse, or create the extension in any database of the target, so that \
        its members can be read.
        """),
    decide: .database { pair in
      if pair.hasTablesOnly { return .tablesOnly }
      let installed = try pair.targetExtensions()
      var blockers: [Finding] = []
      var warnings: [Finding] = []
      var unclear: [String] = []
      var compared: [String] = []
      var newer: [String] = []
      for item in try pair.extensionsToMove() where item.extname != "plpgsql" {
        let there = installed[item.extname]?.extversion
        guard let version = try there ?? pair.clusters.target.defaultVersion(of: item.extname)?.version,
          version != item.extversion, !isExtensionVersion(version, olderThan: item.extversion)
        else { continue }
        newer.append("\(item.extname) \(version) (\(item.extversion) on the source)")
        // Then the rule timescaledb demands the same version.
        if item.extname == "timescaledb", try pair.snapshot(on: .source).hypertables.value.hypertables > 0 { continue }
        let members = try pair.members(of: item, in: version)
        compared.append("\(item.extname) \(version)")
        blockers += try members.missing.map { try pair.finding($0, item, version, isInstalled: there != nil) }
        if !members.statements.isEmpty {
          warnings.append(
            Finding(
              "extension \(quotedIdentifier(item.extname))",
              "statements in pg_stat_statements mention \(members.statements.listed()), which version \(version) lacks",
              evidence: ["source": item.extversion, "target": version],
              remediation: Remediation("Rewrite the application's statements for version \(version).")))
        }
        warnings += members.bodies.map { finding($0, gone: $1, item, version) }
        if let words = members.unclear(item, version), !pair.wasRehearsed { unclear.append(words) }
      }
      guard blockers.isEmpty else {
        return .failed(
          "\(blockers.count.counted("member")) of extensions that objects depend on \(blockers.count == 1 ? "is" : "are") missing on the target.",
          Array((blockers + warnings).prefix(100)))
      }
      guard unclear.isEmpty else {
        throw Undetermined(
          unclear.joined(separator: "; "),
          remedy: """
            Run the check with --rehearse, or create the extension in any database of the target, so that its members \
            can be read; accept what a rehearsal has shown with --accept-undetermined extension-members.
            """)
      }
      guard warnings.isEmpty else {
        return .failed(
          "\(warnings.count.counted("function or application mentions", "functions or applications mention")) members of extensions that the target lacks.",
          Array(warnings.prefix(100)), severity: .warning)
      }
      return .passed(
        compared.isEmpty
          ? "No extension is of a newer version on the target."
          : "What objects use is there in \(compared.listed()).", notices: notice(of: newer))
    })
}

/// However many extensions they are.
private func notice(of newer: [String]) -> [Finding] {
  newer.isEmpty
    ? []
    : [
      Finding(
        newer.count.counted("extension"), "of a newer version on the target: \(newer.listed(atMost: 100))",
        remediation: Remediation("Nothing has to be done."))
    ]
}

private func finding(
  _ mention: ExtensionMention, gone: [String], _ item: InstalledExtension, _ version: String
) -> Finding {
  Finding(
    "function \(mention.function)",
    "its body mentions \(gone.listed()), which version \(version) of the extension \(quotedIdentifier(item.extname)) lacks",
    evidence: ["extension": item.extname, "source": item.extversion, "target": version],
    remediation: Remediation("Look into the function, and rewrite it for version \(version) on the target."))
}

extension DatabasePair {
  fileprivate func finding(
    _ use: ExtensionMemberUse, _ item: InstalledExtension, _ version: String, isInstalled: Bool
  ) throws(Undetermined) -> Finding {
    let name = quotedIdentifier(item.extname)
    let replacement = RemovedMember.between(item.extversion, version, of: item.extname)?[use.member] ?? nil
    var evidence = [
      "extension": item.extname, "source": item.extversion, "target": version, "dependent objects": "\(use.dependents)",
    ]
    if let replacement { evidence["replaced by"] = replacement }
    let isOffered = try clusters.target.availableExtensions.value.contains {
      $0.name == item.extname && $0.version == item.extversion
    }
    let rewrite =
      "Drop \(use.dependents == 1 ? "what depends on it" : "the objects that depend on it") on the source, and create "
      + "\(use.dependents == 1 ? "it" : "them") on the target\(replacement.map { " with \($0)" } ?? "")."
    return Finding(
      use.member,
      "version \(version) of the extension \(name) on the target lacks it; \(use.examples.listed()) "
        + (use.dependents == 1
          ? "depends on it"
          : use.dependents > use.examples.count
            ? "and \(use.dependents - use.examples.count) more depend on it" : "depend on it"),
      evidence: evidence,
      remediation: isOffered && !isInstalled
        ? Remediation(
          "Create the extension on the target beforehand in the source's version. Or: \(rewrite)",
          paste: "CREATE EXTENSION \(name) VERSION \(quotedLiteral(item.extversion));", at: .target)
        : Remediation(rewrite))
  }

  /// A rehearsal creates all that depends on members.
  fileprivate var wasRehearsed: Bool {
    guard options.rehearses, let rehearsal = (try? snapshot(on: .source))?.rehearsal.ifKnown else { return false }
    return rehearsal.reasonNotTried == nil
  }

  /// How it stands with what the source uses of the extension in another version of it.
  func members(of item: InstalledExtension, in version: String) throws(Undetermined) -> MemberComparison {
    let source = try snapshot(on: .source)
    let uses = try source.extensionMemberUses.value.filter { $0.extname == item.extname }
    let mentions = try source.extensionMentions.value.filter { $0.extname == item.extname }
    var comparison = MemberComparison()
    let removed = RemovedMember.between(item.extversion, version, of: item.extname)
    for use in uses {
      switch removed.map({ $0[use.member] == nil ? .there : .missing }) ?? use.presence {
      case nil: comparison.unknown.append(use)
      case .there: break
      case .missing where !use.member.hasPrefix("result "): comparison.missing.append(use)
      case .missing, .changed: comparison.changed.append(use)
      }
    }
    let removedNames = removed.map { Set($0.keys.map { String($0.prefix { $0 != "(" }) }) }
    for mention in mentions {
      let gone = removedNames.map { names in mention.names.filter(names.contains) } ?? mention.missing ?? []
      if !gone.isEmpty { comparison.bodies.append((mention, gone)) }
    }
    for mention in source.statementMentions ?? [] where mention.extname == item.extname {
      comparison.statements = removedNames.map { names in mention.names.filter(names.contains) } ?? []
    }
    return comparison
  }
}

/// What the source uses of an extension, as another version of it has it.
struct MemberComparison {
  var missing: [ExtensionMemberUse] = []
  /// Functions that take something else, and columns of their results.
  var changed: [ExtensionMemberUse] = []
  /// Nobody could be asked.
  var unknown: [ExtensionMemberUse] = []
  /// Functions whose texts name what is missing.
  var bodies: [(ExtensionMention, gone: [String])] = []
  /// What is missing and statements of applications name.
  var statements: [String] = []

  var mayFail: Bool { !missing.isEmpty || !changed.isEmpty || !unknown.isEmpty }

  /// What an older version means.
  var remark: String {
    if !missing.isEmpty { return ", which lacks \(missing.map(\.member).listed())" }
    if !changed.isEmpty { return ", in which \(changed.map(\.member).listed()) may differ" }
    if let first = unknown.first {
      return "; whether it has \(first.member), on which \(first.examples.listed()) depends, is not known"
    }
    return bodies.isEmpty
      ? "; objects use nothing that it lacks"
      : "; function bodies mention \(bodies.flatMap(\.gone).listed()), which it lacks"
  }

  func unclear(_ item: InstalledExtension, _ version: String) -> String? {
    if let first = unknown.first {
      return """
        the members of the extension \(item.extname) \(version) can't be read, as no database of the target that this \
        role can connect to has it; \(first.examples.first ?? "an object") depends on \(first.member) of version \
        \(item.extversion)\(unknown.count > 1 ? ", and objects depend on \((unknown.count - 1).counted("other member"))" : "")
        """
    }
    guard let first = changed.first else { return nil }
    let change = first.member.hasPrefix("result ") ? "does not return" : "takes other arguments than"
    return
      "\(item.extname) \(version) \(change) \(plainName(ofMember: first.member)), which \(first.examples.listed()) may use"
  }
}
