import Assessment
import Catalog
import Markup

/// What an auditor asks for: which servers, which versions, which rules, on whose settings.
extension HTMLReport {
  func fillRecord(of page: Element) throws {
    let part = try document.element(id: "record")
    try part.each("server", [("Source", report.source), ("Target", report.target)]) { card, server in
      let (title, cluster) = server
      try card.fill("title", title)
      try card.fill("connection", cluster.connection)
      try card.fill("server", serverForRecord(cluster))
      try card.fill("identifier", cluster.systemIdentifier ?? "not known")
      try card.fill("fingerprint", cluster.fingerprint ?? "not known")
      try card.fill("databases", title == "Source" ? sourceDatabases : targetDatabases)
    }
    try fillRun(of: part)
    try fillRoles(of: part)
    let what = report.migration == nil ? "from a read-only inspection" : "after a migration"
    try page.fill("made-by", "Made by \(report.tool.name) \(report.tool.version) \(what).")
  }

  private func serverForRecord(_ cluster: ClusterReport) -> String {
    guard let version = cluster.serverVersion else { return cluster.reachable ? "not known" : "not reached" }
    let number = cluster.serverVersionNum.map { " (\($0))" } ?? ""
    return "PostgreSQL \(version)\(number)" + (cluster.provider.map { ", \($0)" } ?? "")
  }

  private var sourceDatabases: String {
    guard report.source.reachable else { return "not known" }
    let excluded = report.source.excludedDatabases.map { "\(visibleOnOneLine($0.name)) (\($0.reason.words))" }
    let left = excluded.isEmpty ? "none left out" : "left out: \(excluded.joined(separator: ", "))"
    return "\(formattedCount(report.plan.databases.count)) selected; \(left)"
  }

  private var targetDatabases: String {
    guard report.target.reachable else { return "not known" }
    let plans = report.plan.databases
    let existing = plans.count { $0.createsDatabase == false }
    let created = plans.count { $0.createsDatabase == true }
    let open = plans.count - existing - created
    let counts = [(existing, "exist"), (created, "would be created"), (open, "not known")]
    let words = counts.filter { $0.0 > 0 }.map { "\(formattedCount($0.0)) \($0.1)" }.joined(separator: ", ")
    return plans.isEmpty ? "\(formattedCount(report.target.databases.count)) there" : "of those selected: \(words)"
  }

  private func fillRun(of part: Element) throws {
    let (run, tool, settings) = (report.run, report.tool, report.settings)
    try part.fill("when", "\(run.startedAt) to \(run.finishedAt) (\(formattedDuration(run.durationSeconds)))")
    try part.fill("host", run.host)
    try part.fill("run", run.id)
    try part.fill(
      "tool", "\(tool.name) \(tool.version), report schema \(report.schemaVersion), exit status \(run.exitStatus)")
    try part.fill("rules", "\(counted(tool.ruleSet.rules, "rule")), rule set \(tool.ruleSet.version)")
    try part.fill("rules-digest", tool.ruleSet.digest)
    let file = settings.file ?? "no configuration file"
    let settingWords = "\(file); \(counted(settings.waivers, "waiver")); --fail-on \(settings.failOn.rawValue)"
    let acceptances = report.outcomes.compactMap { outcome in
      outcome.acceptedBy.map {
        "\(outcome.rule)\(outcome.database.map { " (\(visibleOnOneLine($0)))" } ?? "") by \($0)"
      }
    }
    let accepted = acceptances.isEmpty ? [] : ["Accepted without being known: \(acceptances.joined(separator: ", "))."]
    try part.fill(
      "settings",
      (["\(settingWords)."] + accepted + settings.idleWaivers.map(\.inWords)).joined(separator: " "))
    try part.fill("settings-digest", orRemove: settings.digest)
    try part.fill("command", ([tool.name] + run.arguments.map(shellQuoted)).joined(separator: " "))
  }

  private func fillRoles(of part: Element) throws {
    let roles = report.plan.roles
    guard !roles.isEmpty else { return try part.remove(slot: "roles") }
    func count(_ action: RolePlan.Action) -> Int { roles.count { $0.action == action } }
    let counts = [
      (count(.create), "to create"), (count(.exists), count(.exists) == 1 ? "exists" : "exist"),
      (count(.leaveOut), "left out"), (count(.undetermined), "not known"),
    ]
    try part.fill(
      "role-counts", counts.filter { $0.0 > 0 }.map { "\(formattedCount($0.0)) \($0.1)" }.joined(separator: " · "))
    try part.each("role", roles) { row, role in
      try row.fill("name", role.name)
      try row.fill("action", role.action.rawValue)
    }
  }
}

/// An argument as it is typed in a shell.
private func shellQuoted(_ argument: String) -> String {
  let isPlain = !argument.isEmpty && argument.allSatisfy { $0.isLetter || $0.isNumber || "-_./:@=%+,~[]".contains($0) }
  return isPlain ? argument : "'\(argument.replacing("'", with: #"'\''"#))'"
}

extension ExcludedDatabase.Reason {
  fileprivate var words: String {
    switch self {
    case .template: "template"
    case .provider: "provider"
    case .excluded: "excluded"
    case .notIncluded: "not included"
    }
  }
}
