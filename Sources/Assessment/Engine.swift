import Catalog
import Rules

/// Evaluates every rule for every subject. No rule stops another.
public func decide(_ pair: ClusterPair, by rules: [Rule] = Rule.all) -> [Outcome] {
  let databases = pair.databasePairs
  return rules.flatMap { rule -> [Outcome] in
    switch rule.decision {
    case .cluster(let decide):
      [outcome(of: rule, database: nil, options: pair.options) { try decide(pair) }]
    case .database(let decide):
      databases.map { database in
        outcome(of: rule, database: database.name, options: pair.options) { try decide(database) }
      }
    }
  }
}

private func outcome(
  of rule: Rule, database: String?, options: CheckOptions, _ decide: () throws -> Conclusion
) -> Outcome {
  var outcome = Outcome(
    rule: rule.id, group: rule.group, title: rule.title, scope: rule.scope, database: database,
    methods: rule.methods.sorted(), outcome: .passed, severity: rule.severity, message: "",
    documentation: rule.documentation)

  guard rule.methods.contains(where: options.method.allows) else {
    outcome.outcome = .skipped
    outcome.message =
      "Concerns \(rule.methods.sorted().map(\.rawValue).joined(separator: " and ")) only, and --method \(options.method.rawValue) is given."
    return outcome
  }
  let clock = ContinuousClock()
  let start = clock.now
  defer { outcome.durationSeconds = (clock.now - start).seconds }
  do {
    switch try decide() {
    case .passed(let message, let notices):
      outcome.message = message
      outcome.findings = notices
    case .failed(let message, let findings, let severity):
      outcome.outcome = .failed
      outcome.message = message
      outcome.findings = findings
      outcome.severity = severity ?? rule.severity
    case .skipped(let message):
      outcome.outcome = .skipped
      outcome.message = message
    }
  } catch let reason as Undetermined {
    outcome.outcome = .undetermined
    outcome.message = "Not known: \(reason.reason)."
    outcome.findings = [
      Finding(
        database.map { "database \(quotedIdentifier($0))" } ?? "source and target", reason.reason,
        remediation: Remediation(reason.remedy))
    ]
  } catch {
    outcome.outcome = .undetermined
    outcome.message = "Not known: the rule failed (\(error))."
  }
  if outcome.outcome == .undetermined, options.acceptedUndetermined.contains(rule.id) {
    // It no longer counts for the verdict, and every report says who took that on.
    outcome.severity = .warning
    outcome.acceptedBy = options.acceptedBy
    outcome.message += " Accepted without being known (--accept-undetermined), by \(options.acceptedBy)."
  }
  return outcome
}
