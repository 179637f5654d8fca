import Catalog

/// Whether a database, by one method or by the plan, can be moved.
public enum Verdict: String, Codable, Sendable, CaseIterable {
  case ready
  case readyWithWarnings = "ready-with-warnings"
  case undecided
  case blocked

  public var isReady: Bool { self == .ready || self == .readyWithWarnings }

  /// By what the outcomes that concern one method and one database say: the worst one decides.
  public init(of outcomes: some Sequence<Outcome>) {
    var verdict = Verdict.ready
    for outcome in outcomes {
      if outcome.isBlocker {
        self = .blocked
        return
      }
      if outcome.isUndecided {
        verdict = .undecided
      } else if outcome.isWarning, verdict == .ready {
        verdict = .readyWithWarnings
      }
    }
    self = verdict
  }
}
