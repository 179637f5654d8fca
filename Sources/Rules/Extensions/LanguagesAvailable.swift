import Catalog

extension Rule {
  static let languagesAvailable = Rule(
    "languages-available", "Every language of the source is available in the target",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/sql-createlanguage.html",
    explanation: Explanation(
      why: "A function in a language that the target lacks can't be created there.",
      decides: """
        For each row of pg_language of the source database: the target database has a language of that name (a new \
        database has internal, c, sql and plpgsql), or the target offers the extension that brings it, or, before 13, \
        a template for it. A blocker where user functions are written in it, else a warning. A warning, too, where the \
        dump brings the language with a handler of its own, and the target role is a superuser, as that takes one.
        """,
      fix: """
        Install the language's package on the target's host, or rewrite the functions. Leave its extension out \
        (--exclude-extension) if nothing uses it.
        """),
    decide: .database { pair in
      let languages = try pair.snapshot(on: .source).languages.value
      let there = try pair.targetLanguages()
      var used: [Finding] = []
      var unused: [Finding] = []
      var brought: [Finding] = []
      // What brings a language has its name in nearly every case: then nothing more has to be known of it.
      var missing: Set<String> = []
      for name in languages.map(\.lanname) where !there.contains(name) {
        if try !pair.clusters.target.brings(language: name, from: name) { missing.insert(name) }
      }
      let uses = missing.isEmpty ? [] : try pair.snapshot(on: .source).languageUses.value
      for language in uses where missing.contains(language.lanname) {
        let bringer = language.extension ?? language.lanname
        if try pair.clusters.target.brings(language: language.lanname, from: bringer) { continue }
        if language.extension == nil, language.hasOwnHandler, try pair.clusters.target.me.value.rolsuper {
          brought.append(
            Finding(
              "language \(quotedIdentifier(language.lanname))",
              "no extension brings it: the dump does, with its handler",
              evidence: ["functions": "\(language.functions)"],
              remediation: Remediation("Make sure that the library of its handler is on the target's host.")))
          continue
        }
        if language.functions == 0, let name = language.extension, pair.options.excludedExtensions.containsName(name) {
          continue
        }
        let finding = pair.finding(language, from: bringer)
        if language.functions > 0 { used.append(finding) } else { unused.append(finding) }
      }
      guard used.isEmpty else {
        return .failed(
          "\(used.count.counted("language")) with functions can't be had on the target.", used + unused + brought)
      }
      guard unused.isEmpty else {
        return .failed(
          "\(unused.count.counted("language")) that no function uses can't be had on the target.", unused + brought,
          severity: .warning)
      }
      guard brought.isEmpty else {
        return .failed(
          "\(brought.count.counted("language")) made by hand: the handler's library has to be there.", brought,
          severity: .warning)
      }
      return .passed("\(languages.map(\.lanname).sorted().listed(atMost: 10)): available.")
    })
}

extension ClusterSnapshot {
  /// Whether the server offers the extension, or has a template of the language (before 13).
  fileprivate func brings(language: String, from extension: String) throws(Undetermined) -> Bool {
    if try defaultVersion(of: `extension`) != nil { return true }
    return try languageTemplates.value.contains { $0.tmplname == language }
  }
}

extension DatabasePair {
  fileprivate func targetLanguages() throws(Undetermined) -> Set<String> {
    guard try database(on: .target) != nil else { return Language.everywhere }
    return Set(try snapshot(on: .target).languages.value.map(\.lanname))
  }

  fileprivate func finding(_ language: LanguageUse, from bringer: String) -> Finding {
    // Python 2 ended with PostgreSQL 15 (release notes 15).
    let isPython2 = ["plpythonu", "plpython2u"].contains(language.lanname)
    let isUnused = language.functions == 0
    return Finding(
      "language \(quotedIdentifier(language.lanname))",
      isUnused
        ? "the target has no extension \(bringer); no function uses it, DO blocks of applications unknown"
        : "the target has no extension \(bringer); \(language.functions.counted("function")) use it",
      evidence: ["functions": "\(language.functions)", "extension": bringer],
      remediation: isUnused
        ? Remediation(
          "Install the package of \(bringer) on the target's host, or make sure that no application runs DO blocks in it"
            + (language.extension.map { ", and leave it out with --exclude-extension \($0)." } ?? "."))
        : isPython2
          ? Remediation("Convert the functions to plpython3u: PL/Python 2 ended with PostgreSQL 15.")
          : Remediation("Install the package of \(bringer) on the target's host, or rewrite the functions."))
  }
}
