import Assessment
import Catalog
import Rules

/// The sentence under the verdict: what becomes of the databases.
func lede(of report: Report) -> [Piece] {
  let index = ReportIndex(report)
  let plans = report.plan.databases
  let unreachable = index.cluster.filter(\.isUnreachable).map(\.rule)
  if unreachable.contains("connection-source") || (!report.source.reachable && plans.isEmpty) {
    let who = unreachable.count == 2 ? "Neither source nor target" : "The source"
    let verb = unreachable.count == 2 ? "could be reached" : "could not be reached"
    return [.text("\(who) \(verb), so that little could be found out.")]
  }
  if plans.isEmpty { return [.text("There is no database to migrate.")] }
  if unreachable.contains("connection-target") {
    return [.text("The target could not be reached. What the source shows of \(databases(plans.count)) is below.")]
  }

  let left = index.leftBehind
  let undecided = index.undecided
  let going = [Method.replication, .dump].map { ($0, index.ready(by: $0).count) }.filter { $0.1 > 0 }
  let readyCount = going.sum(of: \.1)
  let how = joined(
    going.map { method, count in
      going.count == 1 ? "by \(method.word)" : "\(numberWord(count)) by \(method.word)"
    })

  var pieces: [Piece] = []
  if !left.isEmpty {
    pieces += subject(of: left, all: plans.count)
    pieces.append(.text(" cannot be migrated\(methods(of: left))."))
  }
  if !undecided.isEmpty {
    if !pieces.isEmpty { pieces.append(.text(" ")) }
    pieces.append(.text("Of "))
    pieces += names(of: undecided)
    pieces.append(.text(" it is not known whether \(undecided.count == 1 ? "it" : "they") can be migrated."))
  }
  if readyCount > 0 {
    if pieces.isEmpty {
      let all = readyCount == 1 ? "The database" : readyCount == 2 ? "Both databases" : "All \(databases(readyCount))"
      pieces.append(.text("\(all) can be migrated\(going.count == 1 ? " \(how)" : ": \(how)")."))
    } else {
      let others = readyCount == 1 ? "The other one is ready" : "The other \(numberWord(readyCount)) are ready"
      pieces.append(.text(" \(others)\(going.count == 1 ? ", \(how)" : ": \(how)")."))
    }
  }
  if report.verdict == .undecided, undecided.isEmpty {
    pieces.append(.text(" Something that could block all of it could not be found out."))
  }
  return pieces
}

private func databases(_ count: Int) -> String { counted(count, "database") }

private func subject(of plans: [DatabasePlan], all: Int) -> [Piece] {
  if plans.count == all, all > 3 { return [.text("None of the \(databases(all))")] }
  return [.text(plans.count == 1 ? "Database " : plans.count <= 3 ? "Databases " : "")] + names(of: plans)
}

/// Up to three by name.
private func names(of plans: [DatabasePlan]) -> [Piece] {
  guard plans.count <= 3 else { return [.text(databases(plans.count))] }
  var pieces: [Piece] = []
  for (number, plan) in plans.enumerated() {
    if number > 0 { pieces.append(.text(number == plans.count - 1 ? " and " : ", ")) }
    pieces.append(.strong(plan.name))
  }
  return pieces
}

private func methods(of plans: [DatabasePlan]) -> String {
  let hasBoth = plans.contains { $0.replication != nil && $0.dump != nil }
  if hasBoth { return plans.count > 3 ? "" : " by either method" }
  return plans.contains { $0.dump != nil } ? " by dump" : " by replication"
}

extension IdleWaiver {
  /// A sentence.
  var inWords: String {
    let place = [database.map { "database \($0)" }, object].compactMap(\.self).joined(separator: ", ")
    let name = "The waiver for \(rule)\(place.isEmpty ? "" : " (\(place))")"
    return switch state {
    case .expired: "\(name) by \(by) has expired (\(until)): it accepts nothing any more."
    case .unused: "\(name) by \(by) accepts nothing: no failure that it names was found."
    }
  }
}

/// Why a run does not end with 0 although everything can cross: what stands against a method that the plan avoids.
func exitStatusRemark(on report: Report) -> String? {
  // That of a migration tells of the migration.
  guard report.migration == nil, report.verdict.isReady, report.run.exitStatus != 0, report.settings.failOn == .blocker
  else { return nil }
  let index = ReportIndex(report)
  for (avoided, used) in [(Method.replication, Method.dump), (.dump, .replication)] {
    let plans = report.plan.databases.filter { plan in
      plan.method == used && plan.verdict(of: avoided).map { !$0.isReady } ?? false
    }
    guard !plans.isEmpty else { continue }
    let isBlocked = plans.contains { !index.blockers(of: $0.name, by: avoided).isEmpty }
    let they = plans.count == 1 ? "it goes" : "they go"
    return "\(capitalized(avoided.word)) is \(isBlocked ? "ruled out" : "undecided") for \(databases(plans.count)); "
      + "\(they) by \(used.word). --method \(used.rawValue) accepts that: exit status 0."
  }
  return nil
}

/// What stands beside a count of outcomes.
struct TallyNotes {
  let blockers: String?
  let warnings: String?
  let undetermined: String?
  let waived: String?

  init(of report: Report) {
    let index = ReportIndex(report)
    let left = Set(index.leftBehind.map(\.name))
    let all = index.blockers
    let stopping = all.filter { $0.database.map(left.contains) ?? !left.isEmpty }
    let harmless = all.count - stopping.count
    var parts: [String] = []
    if !stopping.isEmpty {
      let whom = left.count == 1 ? left.first ?? "" : databases(left.count)
      parts.append("\(formattedCount(stopping.count)) \(stopping.count == 1 ? "stops" : "stop") \(whom)")
    }
    if harmless > 0 {
      parts.append("\(formattedCount(harmless)) only \(harmless == 1 ? "rules" : "rule") out a method")
    }
    blockers = index.bothReached && !parts.isEmpty ? parts.joined(separator: ", ") : nil
    warnings = report.summary.warnings > 0 ? "none stops the plan" : nil

    let undecided = report.outcomes.filter(\.isUndecided)
    let onlyReplication = undecided.allSatisfy { $0.methods == [.replication] }
    let accepted = report.outcomes.compactMap(\.acceptedBy)
    let acceptors = accepted.uniqued
    let notes = [
      undecided.isEmpty
        ? nil : "\(formattedCount(undecided.count)) could \(onlyReplication ? "rule replication out" : "block")",
      acceptors.isEmpty
        ? nil
        : "\(formattedCount(accepted.count)) accepted by \(acceptors.count == 1 ? acceptors[0] : "\(acceptors.count) people")",
    ].compactMap(\.self)
    undetermined = notes.isEmpty ? nil : notes.joined(separator: ", ")

    let waivers = index.outcomes(.waived).compactMap(\.waiver)
    let by = waivers.map(\.by).uniqued
    let until = waivers.map(\.until).min()
    waived = by.isEmpty ? nil : "by \(by.count == 1 ? by[0] : "\(by.count) people"), until \(until ?? "")"
  }
}

/// The plan in one line, and how much that moves.
func planInBrief(of report: Report) -> (lead: String, more: String) {
  let index = ReportIndex(report)
  let plans = report.plan.databases
  guard !plans.isEmpty else { return (report.source.reachable ? "Nothing to migrate" : "Not known", "") }
  let replicated = index.ready(by: .replication)
  let dumped = index.ready(by: .dump)
  let counts: [(Int, String)] = [
    (replicated.count, "replicated"), (dumped.count, "dumped"), (index.undecided.count, "undecided"),
    (index.leftBehind.count, "left behind"),
  ]
  let lead = counts.filter { $0.0 > 0 }.map { "\(formattedCount($0.0)) \($0.1)" }.joined(separator: ", ")

  let sizes = plans.compactMap(\.sizeBytes)
  guard !sizes.isEmpty else { return (lead, "") }
  let moved = (replicated + dumped).compactMap(\.sizeBytes).sum { $0 }
  let total = sizes.sum { $0 }
  let isAll = moved == total || moved == 0
  return (lead, isAll ? formattedBytes(total) : "\(formattedBytes(moved)) of \(formattedBytes(total))")
}
