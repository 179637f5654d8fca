import Catalog

extension Rule {
  static let collationsAvailable = Rule(
    "collations-available", "The target can have the collations that the database defines or names",
    group: .databases,
    documentation: "https://www.postgresql.org/docs/current/collation.html",
    explanation: Explanation(
      why: """
        CREATE COLLATION fails where the locale or its provider is missing, and so does a table with a column of one \
        of the system's collations that the target's system lacks.
        """,
      decides: """
        By pg_collation of the source. One that users have defined: the target's server knows its libc locales, or is \
        built with ICU, or has the builtin provider (17), and is new enough for what is not deterministic (12) and for \
        ICU rules (16). One of the system's that a selected table names: the target has one of that name.
        """,
      fix: "Install the locales on the target's host, take a server built with ICU, or change the collation."),
    decide: .database { pair in
      let target = pair.clusters.target
      _ = try target.version
      let collations = try pair.snapshot(on: .source).collations.value
      var findings: [Finding] = []
      for collation in collations {
        let (isNeeded, uses) = pair.uses(of: collation)
        guard isNeeded, let problem = try target.problem(with: collation) else { continue }
        let name = collation.qualifiedName
        let isUnused = collation.isUsers && collation.nDependents == 0
        let change = "give what uses it another collation (ALTER TABLE … ALTER COLUMN … TYPE … COLLATE …)"
        findings.append(
          Finding(
            "collation \(name)", "\(problem.message); it is used by \(uses)",
            evidence: [
              "provider": collation.provider,
              "locale": collation.locale ?? collation.collate ?? "",
            ],
            remediation: isUnused
              ? Remediation("Drop it: nothing uses it.", paste: "DROP COLLATION \(name);", at: .source)
              : Remediation("\(problem.text), or on the source \(change).")))
      }
      guard findings.isEmpty else {
        return .failed(
          "\(findings.count.counted("collation")) can't be had on the target.", Array(findings.prefix(100)))
      }
      guard !collations.isEmpty else { return .passed("The database defines and names no collation.") }
      return .passed(
        "The target can have \(collations.count == 1 ? "the collation" : "the \(collations.count) collations").")
    })
}

extension UsedCollation {
  var qualifiedName: String { qualifiedIdentifier(nspname, collname) }
}

extension DatabasePair {
  /// Whether the collation has to be on the target, and by what it is used there.
  ///
  /// What users define comes along whatever tables are selected.
  func uses(of collation: UsedCollation) -> (isNeeded: Bool, words: String) {
    var seen: Set<String> = []
    let tables = zip(collation.schemas, collation.relations).filter {
      options.tables.selects(schema: $0, table: $1, in: name)
    }.map { qualifiedIdentifier($0, $1) }.filter { seen.insert($0).inserted }
    // The lists end at a thousand: what is beyond can't be told to be left out.
    let others = collation.nDependents -| min(collation.nRelations, collation.relations.count)
    let isNeeded = collation.isUsers || !tables.isEmpty || others > 0
    let words = tables + (others > 0 ? [others.counted("other object")] : [])
    return (isNeeded, words.isEmpty ? "nothing" : words.listed())
  }
}

extension ClusterSnapshot {
  fileprivate func problem(
    with collation: UsedCollation
  ) throws(Undetermined) -> (message: String, text: String)? {
    guard collation.isUsers else {
      let there = try systemCollations.value
      guard !there.contains(where: { $0.collname.isSameName(as: collation.collname) }) else { return nil }
      return (
        "the target has none of that name",
        collation.provider == "c"
          ? "Install the locale on the target's host, then run SELECT pg_import_system_collations('pg_catalog') there"
          : "Take a server that is built with ICU"
      )
    }
    let major = try version.major
    func tooOld(_ needed: Int, _ what: String) -> (message: String, text: String)? {
      major < needed ? ("PostgreSQL \(major) has no \(what)", "Take a target of \(needed) or newer") : nil
    }
    if !collation.isDeterministic, let problem = tooOld(12, "nondeterministic collations") { return problem }
    switch collation.provider {
    case "i":
      if let problem = tooOld(10, "collations of ICU") { return problem }
      if collation.hasRules, let problem = tooOld(16, "rules of collations") { return problem }
      guard try !collationProviders.value.hasIcu else { return nil }
      return ("the target's server is built without ICU", "Take a server that is built with ICU")
    case "b":
      return tooOld(collation.locale == "PG_UNICODE_FAST" ? 18 : 17, "builtin locale \(collation.locale ?? "")")
    default:
      let support = try locales.value
      for locale in Set([collation.collate, collation.ctype].compactMap(\.self)).sorted()
      where !["C", "POSIX", ""].contains(locale) {
        guard let answer = support.first(where: { $0.name == locale }) else {
          throw Undetermined(
            "the target was not asked for the locale \(locale)", remedy: "Check with a connection to the target.")
        }
        guard answer.isKnown else {
          return (
            "the target's server has no locale \(locale)",
            "Install the locale on the target's host and restart the server"
          )
        }
      }
      return nil
    }
  }
}
