import Catalog

/// What is known to use an extension. What applications send is known as far as `pg_stat_statements` tells.
struct ExtensionDependents {
  /// Objects of users, by the dependencies that the catalogs record.
  var objects = 0
  /// Extensions that are to be created and need it.
  var requiredBy: [String] = []
  /// Functions whose texts name its members.
  var bodies: [ExtensionMention] = []

  /// What statements of applications name; nil where none does that is known of.
  var statements: StatementMention?
  /// Whether `pg_stat_statements` of the source was read.
  var knowsStatements = false

  /// Functions that certainly call it, and that tables, views or triggers run.
  var failing: [ExtensionMention] { bodies.filter { !$0.calls.isEmpty && !$0.usedBy.isEmpty } }

  var isUsed: Bool { objects > 0 || !requiredBy.isEmpty }

  /// `no catalog dependency; 1 function body mentions crypt; statements of the application unknown`
  var description: String {
    var parts: [String] = []
    if objects > 0 { parts.append("\(objects.counted("object depends", "objects depend")) on it") }
    if !requiredBy.isEmpty {
      parts.append(
        "\(requiredBy.count == 1 ? "extension" : "extensions") \(requiredBy.map(quotedIdentifier).listed()) "
          + "\(requiredBy.count == 1 ? "requires" : "require") it")
    }
    if parts.isEmpty { parts.append("no catalog dependency") }
    parts.append(
      bodies.isEmpty
        ? "no function body mentions it"
        : "\(bodies.count.counted("function body mentions", "function bodies mention")) \(bodies.members)")
    return (parts + [statementsInWords]).joined(separator: "; ")
  }

  private var statementsInWords: String {
    guard knowsStatements else { return "statements of the application unknown" }
    guard let statements else { return "no statement in pg_stat_statements mentions it" }
    return statements.statements.counted(
      "statement in pg_stat_statements mentions", "statements in pg_stat_statements mention")
      + " \(statements.names.map(plainName).listed())"
  }

  var evidence: [String: String] {
    var evidence = ["dependent objects": "\(objects)"]
    if !bodies.isEmpty { evidence["function bodies"] = bodies.map(\.function).listed(atMost: 10) }
    if !requiredBy.isEmpty { evidence["required by"] = requiredBy.listed(atMost: 10) }
    return evidence
  }
}

extension [ExtensionMention] {
  /// The members that they name, without saying what each is.
  fileprivate var members: String { Set(flatMap(\.names).map(plainName)).sorted().listed() }
}

/// `crypt` of `function crypt`.
func plainName(ofMember member: String) -> String {
  member.split(separator: " ", maxSplits: 1).last.map(String.init) ?? member
}

extension DatabasePair {
  func dependents(on name: String) throws(Undetermined) -> ExtensionDependents {
    let source = try snapshot(on: .source)
    let use = try source.extensionUses.value.first { $0.extname == name }
    // From 13 on the server has it itself: release notes 13.
    let builtIn: Set<String> = try clusters.target.version.major >= 13 ? ["function gen_random_uuid"] : []
    var bodies: [ExtensionMention] = []
    for var mention in try source.extensionMentions.value where mention.extname == name {
      mention.names.removeAll(where: builtIn.contains)
      mention.calls.removeAll(where: builtIn.contains)
      if !mention.names.isEmpty { bodies.append(mention) }
    }
    var statements = source.statementMentions?.first { $0.extname == name }
    statements?.names.removeAll(where: builtIn.contains)
    if statements?.names.isEmpty == true { statements = nil }
    return ExtensionDependents(
      objects: use?.dependents ?? 0,
      requiredBy: (use?.requiredBy ?? []).filter { !options.excludedExtensions.containsName($0) }, bodies: bodies,
      statements: statements, knowsStatements: source.statementMentions != nil)
  }
}
