import Assessment
import Catalog
import Postgres
import Rules

/// Switches one database over to the target, step by step as `CutoverMachine` says: this is its shell, which does each
/// action on both servers and tells how it ended.
public actor Cutover {
  public typealias Result = CutoverResult

  public enum Refresh: String, Sendable, CaseIterable { case before, after, never }

  public struct Settings: Sendable {
    /// Whether others are kept out of the source here; else the user has seen to it that nobody writes.
    public var blocksWrites = false
    /// How many values each sequence is set ahead.
    public var sequenceMargin = 0
    public var refresh = Refresh.after
    public var verification = Verification.Mode.sample
    /// For how long writes may be blocked, in seconds; then everything is undone.
    public var maxBlockedSeconds = CheckOptions.defaultMaxBlockedSeconds
    /// Changes of the schema that are not on both sides, and need not be.
    public var acceptedDrift = AcceptedDrift()
    /// What this machine has to carry new tables with.
    public var tools: [ClientTools] = []

    public init() {}
  }

  /// What is told while it goes on.
  public enum Event: Sendable {
    case step(String)
    /// Of the rows that are copied while nobody writes; the time that is left in seconds, where it can be told.
    case copied(bytes: Int, of: Int, secondsLeft: Double?)
  }

  public nonisolated let database: String
  let replications: Replications
  let settings: Settings
  let replication: Replication
  /// Databases that are cut over together with this one: their sessions end when they are closed.
  private let together: [String]
  /// Refreshing takes as long as it takes.
  let views: MaterializedViewRefresh
  nonisolated let events: @Sendable (Event) -> Void

  private var machine = CutoverMachine()
  /// With the locks of both sides.
  var gate: SourceGate?
  var steering: TargetSwitch?
  var sessions: SourceSessions?
  /// The servers' processes that have held the locks last, also when nobody hears of them any more.
  private var holders: (source: Int?, target: Int?)
  var result: CutoverResult
  private var deadline: Deadline?
  private var blockedSince: ContinuousClock.Instant?
  /// What is done while nobody can write, with the moment at which it began.
  private var phases: [(name: BlockedTime.Phase, began: ContinuousClock.Instant)] = []
  /// What was made in the last moment is looked for where that takes little of the limit.
  var comparesSchemaAgain = true
  /// As it was when nobody could write any more.
  var fenced: Look?
  var comparedBefore: ComparedBefore?

  /// So long the servers are asked what is so, when something has gone wrong, in seconds.
  private static let patience = 60
  /// So long a session that has the lock is waited for before another one opens the source: nobody can write meanwhile.
  private static let openingPatience = 5

  /// - Parameter together: the databases that are cut over at the same time, this one among them. They share the jobs, and
  ///   none of them is the one from which another is closed.
  public init?(
    _ running: RunningReplication, _ replications: Replications, together: [String], settings: Settings,
    events: @escaping @Sendable (Event) -> Void
  ) {
    // Nothing here is silent for longer: what waits for others does so until the limit at most.
    let bounded = replications.shared(among: together.count)
      .givingUp(after: .seconds(max(60, settings.maxBlockedSeconds + 30)))
    guard let replication = bounded.replication(running) else { return nil }
    self.replications = bounded
    views = MaterializedViewRefresh(database: replication.database, target: replications.target)
    self.settings = settings
    self.together = together
    self.replication = replication
    self.events = events
    database = replication.database
    result = CutoverResult(name: replication.database)
  }

  nonisolated func step(_ words: String) { events(.step(words)) }

  // MARK: The way

  /// Looks for what stands in the way, creates tables on the target that were made on the source since, and waits until
  /// the target has caught up. Nothing of it holds up anybody. What an earlier cutover has left is undone, or gone on with.
  ///
  /// - Returns: whether `run` is to follow; else `result` tells how it ended.
  public func prepare() async -> Bool {
    await advance { $0 == .claim || $0 == .tidy }
    return result.end == nil
  }

  /// Cuts over. Nobody is to write any more where others are not kept out here.
  public func run() async -> CutoverResult {
    await advance { _ in false }
    return result
  }

  /// Ends without having blocked anything.
  public func abandon(because reason: String = "not begun") async {
    if result.end == nil { result.conclude(.refused(reason), opening: nil, entrance: nil, isClosed: false) }
    await close()
  }

  public var outcome: CutoverResult { result }

  /// Whether `run` is about to keep others from writing: else it has switched over before, and does the rest.
  public var isAboutToBlock: Bool { machine.action == .claim }

  private func advance(until isReached: (CutoverMachine.Action) -> Bool) async {
    while true {
      let action = machine.action
      if case .end(let end) = action {
        let isClosed = await isSourceClosed()
        result.conclude(end, opening: gate?.opening, entrance: gate?.entrance, isClosed: isClosed)
        return await close()
      }
      if isReached(action) { return }
      let event = await perform(action)
      if event == .interrupted { result.isInterrupted = true }
      _ = machine.handle(event)
    }
  }

  /// As the server says; where it does not answer, as it was meant to be.
  private func isSourceClosed() async -> Bool {
    guard let gate, let isOpen = try? await gate.isOpen() else { return settings.blocksWrites }
    return !isOpen
  }

  private func perform(_ action: CutoverMachine.Action) async -> CutoverMachine.Event {
    do {
      switch action {
      case .begin: return try await begin()
      case .inspect: try await inspect()
      case .claim: try await claim()
      case .fence:
        let limit = Deadline(seconds: settings.maxBlockedSeconds)
        (deadline, blockedSince) = (limit, .now)
        begin(.blocking)
        try await limit.run { try await self.fence(limit) }
      case .drain:
        begin(.catchingUp)
        try await withinLimit { _ in try await self.drain() }
      case .carry: try await withinLimit { _ in try await self.carry() }
      case .verify:
        begin(.verification)
        try await withinLimit { _ in try await self.verify() }
      case .switch:
        begin(.switching)
        try await withinLimit { try await self.switchOver($0) }
        noteSwitched()
      case .settle:
        let found = try await insisting { try await self.settle() }
        if case .found(.switched, _) = found { noteSwitched() }
        return found
      case .open:
        try await insisting(for: Self.openingPatience, onlyOnce: true) { try await self.open() }
        noteBlocked()
      case .reset: try await insisting(onlyOnce: true) { try await self.reset() }
      case .tidy: try await tidy()
      case .end: break
      }
      return .done
    } catch {
      return event(of: error)
    }
  }

  private func withinLimit(_ body: @escaping @Sendable (Deadline) async throws -> Void) async throws {
    let limit = deadline ?? Deadline(seconds: settings.maxBlockedSeconds)
    guard limit.remaining > .zero else { throw Deadline.Passed() }
    try await limit.run { try await body(limit) }
  }

  /// For what puts things right: it can't be cancelled, and goes on for a minute where a server does not answer.
  private func insisting<T: Sendable>(
    for seconds: Int = Cutover.patience, onlyOnce: Bool = false, _ body: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    let limit = Deadline(seconds: seconds)
    return try await Task {
      while true {
        do {
          return try await limit.run(body)
        } catch let error as Deadline.Passed {
          throw error
        } catch {
          guard !onlyOnce, limit.remaining > .seconds(1) else { throw error }
          try await Task.sleep(for: .milliseconds(500))
        }
      }
    }.value
  }

  private func event(of error: any Error) -> CutoverMachine.Event {
    switch error {
    case is CancellationError: return .interrupted
    case is Deadline.Passed: return .outOfTime
    case let error as MigrationError:
      // A statement that the server has ended as its time was up.
      if ["57014", "55P03"].contains(error.sqlstate), let deadline, deadline.remaining <= .milliseconds(50) {
        return .outOfTime
      }
      return error.isSilence ? .silent("\(error)") : .failed("\(error)")
    default: return .silent("\(error)")
    }
  }

  func begin(_ phase: BlockedTime.Phase) { phases.append((phase, .now)) }

  private func noteSwitched() {
    if let since = blockedSince {
      let now = ContinuousClock.now
      result.downtimeSeconds = (now - since).seconds
      result.downtimePhases = zip(phases, phases.dropFirst().map(\.began) + [now]).map { phase, end in
        DowntimePhase(name: phase.name.rawValue, seconds: (end - phase.began).seconds)
      }
    }
    noteBlocked()
    step("switched over: the target may be written to from now on")
  }

  private func noteBlocked() {
    if let since = blockedSince { result.blockedSeconds = (ContinuousClock.now - since).seconds }
    blockedSince = nil
  }

  // MARK: Locks, and what the servers say

  /// Takes both locks, the source's first.
  func begin() async throws -> CutoverMachine.Event {
    let gate = try await SourceGate(
      to: database, of: replications.source, closes: settings.blocksWrites, notFrom: together)
    self.gate = gate
    holders.source = Int(gate.connection.session.backendPID)
    let steering = try await TargetSwitch(of: replication.name.run, in: database, on: replications.target)
    self.steering = steering
    holders.target = Int(steering.connection.session.backendPID)
    let system = try await attempting("identifying the server", replications.source, database: gate.entrance) {
      try await Endpoint.systemIdentifier(over: gate.connection)
    }
    let here = Manifest.Place(system: system, database: database, oid: gate.oid)
    if let contradiction = steering.manifest.contradiction(source: here, target: steering.place) {
      throw MigrationError(contradiction)
    }
    if steering.state.isInterrupted {
      step("an earlier cutover did not come to its end (\(steering.state.rawValue)): that is undone first")
    } else if steering.state.isSwitched {
      step("an earlier cutover has switched over: the rest of it is done")
    }
    return .found(steering.state, isOpen: try await gate.isOpen())
  }

  private func claim() async throws {
    var steering = try steering.orLost()
    try await steering.claim(try await populatedViews())
    self.steering = steering
  }

  /// With both locks, in new sessions where the old ones are gone.
  private func settle() async throws -> CutoverMachine.Event {
    step("asking both servers what is so")
    if await isGateThere() != true {
      gate = nil
      gate = try await SourceGate(
        to: database, of: replications.source, closes: settings.blocksWrites, notFrom: together,
        ending: holders.source)
      holders.source = gate.map { Int($0.connection.session.backendPID) }
    }
    if let old = steering { Task { await old.connection.close() } }
    steering = nil
    let new = try await TargetSwitch(
      of: replication.name.run, in: database, on: replications.target, ending: holders.target)
    steering = new
    holders.target = Int(new.connection.session.backendPID)
    guard let gate else { throw MigrationError("the lock of the source is lost") }
    let isOpen = try await gate.isOpen()
    if new.state.isSwitched { return .found(new.state, isOpen: isOpen) }
    try await new.change(to: .undoing, from: CutoverMachine.State.undoable)
    return .found(.undoing, isOpen: isOpen)
  }

  /// Whether the session that has the source's lock answers.
  private func isGateThere() async -> Bool {
    guard let gate else { return false }
    let isThere = try? await Deadline(seconds: 2).run { try await gate.isThere() }
    if isThere != true { Task { await gate.connection.close() } }
    return isThere == true
  }

  private func open() async throws {
    guard let gate else { throw MigrationError.lost }
    step("letting others into the source again")
    try await release()
    // Read back, also where nobody was kept out by it.
    if try await !gate.isOpen() { try await gate.open() }
  }

  private func reset() async throws {
    try await steering.orLost().change(to: .replicating, from: CutoverMachine.State.undoable)
  }

  /// What this program's own sessions in the source database hold ends with them, also where one of them does not answer.
  func release() async throws {
    guard let sessions, let gate else { return }
    self.sessions = nil
    Task { await sessions.close() }
    try await attempting("ending this program's own sessions", replications.source, database: database) {
      while true {
        let left = try await gate.connection.query(ReadingStatements.endSessions, [arrayLiteral(sessions.pids)])
        if left.count == 0 { return }
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  private func close() async {
    let (gate, steering, sessions) = (gate, steering, sessions)
    (self.gate, self.steering, self.sessions) = (nil, nil, nil)
    await Task {
      await sessions?.close()
      await steering?.connection.close()
      await gate?.connection.close()
    }.value
  }
}
