import Catalog

extension Rule {
  static let semanticsSettings = Rule(
    "semantics-settings", "Settings that change what SQL means agree",
    group: .capacity, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/runtime-config-client.html",
    explanation: Explanation(
      why: """
        The same statement gives another result where the time zone, the order of dates, the text search configuration \
        or the isolation of transactions is another. Nothing fails; the application is wrong after the move.
        """,
      decides: """
        As sessions of the database have them: TimeZone, DateStyle, IntervalStyle, bytea_output, array_nulls, \
        standard_conforming_strings, transform_null_equals, xmloption, backslash_quote, default_text_search_config, \
        default_transaction_isolation and default_table_access_method are the same on both sides, and so is a \
        search_path of the database. lc_monetary, lc_numeric and lc_time that differ are a notice.
        """,
      fix: "Set the database on the target as it is on the source."),
    decide: .database { pair in
      var findings: [Finding] = []
      var notices: [Finding] = []
      for name in compared {
        guard let (source, target) = try pair.values(of: name) else { continue }
        guard comparableSetting(source, of: name) != comparableSetting(target, of: name) else { continue }
        let finding = Finding(
          "setting \(name)", "it is \(shown(source)) on the source and \(shown(target)) on the target",
          evidence: ["source": source, "target": target],
          remediation: try pair.setting(name, to: source))
        if name.hasPrefix("lc_") { notices.append(finding) } else { findings.append(finding) }
      }
      guard !findings.isEmpty else {
        return .passed("The settings that change what SQL means agree.", notices: notices)
      }
      return .failed(
        "\(findings.count.counted("setting")) of the target \(findings.count == 1 ? "gives" : "give") the same "
          + "statements another meaning.", findings + notices)
    })
}

private let compared = [
  "TimeZone", "DateStyle", "IntervalStyle", "bytea_output", "array_nulls", "standard_conforming_strings",
  "transform_null_equals", "xmloption", "backslash_quote", "default_text_search_config",
  "default_transaction_isolation", "default_table_access_method", "search_path", "lc_monetary", "lc_numeric", "lc_time",
]

private func shown(_ value: String) -> String { value.isEmpty ? "empty" : value }

/// Equal for what is the same by another spelling.
func comparableSetting(_ value: String, of name: String) -> String {
  let lower = value.lowercased()
  switch name {
  case "TimeZone":
    let universal = ["utc", "gmt", "uct", "zulu", "universal", "greenwich", "utc0", "gmt0", "gmt+0", "gmt-0", "0"]
    return universal.contains(lower.hasPrefix("etc/") ? String(lower.dropFirst(4)) : lower) ? "utc" : lower
  case "default_text_search_config":
    return lower.contains(".") ? lower : "pg_catalog.\(lower)"
  case "DateStyle":
    return lower.split(separator: ",").map { $0.filter { $0 != " " && $0 != "'" } }.sorted().joined(separator: ",")
  case "search_path":
    return value.filter { $0 != " " && $0 != "'" }
  case "lc_monetary", "lc_numeric", "lc_time":
    let spelled = lower.filter { $0 != "-" }
    return ["posix", "c.utf8"].contains(spelled) ? "c" : spelled
  case "array_nulls", "standard_conforming_strings", "transform_null_equals":
    return ["on", "true", "yes", "1", "t", "y"].contains(lower) ? "on" : "off"
  default: return lower
  }
}

extension DatabasePair {
  /// The setting as everybody has it in this database; nil where there is nothing to compare: a side lacks it, or has
  /// one for the database that will be made anew, or the connected role has one that hides it.
  fileprivate func values(of setting: String) throws(Undetermined) -> (source: String, target: String)? {
    let isThere = try database(on: .target) != nil
    let stored = try clusters.source.stored(setting, in: name, forMe: false)
    // What belongs to the database comes along when it is created, or database-properties tells of it.
    if stored?.datname != nil, !isThere { return nil }
    // Our own sessions start with another search_path: the server's is not to be seen.
    if setting == "search_path" {
      let standard = "\"$user\", public"
      let other = try clusters.target.stored(setting, in: name, forMe: false)
      guard stored != nil || other != nil else { return nil }
      return (stored?.value ?? standard, other?.value ?? standard)
    }
    let source = try clusters.source.settings.value.first { $0.name == setting }?.global
    let target = try clusters.target.settings.value.first { $0.name == setting }?.global
    let other = try clusters.target.stored(setting, in: name, forMe: false)
    guard let source = stored?.value ?? source, let target = other?.value ?? target else { return nil }
    return (source, target)
  }

  fileprivate func setting(_ setting: String, to value: String) throws(Undetermined) -> Remediation {
    guard try database(on: .target) == nil else {
      return Remediation("Set it for the database on the target.", paste: set(setting, to: value), at: .target)
    }
    let list = setting == "DateStyle" || setting == "search_path"
    return clusters.target.reloading(
      setting,
      toList: list ? value.split(separator: ",").map { String($0.drop { $0 == " " }) } : [value], on: .target)
  }
}
