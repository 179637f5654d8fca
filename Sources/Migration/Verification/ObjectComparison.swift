import Catalog
import FoundationEssentials
import Postgres

/// What tells an object of the target from the same one of the source, of servers of two versions.
///
/// Servers of different versions write the same expression in different words; they are compared there by whether there
/// is one.
struct ObjectComparison: Sendable {
  /// Major versions.
  let source: Int
  let target: Int
  /// Names of roles that the source has alone: which of them are carried over is said elsewhere, and what belongs to the
  /// others or was granted to them can't be the same.
  var missingRoles: Set<String> = []
  var comparesOwners = true
  /// Schemas that were there before, and stay whose they are.
  var keptSchemas: Set<String> = ["public"]

  /// What a migration has told before.
  struct Known: Sendable {
    /// Roles that are not carried over, though others stand in for them at the moment.
    var absentRoles: Set<String> = []
    /// Whether objects were given to their owners.
    var keepsOwners = true
    /// What stood on the target before; nil where nobody knows.
    var found: FoundBefore?
  }

  /// What is the servers' own affair, or is carried by other means: extensions have the version that the target offers,
  /// properties of the database stay where it was there before.
  private static let skippedKinds = [
    "database ", "extension ", "event trigger ", "publication ", "subscription ", "user mapping ", "privileges on ",
  ]

  /// - Parameter name: with the kind before it.
  func skips(_ name: String) -> Bool {
    Self.skippedKinds.contains { name.hasPrefix($0) }
      || name.hasPrefix(Self.defaultPrivileges)
        && missingRoles.contains { role in
          let start = Self.defaultPrivileges + Self.quoted(role)
          return name.hasPrefix(start + " ")
        }
  }

  /// As `ObjectStatements` have it.
  private static func quoted(_ role: String) -> String { Quoting.withoutUnequalQuotes(Quoting.identifier(role)) }

  private static let defaultPrivileges = "default privileges FOR ROLE "

  /// Expressions and statements, as a server writes them.
  private static let expressions: Set<String> = [
    "definition", "default", "generation expression", "USING", "WITH CHECK", "partition key", "partition bound",
  ]
  /// Where they are is each server's own affair.
  private static let skippedAspects: Set<String> = ["tablespace", "index"]

  /// In words, such as `column v: default 1 on the source, 2 on the target`.
  func differences(_ source: SchemaObject, _ target: SchemaObject) -> [String] {
    target.differences(since: source).compactMap { difference in
      guard !isSame(difference, source) else { return nil }
      let part = difference.part.isEmpty ? "" : "\(difference.part): "
      guard let aspect = difference.aspect else {
        return "\(difference.part): not on the \(difference.before == nil ? "source" : "target")"
      }
      let isShort = [difference.before, difference.after].allSatisfy { ($0?.utf8.count ?? 0) <= 80 }
      guard isShort, aspect != "privileges" else { return "\(part)\(aspect) differ\(aspect.hasSuffix("s") ? "" : "s")" }
      return
        "\(part)\(aspect) \(difference.before ?? "none") on the source, \(difference.after ?? "none") on the target"
    }
  }

  private func isSame(_ difference: ObjectDifference, _ object: SchemaObject) -> Bool {
    guard let aspect = difference.aspect else { return false }
    if Self.skippedAspects.contains(aspect) { return true }
    // The schema `public` is in each new database, and is its owner's; those of extensions are the extensions' affair.
    if object.kind == "schema", keptSchemas.contains(object.identity),
      ["owner", "comment", "privileges"].contains(aspect)
    {
      return true
    }
    switch aspect {
    case "owner": return !comparesOwners || difference.before.map(missingRoles.contains) ?? false
    case "privileges": return hasSamePrivileges(difference)
    // A policy that would be left without a role is for all (`pg_dump` writes no others).
    case "roles": return roles(difference.before) == roles(difference.after)
    default:
      return source != target && Self.expressions.contains(aspect)
        && (difference.before == nil) == (difference.after == nil)
    }
  }

  /// But for what was granted to or by roles that are missing, and for the privilege that servers before 17 do not know.
  private func hasSamePrivileges(_ difference: ObjectDifference) -> Bool {
    let sides = [difference.before, difference.after].map {
      text -> (has: Bool, all: [[String?]], rest: Set<[String?]>) in
      let all = text.flatMap { try? JSONDecoder().decode([[String?]].self, from: Data($0.utf8)) } ?? []
      let rest = all.filter { entry in
        entry.allSatisfy { $0.map { !missingRoles.contains($0) } ?? true }
          && (source == target || entry.count < 2 || entry[1] != "MAINTAIN")
      }
      return (text != nil, all, Set(rest))
    }
    if sides[0].rest == sides[1].rest { return true }
    // An object of which nobody has said anything has its usual privileges: its owner's and the public's.
    guard sides[0].has != sides[1].has, let told = sides.first(where: \.has), told.rest.count < told.all.count else {
      return false
    }
    return told.rest.allSatisfy { ($0.first ?? nil)?.isEmpty ?? true }
  }

  private func roles(_ text: String?) -> String? {
    var text = text.map { ", \($0)," }
    for role in missingRoles { text = text?.replacing(", \(Self.quoted(role)),", with: ",") }
    return text
  }
}
