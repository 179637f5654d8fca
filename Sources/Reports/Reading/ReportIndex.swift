import Assessment
import Catalog
import Rules

/// A report, looked up by database: what several formats ask of it.
struct ReportIndex {
  let report: Report
  /// What concerns the pair of clusters, and so every database.
  let cluster: [Outcome]
  private let byDatabase: [String: [Outcome]]

  init(_ report: Report) {
    self.report = report
    cluster = report.outcomes.filter { $0.database == nil }
    byDatabase = Dictionary(grouping: report.outcomes.filter { $0.database != nil }) { $0.database ?? "" }
  }

  /// What concerns one database alone.
  func own(_ database: String) -> [Outcome] { byDatabase[database] ?? [] }

  var blockers: [Outcome] { report.outcomes.filter(\.isBlocker) }
  var warnings: [Outcome] { report.outcomes.filter(\.isWarning) }

  func outcomes(_ kind: Outcome.Kind) -> [Outcome] { report.outcomes.filter { $0.outcome == kind } }

  /// What keeps a database from crossing by a method.
  func blockers(of database: String, by method: Method) -> [Outcome] {
    (cluster + own(database)).filter { $0.isBlocker && $0.methods.contains(method) }
  }

  /// The databases that the plan leaves where they are.
  var leftBehind: [DatabasePlan] { report.plan.databases.filter { $0.verdict == .blocked } }

  /// The databases of which it is not known whether they can cross.
  var undecided: [DatabasePlan] { report.plan.databases.filter { $0.verdict == .undecided } }

  func ready(by method: Method) -> [DatabasePlan] {
    report.plan.databases.filter { $0.method == method && $0.verdict.isReady }
  }

  /// Both clusters answered, so that what is not known is not known for reasons of its own.
  var bothReached: Bool { report.source.reachable && report.target.reachable }
}

extension DatabasePlan {
  /// The reason without the rules that it names, where those are many: they stand elsewhere.
  var briefReason: String {
    guard reason.count > 60, let colon = reason.firstRange(of: ": ") else { return reason }
    return String(reason[..<colon.lowerBound])
  }
}

/// Outcomes that are not known for one and the same reason.
struct Fold {
  /// At least one; in the order of the report.
  var outcomes: [Outcome]

  var first: Outcome { outcomes[0] }

  /// By what they say, in the order of the report.
  static func folds(of outcomes: [Outcome]) -> [Fold] {
    var folds: [Fold] = []
    var places: [String: Int] = [:]
    for outcome in outcomes {
      let key = key(of: outcome)
      if let place = places[key] {
        folds[place].outcomes.append(outcome)
      } else {
        places[key] = folds.count
        folds.append(Fold(outcomes: [outcome]))
      }
    }
    return folds
  }

  private static func key(of outcome: Outcome) -> String {
    var parts = ["\(outcome.isUndecided)", outcome.message]
    for finding in outcome.findings {
      parts += [finding.message, finding.remediation?.text ?? "", finding.remediation?.sql ?? ""]
      parts += finding.evidence.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    }
    return parts.joined(separator: "\u{0}")
  }

  /// The rules that are concerned, in the order of the report, each with its outcomes.
  var byRule: [(rule: String, outcomes: [Outcome])] {
    var rules: [(rule: String, outcomes: [Outcome])] = []
    var places: [String: Int] = [:]
    for outcome in outcomes {
      if let place = places[outcome.rule] {
        rules[place].outcomes.append(outcome)
      } else {
        places[outcome.rule] = rules.count
        rules.append((outcome.rule, [outcome]))
      }
    }
    return rules
  }
}

/// `shop-prod` and `pg16-cutover`: source and target as short as they can still be told apart.
func shortNames(of report: Report) -> (source: String, target: String) {
  let connections = (report.source.connection, report.target.connection)
  let hosts = (Endpoint(connections.0), Endpoint(connections.1))
  for name in [\Endpoint.shortHost, \Endpoint.hostAndPort] {
    let names = (hosts.0[keyPath: name], hosts.1[keyPath: name])
    if names.0 != names.1 { return names }
  }
  return connections
}

/// Where a connection goes, as far as its string says.
struct Endpoint {
  let hostAndPort: String
  let shortHost: String

  init(_ connection: String) {
    // A URI; what is not one is shown as it is.
    guard let scheme = connection.firstRange(of: "://") else {
      hostAndPort = connection
      shortHost = connection
      return
    }
    let authority = connection[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
    let address = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    let named = address.isEmpty ? connection[scheme.upperBound...] : address
    hostAndPort = String(named)
    let isIPv6 = named.first == "["
    let host = isIPv6 ? named.prefix { $0 != "]" } + "]" : named.prefix { $0 != ":" && $0 != "," }
    let label = host.prefix { $0 != "." }
    let isNumeric = label.allSatisfy(\.isNumber)
    shortHost = isIPv6 || isNumeric || label.isEmpty ? String(host) : String(label)
  }
}
