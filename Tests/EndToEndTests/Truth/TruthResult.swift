/// What came of one state by one method.
struct TruthResult: Sendable, Codable {
  enum Verdict: String, Sendable, Codable {
    case ready, blocked, undecided
    /// It was not run; the only problem says why.
    case notTried
  }

  enum Problem: String, Sendable, Codable, CaseIterable {
    case falseReady = "false ready"
    case falseBlocked = "false blocked"
    case falseWarning = "false warning"
    case untold = "untold difference"
  }

  struct Fault: Sendable, Codable, Hashable {
    var problem: Problem
    var words: String
  }

  var state: String
  var pair: String
  var method: String
  var verdict: Verdict
  var blockers: [String] = []
  var faults: [Fault] = []
  /// Differences that were told.
  var told: [String] = []
  /// Why it was not tried.
  var reason: String?
  var seconds = 0.0
  /// How many statements the application had acknowledged.
  var written = 0

  var line: String {
    var text = "\(state), \(pair), \(method): "
    switch verdict {
    case .notTried: text += "not tried: \(reason ?? "")"
    case .blocked: text += "blocked (\(blockers.joined(separator: ", ")))\(reason.map { ": \($0)" } ?? "")"
    case .ready, .undecided: text += verdict.rawValue
    }
    for fault in faults { text += "\n    \(fault.problem.rawValue): \(fault.words)" }
    return text
  }
}
