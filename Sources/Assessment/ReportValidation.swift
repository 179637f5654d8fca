import Catalog

extension Report {
  /// Whether what was read can be what a run has written: what the reports rely on.
  ///
  /// - Throws: `JSONFault`, with the first place of which that is not so.
  public func validate() throws(JSONFault) {
    try moment(run.startedAt, "run.startedAt")
    try moment(run.finishedAt, "run.finishedAt")
    try atMost(255, run.exitStatus, "run.exitStatus")
    try unique(plan.databases.map(\.name), "plan.databases", "name")
    try unique(outcomes.map { "\($0.rule)\u{0}\($0.database ?? "")" }, "outcomes", "rule")
    for (index, outcome) in outcomes.enumerated() where outcome.rule.isEmpty {
      throw JSONFault(path: "outcomes[\(index)].rule", problem: "is empty")
    }
    guard let migration else { return }
    try moment(migration.startedAt, "migration.startedAt")
    try moment(migration.finishedAt, "migration.finishedAt")
    try unique(migration.databases.map(\.name), "migration.databases", "name")
    for (index, database) in migration.databases.enumerated() {
      for (number, phase) in database.phases.enumerated() {
        try moment(phase.startedAt, "migration.databases[\(index)].phases[\(number)].startedAt")
      }
    }
  }

  private func atMost(_ limit: Int, _ number: Int, _ path: String) throws(JSONFault) {
    guard number > limit else { return }
    throw JSONFault(path: path, problem: "is \(number); it must be from 0 to \(limit)")
  }

  private func moment(_ text: String, _ path: String) throws(JSONFault) {
    guard text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z/) == nil else {
      return
    }
    throw JSONFault(path: path, problem: "is not a moment in UTC, such as 2026-09-14T07:42:18Z")
  }

  /// Names are compared byte by byte, as PostgreSQL does.
  private func unique(_ names: [String], _ path: String, _ field: String) throws(JSONFault) {
    var seen: Set<[UInt8]> = []
    for (index, name) in names.enumerated() where !seen.insert(name.nameBytes).inserted {
      throw JSONFault(path: "\(path)[\(index)].\(field)", problem: "is there a second time")
    }
  }
}
