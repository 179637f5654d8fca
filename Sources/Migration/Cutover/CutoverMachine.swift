/// What a cutover does next: a value that knows neither servers nor clocks.
///
/// The shell carries out one action at a time and tells how it ended; the machine answers with the next one. What it rests
/// on is this:
///
/// - **One at a time.** Each side has a lock that a session holds for as long as it is there. All that closes or opens the
///   source runs in the session that holds the source's lock, and all that changes the manifest, the switch above all, in
///   the one that holds the target's. Who gets a lock therefore knows that nothing of an earlier attempt is still under way.
/// - **The servers decide.** Whether the switch has happened is what the manifest on the target says, read under its lock.
///   Where it can't be read nothing is assumed: the source stays closed.
/// - **One switch.** The manifest says `switched` in the transaction that cuts the replication off. Before its commit
///   everything is undone; after it nothing is.
struct CutoverMachine: Sendable, Hashable {
  /// How far a cutover is, as the manifest on the target keeps it.
  enum State: String, Sendable, Hashable, CaseIterable {
    case replicating
    /// Noted before the source is closed: whoever finds it knows who has closed it.
    case claimed
    case fenced, drained, carried, verified
    /// The source is to be opened again.
    case undoing
    case switched
    case finished

    /// What can be undone: all before the switch.
    static let undoable = Set(allCases).subtracting([.switched, .finished])

    var isSwitched: Bool { !Self.undoable.contains(self) }
    /// A cutover has begun, and has not come to its end.
    var isInterrupted: Bool { !isSwitched && self != .replicating }
  }

  /// What the shell is to do.
  enum Action: Sendable, Hashable {
    /// Take both locks and read both sides: answered by `found`.
    case begin
    /// Look for what stands in the way. Nothing is blocked by it.
    case inspect
    /// Write that the source is about to be closed.
    case claim
    /// Keep everybody else from the source.
    case fence
    /// Wait until the target has applied the last write.
    case drain
    /// Copy what is not replicated, and set the sequences.
    case carry
    case verify
    /// The one transaction.
    case `switch`
    /// With the source's lock, in another session where the one that had it is gone, read the manifest under its lock and,
    /// unless it says `switched`, write `undoing`: answered by `found`.
    case settle
    /// Let everybody into the source again, and read back that they may: in the session that has held the source's lock
    /// since the manifest was read, in no other one. As long as it is there, nobody else can have switched over.
    case open
    /// Write that nothing is under way.
    case reset
    /// Remove what the replication was made of, refresh views: with the target in use.
    case tidy
    case end(End)
  }

  /// How an action ended.
  enum Event: Sendable, Hashable {
    case done
    /// What `begin` and `settle` read. `isOpen`: whether the source lets others in.
    case found(State, isOpen: Bool)
    /// It has not happened, and will not.
    case failed(String)
    /// It is not known whether it has happened: no answer, a lost connection.
    case silent(String)
    /// The time for which writes may be blocked is up; whether the action has happened is not known.
    case outOfTime
    /// Somebody has asked to stop; whether the action has happened is not known.
    case interrupted
  }

  /// What is so at the end. Each has a next command.
  enum End: Sendable, Hashable {
    /// Switched over, and nothing of the replication is there any more.
    case done
    /// Switched over; something of the replication is still there.
    case remains(String)
    /// Nothing was blocked, and nothing is.
    case refused(String)
    /// It was blocked, and has been read back to be open.
    case undone(String)
    /// This run has not switched over. It could not open the source, or does not know whether it did.
    case closed(String)
    /// Not known whether it is switched over. Both sides stay closed.
    case unknown(String)
  }

  private(set) var action = Action.begin
  /// Why it is undone.
  private var reason = ""
  /// What was found is undone, and then it begins.
  private var isRecovering = false
  private var wasFenced = false
  private var hasBegunSwitch = false
  private var hasSettled = false

  init() {}

  /// The next action after the one that was under way has ended.
  mutating func handle(_ event: Event) -> Action {
    action = next(event)
    return action
  }

  private mutating func next(_ event: Event) -> Action {
    switch (action, event) {
    case (.begin, .found(let state, let isOpen)): return start(from: state, isOpen)
    case (.begin, _): return .end(.refused(event.words))

    case (.inspect, .done): return .claim
    case (.inspect, _): return .end(.refused(event.words))
    case (.claim, .done): return .fence
    // Nobody was kept out. What was perhaps written does no harm: the next one finds it.
    case (.claim, _): return undo(event, by: .reset)

    case (.fence, .done): return .drain
    case (.drain, .done): return .carry
    case (.carry, .done): return .verify
    case (.verify, .done): return .switch
    // The switch was not begun, and nobody else can begin it.
    case (.fence, _), (.drain, _), (.carry, _), (.verify, _): return undo(event, by: .open)

    case (.switch, .done): return .tidy
    case (.switch, _):
      hasBegunSwitch = true
      return undo(event, by: .settle)

    case (.settle, .found(.switched, _)), (.settle, .found(.finished, _)): return .tidy
    case (.settle, .found):
      hasSettled = true
      return .open
    case (.settle, _):
      return .end(hasBegunSwitch ? .unknown(joined(event)) : .closed(joined(event)))

    case (.open, .done): return .reset
    // Without the lock others can have come in between: they have perhaps switched over.
    case (.open, .silent) where !hasSettled, (.open, .outOfTime) where !hasSettled,
      (.open, .interrupted) where !hasSettled:
      return .settle
    case (.open, _): return .end(.closed(joined(event)))

    // Where it could not be written, the next one finds the source open, and says so once more.
    case (.reset, _):
      guard isRecovering else { return .end(wasFenced ? .undone(reason) : .refused(reason)) }
      guard event == .done else { return .end(.refused(event.words)) }
      isRecovering = false
      hasSettled = false
      return .inspect

    case (.tidy, .done): return .end(.done)
    case (.tidy, _): return .end(.remains(event.words))
    case (.end, _): return action
    }
  }

  private mutating func start(from state: State, _ isOpen: Bool) -> Action {
    switch state {
    case .switched, .finished: return .tidy
    case .replicating:
      return isOpen
        ? .inspect : .end(.refused("the source database accepts no connections, and no cutover has closed it"))
    case .claimed, .fenced, .drained, .carried, .verified, .undoing:
      isRecovering = true
      return .settle
    }
  }

  private mutating func undo(_ event: Event, by action: Action) -> Action {
    reason = event.words
    wasFenced = action != .reset
    return action
  }

  private func joined(_ event: Event) -> String { reason.isEmpty ? event.words : "\(reason); \(event.words)" }
}

extension CutoverMachine.Event {
  fileprivate var words: String {
    switch self {
    case .failed(let words), .silent(let words): words
    case .outOfTime: "the time for which writes may be blocked is up"
    case .interrupted: "interrupted"
    case .done, .found: ""
    }
  }
}
