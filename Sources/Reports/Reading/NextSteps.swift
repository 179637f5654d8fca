import Assessment
import Catalog
import Rules

/// A piece of a sentence; what makes it stand out depends on the format.
enum Piece: Equatable, Sendable {
  case text(String)
  case strong(String)
  case code(String)
  case link(String, to: Place)

  /// A place in the report.
  enum Place: Equatable, Sendable {
    case outcome(OutcomeKey)
    case part(String)
  }
}

/// One thing to do.
struct NextStep: Equatable, Sendable {
  /// Whom it helps: `billing`, `billing, without downtime`.
  var subject: String?
  var pieces: [Piece]
}

/// What to do next, the most helpful first: servers that don't answer, then what keeps databases from crossing at all,
/// then what keeps them from crossing without downtime, then what could not be found out; and where nothing is in the
/// way, the migration itself.
func nextSteps(for report: Report, limit: Int = 5) -> [NextStep] {
  let index = ReportIndex(report)
  var steps = unreachableSteps(index)
  if steps.isEmpty, report.plan.databases.isEmpty, report.verdict != .blocked || index.blockers.isEmpty {
    steps.append(
      NextStep(
        pieces: [
          .text("No database is selected. See which were left out, and why, in the "),
          .link("record", to: .part("record")), .text("."),
        ]))
  }
  let essential = blockerSteps(index)
  steps += essential.steps
  steps += downtimeSteps(index, fixed: essential.rules)
  steps += undecidedSteps(index)
  if report.verdict.isReady, !report.plan.databases.isEmpty { steps = readySteps(index) + steps }

  if steps.count > limit {
    let rest = steps.count - (limit - 1)
    let part = index.blockers.isEmpty ? "undetermined" : "blockers"
    steps.removeLast(rest)
    steps.append(
      NextStep(
        pieces: [
          .text("Then \(numberWord(rest)) more: see the "),
          .link(part == "blockers" ? "blockers" : "undetermined results", to: .part(part)), .text("."),
        ]))
  }
  return steps
}

// MARK: - The kinds of steps

private func unreachableSteps(_ index: ReportIndex) -> [NextStep] {
  let waiting = index.report.summary.undetermined
  return index.cluster.filter(\.isUnreachable).enumerated().map { number, outcome in
    var pieces = problem(outcome)
    if number == 0, waiting > 0 {
      pieces.append(
        .text(waiting == 1 ? " One result waits for it." : " \(formattedCount(waiting)) results wait for it."))
    }
    return NextStep(subject: outcome.rule == "connection-source" ? "Source" : "Target", pieces: pieces)
  }
}

/// What has to be fixed before the databases that are left behind can cross, and the rules that this is about.
private func blockerSteps(_ index: ReportIndex) -> (steps: [NextStep], rules: Set<String>) {
  let left = index.leftBehind
  var troubles: [Trouble] = []
  for plan in left {
    // A dump needs less than replication, so that its blockers are those that help at once.
    let method: Method = plan.dump == nil ? .replication : .dump
    let blockers = index.blockers(of: plan.name, by: method).filter { !$0.isUnreachable }
    for outcome in blockers {
      troubles.note(outcome, in: plan.name, by: method, isLast: blockers.count == 1)
    }
  }
  let steps = troubles.mostHelpfulFirst.map { trouble in
    trouble.step(subject: trouble.subject(all: left.count))
  }
  return (steps, Set(troubles.map(\.outcome.rule)))
}

/// What would let databases be replicated that are left behind, or that have to be dumped for reasons that can be fixed.
private func downtimeSteps(_ index: ReportIndex, fixed: Set<String>) -> [NextStep] {
  let considered = index.report.plan.databases.filter { $0.replication != nil && $0.dump != nil }
  let left = considered.filter { $0.verdict == .blocked }
  let dumped = considered.filter { $0.method == .dump }
  // Where some are left behind, those come first and are enough for one screen.
  let plans = left.isEmpty ? dumped : left
  var troubles: [Trouble] = []
  for plan in plans {
    let blockers = index.blockers(of: plan.name, by: .replication)
      .filter { !fixed.contains($0.rule) && !$0.methods.contains(.dump) }
    // Of those that cross anyway, only what one step changes is worth telling.
    if left.isEmpty && blockers.count > 1 { continue }
    for outcome in blockers {
      troubles.note(outcome, in: plan.name, by: .replication, isLast: blockers.count == 1)
    }
  }
  return troubles.mostHelpfulFirst.map { trouble in
    trouble.step(subject: "\(trouble.subject(all: plans.count)), without downtime")
  }
}

private func undecidedSteps(_ index: ReportIndex) -> [NextStep] {
  guard index.bothReached else { return [] }
  let plans = Dictionary(index.report.plan.databases.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  let folds = Fold.folds(of: index.report.outcomes.filter(\.isUndecided))
  let decisive = { (fold: Fold) in
    fold.outcomes.contains { outcome in
      guard let database = outcome.database else { return index.report.verdict == .undecided }
      return plans[database]?.verdict == .undecided
    }
  }
  return (folds.filter(decisive) + folds.filter { !decisive($0) }).map { fold in
    let outcome = fold.first
    let databases = fold.outcomes.compactMap(\.database).uniqued
    var pieces = problem(outcome)
    let dumpIsReady = databases.allSatisfy { plans[$0]?.method == .dump && plans[$0]?.dump?.isReady == true }
    if !databases.isEmpty, dumpIsReady, fold.outcomes.allSatisfy({ $0.methods == [.replication] }) {
      pieces.append(.text(" Or accept the dump."))
    } else {
      let rules = fold.byRule.map(\.rule)
      if rules.count == 1 {
        pieces += [.text(" Or accept it: "), .code("--accept-undetermined \(outcome.rule)"), .text(".")]
      }
    }
    return NextStep(subject: names(databases, all: plans.count), pieces: pieces)
  }
}

private func readySteps(_ index: ReportIndex) -> [NextStep] {
  var steps: [NextStep] = []
  let warnings = index.warnings.count
  if warnings > 0 {
    steps.append(
      NextStep(
        pieces: [
          .text("Read the "), .link(counted(warnings, "warning"), to: .part("warnings")),
          .text(warnings == 1 ? ". It does not stop the plan." : ". None of them stops the plan."),
        ]))
  }
  steps.append(
    NextStep(
      pieces: [
        .text("Move the databases as the "), .link("plan", to: .part("plan")), .text(" says, soon after this check."),
      ]))
  return steps
}

// MARK: - Words

/// A failed rule and the databases that it keeps back.
private struct Trouble {
  var outcome: Outcome
  var databases: [String]
  var method: Method
  /// Nothing else keeps them back.
  var isLast: Bool

  func subject(all: Int) -> String {
    let few = outcome.database != nil || all == 1 ? names(databases, all: all) : nil
    return few ?? "Every database"
  }

  func step(subject: String) -> NextStep {
    var pieces = problem(outcome)
    if databases.count > 1, outcome.database != nil {
      pieces = [
        .link("\(outcome.rule) fails in \(counted(databases.count, "database"))", to: .outcome(outcome.key)),
        .text(". For instance: \(sentence(outcome.message))"),
      ]
      if let remedy = outcome.remedy { pieces.append(.text(" " + sentence(firstSentence(of: remedy)))) }
    }
    pieces.append(.text(canThen))
    return NextStep(subject: subject, pieces: pieces)
  }

  var canThen: String {
    guard isLast else { return "" }
    return databases.count == 1 ? " It can then be \(method.participle)." : " They can then be \(method.participle)."
  }
}

extension [Trouble] {
  fileprivate mutating func note(_ outcome: Outcome, in database: String, by method: Method, isLast: Bool) {
    if let place = firstIndex(where: { $0.outcome.rule == outcome.rule && $0.method == method }) {
      self[place].databases.append(database)
      self[place].isLast = self[place].isLast && isLast
    } else {
      append(Trouble(outcome: outcome, databases: [database], method: method, isLast: isLast))
    }
  }

  /// By the number of databases; the order of the report where that is the same.
  fileprivate var mostHelpfulFirst: [Trouble] {
    enumerated().sorted { left, right in
      (right.element.databases.count, left.offset) < (left.element.databases.count, right.offset)
    }.map(\.element)
  }
}

/// What is wrong, as a link, and the first sentence of what to do about it.
private func problem(_ outcome: Outcome) -> [Piece] {
  let message = outcome.message.isEmpty ? outcome.title : outcome.message
  let trimmed = message.hasSuffix(".") ? String(message.dropLast()) : message
  var pieces: [Piece] = [.link(trimmed, to: .outcome(outcome.key)), .text(".")]
  if let remedy = outcome.remedy { pieces.append(.text(" " + sentence(firstSentence(of: remedy)))) }
  return pieces
}

/// Up to three names, else their number; nil for none, which is the whole cluster.
private func names(_ databases: [String], all: Int) -> String? {
  switch databases.count {
  case 0: nil
  case 1...3: joined(databases)
  case all: "All \(formattedCount(all)) databases"
  default: counted(databases.count, "database")
  }
}

extension Outcome {
  /// One of the servers can't be worked with at all.
  var isUnreachable: Bool { isBlocker && (rule == "connection-source" || rule == "connection-target") }

  /// What to do about the first finding that says so.
  var remedy: String? { findings.lazy.compactMap { $0.remediation?.text }.first { !$0.isEmpty } }
}
