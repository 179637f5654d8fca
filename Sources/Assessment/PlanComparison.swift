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
    }
    let names = Set(plan.databases.map(\.name))
    for database in approved.plan.databases where !names.contains(database.name) {
      changes.append("database \(quotedIdentifier(database.name)) of the approved plan is gone or left out")
    }
    return changes
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
