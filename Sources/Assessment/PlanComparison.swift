import Catalog

extension Report {
  /// What has changed since a report was approved, as far as its plan depends on it; empty where nothing has.
  ///
  /// - Parameter sides: those that are compared. A run that goes on with another one has changed the target itself.
  public func changes(since approved: Report, on sides: [Side] = Side.allCases) -> [String] {
    var changes: [String] = []
    for side in sides {
      let (old, new) = side == .source ? (approved.source, source) : (approved.target, target)
      guard old.fingerprint != new.fingerprint || old.fingerprint == nil else { continue }
      changes += new.changes(since: old, on: side)
    }
    let planned = Dictionary(approved.plan.databases.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for database in plan.databases {
      guard let old = planned[database.name] else {
        changes.append("database \(quotedIdentifier(database.name)) is not in the approved plan")
        continue
      }
      if old.method != database.method {
        changes.append(
          "database \(quotedIdentifier(database.name)) was to go by \(old.method?.rawValue ?? "no method"), now "
            + "\(database.method?.rawValue ?? "by none"): \(database.reason)")
      }
      if let tables = database.tables, let before = old.tables, let change = tables.change(since: before) {
        changes.append("database \(quotedIdentifier(database.name)) \(change)")
      }
      let before = Set(old.replicaIdentityChanges.map(\.name))
      if let new = database.replicaIdentityChanges.first(where: { !before.contains($0.name) }) {
        changes.append(
          "in database \(quotedIdentifier(database.name)) table \(new.name) is to be given a replica identity, "
            + "which was not approved")
      }
      let late = Set(old.tablesAtCutover.map(\.name))
      if let new = database.tablesAtCutover.first(where: { !late.contains($0.name) }), old.method == .replication {
        changes.append(
          "in database \(quotedIdentifier(database.name)) table \(new.name) is to be copied at cutover, which was not "
            + "approved")
      }
    }
    let names = Set(plan.databases.map(\.name))
    for database in approved.plan.databases where !names.contains(database.name) {
      changes.append("database \(quotedIdentifier(database.name)) of the approved plan is gone or left out")
    }
    // Roles that an interrupted run has created are there now.
    let actions = Dictionary(approved.plan.roles.map { ($0.name, $0.action) }, uniquingKeysWith: { first, _ in first })
    for role in plan.roles {
      guard let old = actions[role.name], (old == .leaveOut) != (role.action == .leaveOut) else { continue }
      let words = old == .leaveOut ? "was to be left out, and is not" : "was to be carried over, and is left out"
      changes.append("role \(quotedIdentifier(role.name)) \(words)")
    }
    return changes
  }
}

extension PlannedTables {
  fileprivate func change(since old: PlannedTables) -> String? {
    guard self != old else { return nil }
    switch (old, self) {
    case (.all(let before), .all(let now)): return "had \(before) tables, and has \(now)"
    case (.named, .all): return "was to be moved in part, and now as a whole"
    case (.all, .named): return "was to be moved as a whole, and now in part"
    case (.named(let before), .named(let now)):
      let (added, gone) = (Set(now).subtracting(before).sorted(), Set(before).subtracting(now).sorted())
      let parts = [("not approved", added), ("left out now", gone)].filter { !$0.1.isEmpty }.map { words, names in
        "\(words): \(names.prefix(3).joined(separator: ", "))" + (names.count > 3 ? " and \(names.count - 3) more" : "")
      }
      return "is to be moved with other tables (\(parts.joined(separator: "; ")))"
    }
  }
}

extension ClusterReport {
  fileprivate func changes(since old: ClusterReport, on side: Side) -> [String] {
    guard fingerprint != nil, old.fingerprint != nil else { return ["the \(side) was not seen by both runs"] }
    if systemIdentifier != old.systemIdentifier {
      return ["the \(side) is another cluster: its system identifier differs"]
    }
    var changes: [String] = []
    if serverVersion != old.serverVersion {
      changes.append("the \(side) was \(old.serverVersion ?? "?"), and is \(serverVersion ?? "?")")
    }
    let (before, after) = (Set(old.databases.map(\.name)), Set(databases.map(\.name)))
    for name in after.subtracting(before).sorted() {
      changes.append("the \(side) has a new database, \(quotedIdentifier(name))")
    }
    for name in before.subtracting(after).sorted() {
      changes.append("the \(side) lacks database \(quotedIdentifier(name))")
    }
    return changes.isEmpty
      ? ["the \(side) has other roles, settings, extensions, languages, owners of databases, or numbers of tables"]
      : changes
  }
}
