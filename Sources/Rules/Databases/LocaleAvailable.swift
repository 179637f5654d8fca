import Catalog

extension Rule {
  static let localeAvailable = Rule(
    "locale-available", "The target knows the database's locale",
    group: .databases,
    documentation: "https://www.postgresql.org/docs/current/locale.html",
    explanation: Explanation(
      why: """
        A database can't be created with a locale that the target's operating system or PostgreSQL lacks. One that \
        exists with another locale sorts and compares text differently.
        """,
      decides: """
        A database to be created: the target's server accepts LC_COLLATE and LC_CTYPE of the source, is built with ICU \
        where that is the provider, and is new enough for the provider (ICU 15, builtin 17; PG_UNICODE_FAST 18). A \
        database that exists: another provider or locale is a warning.
        """,
      fix: "Install the locale on the target's host, or create the database beforehand with one that is there."),
    decide: .database { pair in
      guard let source = try pair.database(on: .source) else { return .skipped("The source has no such database.") }
      let name = "database \(quotedIdentifier(pair.name))"
      if let target = try pair.database(on: .target) {
        guard source.effectiveLocale != target.effectiveLocale else {
          return .passed("Both have the locale \(source.localeInWords).")
        }
        return .failed(
          "The locale is \(source.localeInWords) on the source and \(target.localeInWords) on the target.",
          [
            Finding(
              name, "text may sort, compare and change case differently",
              evidence: ["source locale": source.localeInWords, "target locale": target.localeInWords],
              remediation: Remediation(
                "If that matters, drop the target database and let it be created with the source's locale."))
          ], severity: .warning)
      }
      let target = pair.clusters.target
      var problems: [(message: String, text: String)] = []
      if let problem = try target.problem(withProviderOf: source) { problems.append(problem) }
      let support = try target.locales.value
      for locale in Set([source.datcollate, source.datctype]).sorted() where !["C", "POSIX", ""].contains(locale) {
        guard let answer = support.first(where: { $0.name == locale }) else {
          throw Undetermined("the target was not asked for the locale \(locale)", remedy: "Report this as a defect.")
        }
        guard !answer.isKnown else { continue }
        problems.append(
          (
            "the target's server has no locale \(locale)",
            "Install the locale on the target's host and restart the server, or create the database beforehand with "
              + "a locale that the target has."
          ))
      }
      guard !problems.isEmpty else { return .passed("The target knows the locale \(source.localeInWords).") }
      let template = try pair.clusters.database("template0", on: .target)
      let create = target.createDatabase(
        pair.name, encoding: source.encoding, locale: template?.encoding == source.encoding ? nil : "C")
      return .failed(
        "The database can't be created with the locale \(source.localeInWords).",
        problems.enumerated().map { index, problem in
          Finding(
            name, problem.message,
            evidence: ["locale": source.localeInWords, "lc_collate": source.datcollate, "lc_ctype": source.datctype],
            remediation: Remediation(
              problem.text, paste: index == 0 ? create : nil, at: index == 0 ? .target : nil))
        })
    })
}

extension ClusterSnapshot {
  fileprivate func problem(
    withProviderOf database: Database
  ) throws(Undetermined) -> (message: String, text: String)? {
    let major = try version.major
    switch database.localeProvider {
    case "i":
      let beforehand = "or create the database beforehand with a locale that the target has."
      if major < 15 {
        return ("PostgreSQL \(major) has no databases with ICU locales", "Take a target of 15 or newer, \(beforehand)")
      }
      guard try !collationProviders.value.hasIcu else { return nil }
      return ("the target's server is built without ICU", "Take a server that is built with ICU, \(beforehand)")
    case "b":
      let needed = database.locale == "PG_UNICODE_FAST" ? 18 : 17
      guard major < needed else { return nil }
      return (
        "PostgreSQL \(major) has no builtin locale \(database.locale ?? "")",
        "Take a target of \(needed) or newer, or create the database beforehand with a locale that the target has."
      )
    default: return nil
    }
  }
}

extension Database {
  fileprivate var localeInWords: String {
    switch localeProvider {
    case "i": "\(locale ?? datcollate) of ICU"
    case "b": "\(locale ?? datcollate) of the builtin provider"
    default: datcollate == datctype ? datcollate : "\(datcollate) (LC_CTYPE \(datctype))"
    }
  }

  /// Equal for locales that are the same by another spelling: `en_US.UTF-8`, `en_US.utf8`.
  fileprivate var effectiveLocale: [String] {
    func spelled(_ name: String) -> String {
      guard name != "POSIX" else { return "C" }
      guard let dot = name.firstIndex(of: ".") else { return name }
      return name[..<dot] + name[dot...].lowercased().filter { $0 != "-" }
    }
    guard localeProvider == "c" else { return [localeProvider, locale ?? ""] }
    return [localeProvider, spelled(datcollate), spelled(datctype)]
  }
}
