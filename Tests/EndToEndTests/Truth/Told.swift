import Assessment
import Foundation
import Rules

/// Which differences were told, and which warnings foresaw one: by rule and kind of object.
struct Told: Sendable {
  let check: Report
  let end: Course.End

  /// Blockers whose effect is not seen by migrating: limits that the user sets, what protects from code or from rows that
  /// this comparison does not look at, and servers that are not there.
  static func isPolicy(_ rule: String) -> Bool {
    [
      "source-size-limit", "target-disk-space", "not-same-server", "load-code", "apply-code", "pg-cron",
      "connection-source", "connection-target",
    ].contains(rule)
  }

  /// The kinds of objects whose differences a rule tells of, whatever it names.
  private static let kinds: [String: Set<String>] = [
    "existing-subscriptions": ["subscription"],
    "role-passwords": ["role"],
    "roles-conflict": ["role", "membership"],
    "roles-reserved": ["role", "membership"],
    "role-settings-valid": ["role", "database", "role in database"],
    "tablespaces": ["relation", "index", "database"],
    "security-labels": ["security label"],
    "extension-version": ["extension"],
    "extension-members": ["extension"],
    "default-privileges": ["default privileges"],
    "parameter-privileges": ["built-in privileges"],
    "database-properties": ["database"],
    "semantics-settings": ["database"],
    "encoding-compatible": ["database"],
    "event-triggers": ["event trigger"],
    "superuser-only-objects": ["event trigger", "publication", "foreign-data wrapper"],
    "foreign-servers": ["foreign server", "user mapping"],
    "existing-publications": ["publication"],
  ]

  /// The kinds of which it tells where it names the object.
  private static let namedKinds: [String: Set<String>] = [
    "invalid-indexes": ["index"],
    "not-null-inheritance": ["column"],
    "unvalidated-constraints": ["constraint"],
    "materialized-views": ["relation", "rows"],
    "materialized-view-owners": ["relation", "rows"],
    "user-objects-in-system-schemas": ["relation", "function", "type", "operator", "schema"],
    "extension-config-tables": ["rows"],
    "postgis": ["relation", "column"],
    "always-triggers": ["trigger", "rule"],
  ]

  /// Whether the check or the migration has named the object, or its whole kind.
  func tells(_ difference: Difference) -> Bool {
    if isExcluded(difference) || isLeftOut(difference) || isReported(difference) { return true }
    // Whose objects they are is told for all of them at once.
    let isOwners = ["owner", "privileges"].contains(difference.property)
    let name = Self.unquoted(difference.object)
    return check.outcomes.contains { outcome in
      guard outcome.outcome == .failed || outcome.outcome == .passed && !outcome.findings.isEmpty else { return false }
      if outcome.rule == "target-ownership", isOwners { return true }
      // What was granted on the target beforehand, the schema `public` being the database's.
      if outcome.rule == "database-properties", isOwners, (difference.kind, name) == ("schema", "public") {
        return true
      }
      if Self.kinds[outcome.rule]?.contains(difference.kind) == true { return true }
      return Self.namedKinds[outcome.rule]?.contains(difference.kind) == true
        && outcome.findings.contains { finding in
          let texts = [finding.object, finding.message] + finding.evidence.values
          return Self.names(name, in: Self.unquoted(texts.joined(separator: " ")))
        }
    }
  }

  /// Whether the report of the migration, or what was printed, says that it is not the same.
  private func isReported(_ difference: Difference) -> Bool {
    let name = Self.unquoted(difference.object)
    let verifications = end.migrations.flatMap(\.databases).compactMap(\.verification)
    let mismatches = verifications.flatMap(\.allMismatches).map { "\($0.object) \($0.message)" }
    let said = end.said.split(separator: "\n").map(String.init).filter { $0.contains(" not ") || $0.contains("differ") }
    let roles = end.migrations.flatMap(\.roles).filter { !$0.message.isEmpty }.map { "\($0.name): \($0.message)" }
    if ["role", "membership"].contains(difference.kind),
      roles.contains(where: { Self.names(name, in: Self.unquoted($0)) })
    {
      return true
    }
    return (mismatches + said).contains { Self.names(name, in: Self.unquoted($0)) }
  }

  /// Whether the plan leaves the role out, or as it is on the target.
  private func isLeftOut(_ difference: Difference) -> Bool {
    if difference.property == "password",
      check.plan.roles.contains(where: { $0.name == difference.object && $0.action == .exists })
    {
      return true
    }
    guard difference.target == nil, ["role", "membership", "role in database"].contains(difference.kind) else {
      return false
    }
    return check.plan.roles.contains { role in
      role.action == .leaveOut
        && (difference.object == role.name || difference.object.hasPrefix("\(role.name) in ")
          || difference.object.hasSuffix(" in \(role.name)"))
    }
  }

  /// Whether an option has asked for it.
  private func isExcluded(_ difference: Difference) -> Bool {
    let options = Set(end.arguments)
    // What belongs to a table has its name in its own.
    func isOne(of option: String) -> Bool {
      values(of: option).contains {
        let name = String($0.split(separator: ".").last ?? "")
        return difference.object.contains(name)
          || difference.property == "owned by" && difference.source?.contains(name) == true
      }
    }
    if options.contains("--skip-table"), isOne(of: "--skip-table") { return true }
    if options.contains("--with-table"), !isOne(of: "--with-table") { return true }
    if difference.property == "privileges",
      values(of: "--exclude-role").contains(where: { difference.source?.contains("\($0)=") == true })
    {
      return true
    }
    guard difference.target == nil else { return false }
    if options.contains("--exclude-role"), ["role", "membership", "role in database"].contains(difference.kind) {
      return true
    }
    return options.contains("--exclude-extension")
      && ["extension", "relation", "column", "type", "function", "built-in privileges"].contains(difference.kind)
  }

  private func values(of option: String) -> [String] {
    let words = end.arguments
    return words.indices.filter { words[$0] == option && $0 + 1 < words.count }
      .flatMap { words[$0 + 1].split(separator: ",") }.map { Self.unquoted(String($0)) }
  }

  /// Whether the text has the name, and not only as a part of another one.
  private static func names(_ name: String, in text: String) -> Bool {
    var rest = text[...]
    while let range = rest.range(of: name) {
      let isPart: (Character?) -> Bool = { $0.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." } ?? false }
      let before = range.lowerBound == text.startIndex ? nil : text[text.index(before: range.lowerBound)]
      let after = range.upperBound == text.endIndex ? nil : text[range.upperBound]
      // A sentence may end with the name.
      if !isPart(before), !isPart(after) || (after == "." && text.index(after: range.upperBound) == text.endIndex) {
        return true
      }
      rest = rest[range.upperBound...]
    }
    return false
  }

  /// Warnings that say that something will differ, where nothing of that kind does.
  func falseWarnings(_ differences: [Difference]) -> [String] {
    let kinds = Set(differences.map(\.kind))
    return check.outcomes.filter { $0.isWarning && Self.foretelling.contains($0.rule) }.compactMap { outcome in
      guard let foretold = Self.kinds[outcome.rule], foretold.isDisjoint(with: kinds) else { return nil }
      return "\(outcome.rule): \(outcome.message)"
    }
  }

  /// Rules whose warning is a statement of what will be different.
  private static let foretelling: Set<String> = [
    "roles-conflict", "role-settings-valid", "security-labels", "default-privileges",
  ]

  private static func unquoted(_ text: String) -> String { text.filter { $0 != "\"" } }
}
