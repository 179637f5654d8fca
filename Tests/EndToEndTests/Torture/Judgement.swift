import Foundation
import TestSupport

/// What a point has shown that must never be.
struct Violation: Sendable, Equatable {
  enum Kind: String, Sendable, CaseIterable {
    case lostWrite = "lost write"
    case bothWritable = "both writable"
    case falseStatement = "false statement"
    case blockedTooLong = "blocked too long"
    case hung
    case noRightEnd = "no right end"
    case leftover
    case crash
  }

  var kind: Kind
  var words: String
}

/// How a run of the program ended.
enum End: String, Sendable, CaseIterable {
  case done
  /// Writes were blocked, and it went back to where it began.
  case undone
  /// Nobody noticed anything.
  case refused
  /// It said that it does not know.
  case unknown = "unknown and said so"
  /// The switch has happened, and something after it failed.
  case unfinished = "switched, with a warning"
  case killed
  case hung
}

/// A run of the program and how the servers were when it had ended.
struct Step: Sendable {
  var invocation: Invocation
  /// At once.
  var facts: ServerFacts
  /// When connections that were frozen had gone on for a moment.
  var laterFacts: ServerFacts
  /// Whether a write to the source still came to the target; nil where that was not tried.
  var replicates: Bool?
  /// When the target was asked after a `status` that said that it had caught up: what it lacked.
  var missingAfterStatus: Set<Int> = []

  func end(refusals: [Double]) -> End {
    let (start, end) = (invocation.startedAt, invocation.endedAt)
    if invocation.hung { return .hung }
    if invocation.wasKilled { return .killed }
    if invocation.status == .exited(0) { return .done }
    if invocation.claims.contains(.unknown) { return .unknown }
    if laterFacts.isSubscribed == false { return .unfinished }
    return refusals.contains { $0 > start && $0 < end } ? .undone : .refused
  }
}

/// All that is known of what happened at a point.
struct Evidence: Sendable {
  /// In seconds.
  var limit: Double
  /// How much longer a block may seem that the server's own restart, or the next round of a writer, makes longer.
  var tolerance = 2.0
  /// Whether it may wait as long as it likes before writes are blocked, as what it waits for does not come.
  var mayWait = false
  /// Whether a server is out of the program's reach for as long as it runs: nobody opens a source that does not answer.
  var isOutOfReach = false
  var steps: [Step]
  var writes: [Write]
  var targetWrites: [Write] = []
  var refusals: [Double] = []
  /// Unexpected errors of the target's writers.
  var targetErrors: [String] = []
  var subscriptionGoneAt: Double?
  var source: ShopContents
  var target: ShopContents
  var leftovers: [String] = []

  /// The first moment at which somebody could know that the target is the one to be written to.
  var switchedAt: Double? {
    (steps.compactMap(\.invocation.switchedAt) + [subscriptionGoneAt].compactMap(\.self)).min()
  }

  /// Whether the last that was said, or else the servers, have it that the database is on the target now.
  var isSwitched: Bool { switchedAt != nil }
}

extension Evidence {
  var violations: [Violation] {
    lostWrites + bothWritable + steps.flatMap(falseStatements) + blocks + unexpectedEnds
      + leftovers.map { Violation(kind: .leftover, words: $0) }
  }

  // MARK: - Writes

  /// What the source has, or has acknowledged, and the target has not.
  private var lostWrites: [Violation] {
    guard isSwitched else { return [] }
    var words: [String] = []
    func note(_ what: String, _ ids: some Collection<Int>) {
      guard !ids.isEmpty else { return }
      words.append("\(ids.count) \(what): \(ids.sorted().prefix(5).map { "\($0)" }.joined(separator: ", "))")
    }
    let acknowledged = Set(writes.filter { $0.fate == .acknowledged }.map(\.id))
    note("acknowledged entries are not on the target", acknowledged.subtracting(target.entries))
    note("acknowledged events are not on the target", acknowledged.subtracting(target.events))
    note("acknowledged entries have no order on the target", acknowledged.subtracting(target.orders.values))
    // What was committed although nobody knows.
    let unknown = source.entries.subtracting(acknowledged)
    note("more entries of the source are not on the target", unknown.subtracting(target.entries))
    note(
      "more events of the source are not on the target",
      source.events.subtracting(acknowledged).subtracting(target.events))
    let others = source.orders.filter { target.orders[$0.key] != $0.value && !acknowledged.contains($0.value) }
    note("more orders of the source are others on the target", others.keys)
    for (session, count) in source.counters where (target.counters[session] ?? -1) < count {
      words.append("counter \(session) is \(count) on the source, \(target.counters[session] ?? -1) on the target")
    }
    for write in targetWrites where write.fate == .acknowledged && !target.entries.contains(write.id) {
      words.append("entry \(write.id), acknowledged by the target, is not there")
    }
    if target.lastOrderNumber < source.lastOrderNumber {
      words.append(
        "the sequence is at \(source.lastOrderNumber) on the source, \(target.lastOrderNumber) on the target")
    }
    if target.largeObjects != source.largeObjects { words.append("the large objects differ") }
    words += Set(targetErrors.map { "the target refused a write: \($0)" }).sorted().prefix(2)
    return words.isEmpty ? [] : [Violation(kind: .lostWrite, words: words.joined(separator: "; "))]
  }

  /// What the source acknowledged although it began when the target was the one to be written to.
  private var bothWritable: [Violation] {
    guard let switchedAt else { return [] }
    let late = writes.filter { $0.fate == .acknowledged && $0.begunAt > switchedAt }
    guard let last = late.map(\.endedAt).max() else { return [] }
    let sessions = Set(late.map(\.session)).sorted()
    return [
      Violation(
        kind: .bothWritable,
        words: """
          the source acknowledged \(late.count) writes of sessions \(sessions) after the switch, the last one \
          \(String(Int((last - switchedAt) * 1000))) ms later
          """)
    ]
  }

  // MARK: - Words

  private func falseStatements(_ step: Step) -> [Violation] {
    let (claims, invocation) = (step.invocation.claims, step.invocation)
    var words: [String] = []
    for (facts, when) in [(step.facts, "at its end"), (step.laterFacts, "a moment later")] {
      func check(_ claim: Claim, _ isFalse: Bool, _ truth: String) {
        if claims.contains(claim), isFalse { words.append("it says \(claim.rawValue), and \(when) \(truth)") }
      }
      check(.sourceTakesWrites, facts.sourceTakesWrites == false, "the source refuses writes")
      check(.sourceIsClosed, facts.sourceTakesWrites == true, "the source takes writes")
      check(.notSwitched, facts.isSubscribed == false, "the subscription is gone")
      check(.switched, facts.isSubscribed == true, "the subscription is still there")
      check(.switched, facts.sourceTakesWrites == true, "the source takes writes")
      check(.caughtUp, facts.isSubscribed == false, "the subscription is gone")
      if invocation.command == "cutover", invocation.status == .exited(0), facts.isSubscribed == true {
        words.append("it exits with 0, and \(when) the subscription is still there")
      }
      let isSilent = claims.isDisjoint(with: [
        .sourceIsClosed, .sourceMayBeClosed, .unknown, .switched, .cleanupRemovesTheRest,
      ])
      if invocation.command == "cutover", !invocation.wasKilled, invocation.status != .exited(0),
        facts.sourceTakesWrites == false, isSilent
      {
        words.append("\(when) the source refuses writes, and it does not say so")
      }
    }
    if claims.contains(.notSwitched), step.replicates == false {
      words.append("it says notSwitched, and a write to the source does not come to the target any more")
    }
    if !step.missingAfterStatus.isEmpty {
      words.append("it says caughtUp, and the target lacks \(step.missingAfterStatus.count) earlier writes")
    }
    guard !words.isEmpty else { return [] }
    let all = Set(words).sorted().joined(separator: "; ")
    return [Violation(kind: .falseStatement, words: "\(invocation.command): \(all)")]
  }

  // MARK: - Time and ends

  /// For how long no write was acknowledged, at most, while that run went on, in seconds.
  func longestBlock(_ invocation: Invocation) -> Double {
    let (start, end) = (invocation.startedAt, invocation.endedAt)
    let answers = (writes + targetWrites).filter { $0.fate == .acknowledged }.map(\.endedAt).sorted()
    let points = [start] + answers.filter { $0 > start && $0 < end }
    // The first answer after its end belongs to it, if it does not take too long.
    let last = min(answers.first { $0 >= end } ?? .infinity, end + 2)
    return zip(points, points.dropFirst() + [last]).map { $1 - $0 }.max() ?? 0
  }

  private var blocks: [Violation] {
    steps.filter { $0.invocation.command == "cutover" }.compactMap { step in
      let end = step.end(refusals: refusals)
      guard [.done, .undone, .unfinished, .hung].contains(end) else { return nil }
      if isOutOfReach, step.invocation.claims.contains(.sourceMayBeClosed) { return nil }
      let block = longestBlock(step.invocation)
      guard block > limit + tolerance else { return nil }
      return Violation(
        kind: .blockedTooLong,
        words: "no write was acknowledged for \(Int(block)) s, \(Int(limit)) s are allowed (\(end.rawValue))")
    }
  }

  private var unexpectedEnds: [Violation] {
    steps.flatMap { step -> [Violation] in
      let invocation = step.invocation
      var found: [Violation] = []
      let waits = mayWait && !invocation.wasKilled && longestBlock(invocation) <= limit
      if invocation.hung, !waits {
        found.append(Violation(kind: .hung, words: "\(invocation.command) did not end by itself"))
      }
      switch invocation.status {
      case .signaled(let signal) where signal != SIGKILL:
        found.append(Violation(kind: .crash, words: "\(invocation.command): signal \(signal)"))
      case .exited(70): found.append(Violation(kind: .crash, words: "\(invocation.command): internal error"))
      default: break
      }
      return found
    }
  }
}
