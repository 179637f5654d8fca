import Testing

@testable import Migration

/// Every order of events that can befall cutovers, on a model of both servers: each action may fail, have no answer
/// though it happened, or not, or later; be cut short by the limit or by ^C; the program may be killed; a second run may
/// begin at any moment; an application writes whenever the source lets it.
@Suite struct CutoverMachineTests {
  @Test func `whatever befalls one run, nothing is lost and nothing false is said`() {
    var exploration = Exploration(runs: 1, rows: 2, cuts: [.outOfTime, .interrupted])
    exploration.run()
    expectSound(exploration)
  }

  @Test func `two runs at the same time are never two masters`() {
    // What cuts an action short is no different from silence.
    var exploration = Exploration(runs: 2, rows: 1, cuts: [])
    exploration.run()
    expectSound(exploration)
  }

  private func expectSound(_ exploration: Exploration, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(exploration.violations == [], sourceLocation: sourceLocation)
    print(exploration.table)
    #expect(exploration.states == Set(CutoverMachine.State.allCases), sourceLocation: sourceLocation)
    #expect(
      exploration.ends == ["done", "remains", "refused", "undone", "closed", "unknown"], sourceLocation: sourceLocation)
  }

  @Test func `from wherever others were stopped, the next run comes to its end`() {
    var exploration = Exploration(runs: 1, rows: 1, cuts: [])
    exploration.run()
    #expect(exploration.abandoned.count > 20)
    for var world in exploration.abandoned {
      world.runs = [Run()]
      while case let action = world.runs[0].machine.action, !action.isEnd {
        let event = world.perform(action, by: 0)
        _ = world.runs[0].machine.handle(event)
      }
      #expect(world.runs[0].machine.action == .end(.done), "from \(world)")
      #expect(world.state == .finished && !world.isOpen && world.targetRows == world.sourceRows)
    }
  }
}

/// A run of the program, with the locks that its sessions hold.
private struct Run: Hashable {
  var machine = CutoverMachine()
  /// The session that took the lock is still there.
  var holdsSource = false
  var holdsTarget = false
}

/// A session whose client is gone, and that is still at its last statement: it holds its lock until that has ended.
private enum Straggler: Hashable { case fence, open, claim, `switch`, undoing, reset, tidy }

private struct World: Hashable {
  var isOpen = true
  var state = CutoverMachine.State.replicating
  /// What the application was told is kept.
  var sourceRows = 0
  /// What of it has been applied, and what was copied of tables that are not replicated.
  var targetRows = 0
  var lateRows = 0
  var runs: [Run] = []
  var onSource: Straggler?
  var onTarget: Straggler?
  var violation: String?

  mutating func write() {
    guard isOpen else { return }
    if state == .switched || state == .finished { violation = violation ?? "both sides were open" }
    sourceRows += 1
  }

  /// What an action does on the servers, and the answer.
  mutating func perform(_ action: CutoverMachine.Action, by number: Int) -> CutoverMachine.Event {
    switch action {
    case .begin:
      guard lockSource(for: number), lockTarget(for: number) else {
        (runs[number].holdsSource, runs[number].holdsTarget) = (false, false)
        return .failed("")
      }
      return .found(state, isOpen: isOpen)
    case .inspect: return .done
    case .claim: return onTarget(number) { $0.state = .claimed }
    case .fence:
      guard runs[number].holdsSource else { return .silent("") }
      isOpen = false
      return onTarget(number) { $0.state = .fenced }
    case .drain:
      targetRows = sourceRows
      return onTarget(number) { $0.state = .drained }
    case .carry:
      lateRows = sourceRows
      return onTarget(number) { $0.state = .carried }
    case .verify:
      guard targetRows == sourceRows, lateRows == sourceRows else { return .failed("") }
      return onTarget(number) { $0.state = .verified }
    case .switch:
      // The shell looks whether the fence stands, in the session that holds it.
      guard runs[number].holdsSource else { return .silent("") }
      guard runs[number].holdsTarget else { return .silent("") }
      guard state == .verified else { return .failed("") }
      switchOver()
      return .done
    case .settle:
      guard lockSource(for: number), lockTarget(for: number) else { return .silent("") }
      if state == .switched || state == .finished { return .found(state, isOpen: isOpen) }
      state = .undoing
      return .found(.undoing, isOpen: isOpen)
    case .open:
      guard runs[number].holdsSource else { return .silent("") }
      open()
      return .done
    case .reset: return onTarget(number) { if $0.state != .switched { $0.state = .replicating } }
    case .tidy: return onTarget(number) { $0.state = .finished }
    case .end: return .done
    }
  }

  private mutating func onTarget(_ number: Int, _ change: (inout World) -> Void) -> CutoverMachine.Event {
    guard runs[number].holdsTarget else { return .silent("") }
    change(&self)
    return .done
  }

  private mutating func lockSource(for number: Int) -> Bool {
    guard onSource == nil, !runs.indices.contains(where: { $0 != number && runs[$0].holdsSource }) else { return false }
    runs[number].holdsSource = true
    return true
  }

  private mutating func lockTarget(for number: Int) -> Bool {
    guard onTarget == nil, !runs.indices.contains(where: { $0 != number && runs[$0].holdsTarget }) else { return false }
    runs[number].holdsTarget = true
    return true
  }

  private mutating func switchOver() {
    if isOpen { violation = violation ?? "switched while the source was open" }
    if targetRows != sourceRows || lateRows != sourceRows { violation = violation ?? "switched without all rows" }
    state = .switched
  }

  private mutating func open() {
    if state == .switched || state == .finished { violation = violation ?? "opened after the switch" }
    isOpen = true
  }

  /// The last statement of a session that nobody hears of any more.
  mutating func endStraggler(onSource isSource: Bool, happens: Bool) {
    let straggler = isSource ? onSource : onTarget
    if isSource { onSource = nil } else { onTarget = nil }
    guard happens else { return }
    switch straggler {
    case .fence: isOpen = false
    case .open: open()
    case .claim: state = .claimed
    case .switch: if state == .verified { switchOver() }
    case .undoing: if state != .switched && state != .finished { state = .undoing }
    case .reset: if state != .switched && state != .finished { state = .replicating }
    case .tidy: state = .finished
    case nil: break
    }
  }

  /// A lost session: its lock is free, or kept by what is still under way.
  mutating func lose(source isSource: Bool, of number: Int, leaving straggler: Straggler?) {
    if isSource {
      if runs[number].holdsSource { onSource = straggler ?? onSource }
      runs[number].holdsSource = false
    } else {
      if runs[number].holdsTarget { onTarget = straggler ?? onTarget }
      runs[number].holdsTarget = false
    }
  }

  /// What a run says at its end, against what is so.
  mutating func judge(_ end: CutoverMachine.End, of number: Int) {
    let isSwitched = state == .switched || state == .finished
    let isFalse =
      switch end {
      case .done, .remains: !isSwitched || isOpen
      // As it held the source's lock when it was opened.
      case .undone: isSwitched && runs[number].holdsSource || runs[number].holdsSource && !isOpen
      case .refused, .closed, .unknown: false
      }
    if isFalse { violation = violation ?? "said \(end) where \(state), open: \(isOpen)" }
  }
}

extension CutoverMachine.Action {
  fileprivate var isEnd: Bool { if case .end = self { true } else { false } }
  fileprivate var straggler: (isSource: Bool, Straggler)? {
    switch self {
    case .fence: (true, .fence)
    case .open: (true, .open)
    case .claim: (false, .claim)
    case .switch: (false, .switch)
    case .settle: (false, .undoing)
    case .reset: (false, .reset)
    case .tidy: (false, .tidy)
    case .begin, .inspect, .drain, .carry, .verify, .end: nil
    }
  }
  fileprivate var isCutShort: Bool {
    switch self {
    case .settle, .open, .reset, .end: false
    default: true
    }
  }
}

private struct Exploration {
  private var seen: Set<World> = []
  private var queue: [World] = []
  private(set) var violations: Set<String> = []
  private(set) var states: Set<CutoverMachine.State> = []
  private(set) var ends: Set<String> = []
  private(set) var abandoned: Set<World> = []
  private var transitions: Set<String> = []
  private var steps = 0
  private var runs = 0

  /// As many runs at the same time; any number one after the other.
  private let mostRuns: Int
  private let mostRows: Int
  private let cuts: [CutoverMachine.Event]

  init(runs: Int, rows: Int, cuts: [CutoverMachine.Event]) {
    mostRuns = runs
    mostRows = rows
    self.cuts = cuts
  }

  mutating func run() {
    visit(World())
    while let world = queue.popLast() { for next in successors(of: world) { visit(next) } }
  }

  private mutating func visit(_ world: World) {
    steps += 1
    guard seen.insert(world).inserted else { return }
    states.insert(world.state)
    if let violation = world.violation {
      violations.insert(violation)
      return
    }
    if world.runs.isEmpty, world.onSource == nil, world.onTarget == nil, world.state != .finished {
      abandoned.insert(world)
    }
    queue.append(world)
  }

  private mutating func successors(of world: World) -> [World] {
    var all: [World] = []
    func add(_ change: (inout World) -> Void) {
      var next = world
      change(&next)
      all.append(next)
    }
    if world.sourceRows < mostRows { add { $0.write() } }
    if world.runs.count < mostRuns, world.state != .finished { add { $0.runs.append(Run()) } }
    for isSource in [true, false] where (isSource ? world.onSource : world.onTarget) != nil {
      add { $0.endStraggler(onSource: isSource, happens: true) }
      add { $0.endStraggler(onSource: isSource, happens: false) }
    }
    for number in world.runs.indices { all += successors(of: world, number) }
    return all
  }

  private mutating func successors(of world: World, _ number: Int) -> [World] {
    var all: [World] = []
    let run = world.runs[number]
    let action = run.machine.action
    func kill(_ world: World, leaving straggler: (isSource: Bool, Straggler)?) -> World {
      var next = world
      next.lose(source: true, of: number, leaving: straggler?.isSource == true ? straggler?.1 : nil)
      next.lose(source: false, of: number, leaving: straggler?.isSource == false ? straggler?.1 : nil)
      next.runs.remove(at: number)
      return next
    }
    if case .end(let end) = action {
      ends.insert("\(end)".prefix { $0 != "(" }.description)
      var next = world
      next.judge(end, of: number)
      runs += 1
      return [kill(next, leaving: nil)]
    }
    // A session is lost while nobody looks.
    for isSource in [true, false] where isSource ? run.holdsSource : run.holdsTarget {
      var next = world
      next.lose(source: isSource, of: number, leaving: nil)
      all.append(next)
    }
    all += [kill(world, leaving: nil)]
    var happened = world
    let answer = happened.perform(action, by: number)
    all.append(kill(happened, leaving: nil))
    if let straggler = action.straggler { all.append(kill(world, leaving: straggler)) }

    func tell(_ event: CutoverMachine.Event, _ base: World) {
      var next = base
      let answer = next.runs[number].machine.handle(event)
      transitions.insert("\(action.word) \(event.word) \(answer.word)")
      all.append(next)
    }
    tell(answer, happened)
    tell(.failed(""), world)
    // The last session to be ended does not end: it is closed all the same.
    if action == .fence { tell(.failed(""), happened) }
    let cuts = action.isCutShort ? cuts : []
    for event in [.silent("")] + cuts {
      for base in [world, happened] {
        tell(event, base)
        if event.isSilent {
          // The answer was lost with the session.
          for isSource in [true, false] {
            var next = base
            next.lose(source: isSource, of: number, leaving: nil)
            tell(event, next)
          }
        }
      }
      if let (isSource, straggler) = action.straggler {
        var next = world
        next.lose(source: isSource, of: number, leaving: straggler)
        tell(event, next)
      }
    }
    return all
  }

  /// What was tried, for people.
  var table: String {
    let arrows = transitions.sorted().map { line in
      let words = line.split(separator: " ")
      return "  \(words[0].padded(10)) \(words[1].padded(12)) → \(words[2])"
    }
    return
      (["\(seen.count) states, \(steps) steps between them, \(runs) ends of runs, \(transitions.count) transitions:"]
      + arrows).joined(separator: "\n")
  }
}

extension Substring {
  fileprivate func padded(_ length: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, length - count))
  }
}

extension CutoverMachine.Action {
  fileprivate var word: String {
    if case .end(let end) = self { "end:" + "\(end)".prefix { $0 != "(" } } else { "\(self)" }
  }
}

extension CutoverMachine.Event {
  fileprivate var isSilent: Bool { if case .silent = self { true } else { false } }
  fileprivate var word: String { "\(self)".prefix { $0 != "(" }.description }
}
