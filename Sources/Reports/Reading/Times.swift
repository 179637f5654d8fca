import Assessment
import Catalog
import Rules

/// How long something of the plan takes, or for how long nobody can write.
struct PlannedTime: Equatable {
  /// `Copy`, `billing and crm`.
  var subject: [Piece]
  /// `20 min to 4 h`.
  var lead: String
  /// What that rests on.
  var note: String?
}

/// The time that the plan takes, with what is assumed for it, and for how long writes stop, by method.
func plannedTimes(of report: Report) -> [PlannedTime] {
  let index = ReportIndex(report)
  let dumped = index.ready(by: .dump)
  let replicated = index.ready(by: .replication)
  guard !dumped.isEmpty || !replicated.isEmpty || !index.undecided.isEmpty else { return [] }

  var times = [copyTime(of: report)].compactMap(\.self)
  if !dumped.isEmpty {
    times.append(
      PlannedTime(
        subject: [.text("Writes to "), .strong(listing(dumped)), .text(" stop")], lead: "for the whole copy"))
  }
  if !replicated.isEmpty {
    let estimate = blockedTime(of: replicated)
    times.append(
      PlannedTime(
        subject: [.text("Writes to "), .strong(listing(replicated)), .text(" stop")],
        lead: estimate ?? "at the cutover only",
        note: estimate.map { _ in replicated.count == 1 ? "at the cutover" : "each, at its cutover" }))
  }
  return times
}

/// For how long nobody can write, the shortest and the longest of all; nil where it is not known of one of them.
func blockedTime(of plans: [DatabasePlan]) -> String? {
  let times = plans.compactMap(\.estimatedBlockedSeconds)
  guard times.count == plans.count, let low = times.map(\.low).min(), let high = times.map(\.high).max() else {
    return nil
  }
  return roughDuration(low, to: high)
}

/// What the rule says in one line: the range, and after it the sizes and rates that it is made of.
private func copyTime(of report: Report) -> PlannedTime? {
  guard let estimate = report.outcomes.first(where: { $0.rule == "estimated-duration" }) else { return nil }
  let subject = [Piece.link("Copy", to: .outcome(estimate.key))]
  guard estimate.outcome == .passed else {
    return PlannedTime(subject: subject, lead: "not known", note: firstSentence(of: estimate.message))
  }
  let message = estimate.message.prefix { $0 != ";" }
  guard let joint = message.firstRange(of: " for ") else { return PlannedTime(subject: subject, lead: String(message)) }
  let isPart = report.plan.databases.contains { !$0.verdict.isReady }
  var basis = message[joint.upperBound...]
  if basis.last == "." { basis.removeLast() }
  return PlannedTime(
    subject: subject, lead: message[..<joint.lowerBound].lowercasedFirst,
    note: "\(isPart ? "of all that is selected, " : "")\(basis)")
}

/// Up to two names, else their number.
private func listing(_ plans: [DatabasePlan]) -> String {
  plans.count <= 2 ? joined(plans.map(\.name)) : counted(plans.count, "database")
}
