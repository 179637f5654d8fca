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

private func copyTime(of report: Report) -> PlannedTime? {
  let rule = report.outcomes.first { $0.rule == "estimated-duration" }
  let subject = [rule.map { Piece.link("Copy", to: .outcome($0.key)) } ?? .text("Copy")]
  guard let time = report.plan.estimatedCopySeconds else {
    // Reports of earlier versions tell it in the outcome alone.
    return rule.map { rule in
      let words = firstSentence(of: rule.message)
      return rule.outcome == .passed
        ? PlannedTime(subject: subject, lead: words) : PlannedTime(subject: subject, lead: "not known", note: words)
    }
  }
  guard time.sizeBytes > 0 else { return PlannedTime(subject: subject, lead: time.words) }
  let isPart = report.plan.databases.contains { !$0.verdict.isReady }
  return PlannedTime(
    subject: subject, lead: time.words, note: "\(isPart ? "of all that is selected, " : "")\(time.basis)")
}

/// Up to two names, else their number.
private func listing(_ plans: [DatabasePlan]) -> String {
  plans.count <= 2 ? joined(plans.map(\.name)) : counted(plans.count, "database")
}
