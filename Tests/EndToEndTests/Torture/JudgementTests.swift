import Foundation
import TestSupport
import Testing

/// That the judgement notices what it is there for.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct JudgementTests {
  /// A run that has ended well: three writes of the source, then one of the target.
  private static func evidence(
    output: String = "shop: switched over; writes were blocked for 1.00 s\n", status: Int32 = 0
  ) -> Evidence {
    let rows = Set([1, 2, 3])
    var source = ShopContents(entries: rows, orders: [11: 1, 12: 2, 13: 3], events: rows, counters: [1: 3])
    source.lastOrderNumber = 13
    var target = source
    target.entries.insert(9)
    target.orders[14] = 9
    target.lastOrderNumber = 14
    let invocation = Invocation(
      command: "cutover", output: output, status: .exited(status), startedAt: 100, endedAt: 103,
      switchedAt: status == 0 ? 102 : nil)
    let facts = ServerFacts(sourceTakesWrites: status != 0, isSubscribed: status != 0)
    return Evidence(
      limit: 5, steps: [Step(invocation: invocation, facts: facts, laterFacts: facts)],
      writes: [1, 2, 3].map { write($0, at: 99 + Double($0) / 2) }, targetWrites: [write(9, at: 102.5)],
      refusals: [101.2], subscriptionGoneAt: status == 0 ? 101.9 : nil, source: source, target: target)
  }

  private static func write(_ id: Int, at time: Double, _ fate: Write.Fate = .acknowledged) -> Write {
    Write(id: id, session: 1, begunAt: time, endedAt: time + 0.01, fate: fate)
  }

  private static let undone = "pgpreflight: shop: not switched over: …; the source is writable again, as it was\n"

  @Test func `what is right is not complained of`() {
    #expect(Self.evidence().violations == [])
    #expect(Self.evidence().steps[0].end(refusals: [101.2]) == .done)
    let undone = Self.evidence(output: Self.undone, status: 1)
    #expect(undone.violations == [])
    #expect(undone.steps[0].end(refusals: [101.2]) == .undone)
    #expect(undone.steps[0].end(refusals: []) == .refused)
    // A write whose fate nobody knows may be there, or not.
    var unknown = Self.evidence()
    unknown.writes.append(Self.write(4, at: 101, .unknown))
    #expect(unknown.violations == [])
  }

  @Test(
    arguments: [
      { $0.target.entries.remove(2) }, { $0.target.events.remove(2) }, { $0.target.orders[12] = nil },
      { $0.target.counters[1] = 2 }, { $0.target.lastOrderNumber = 12 }, { $0.target.entries.remove(9) },
      { $0.target.largeObjects = "other" }, { $0.targetErrors = ["23505 duplicate key"] },
      // Committed on the source, though nobody was told.
      { $0.source.entries.insert(4) },
    ] as [@Sendable (inout Evidence) -> Void]) func `a lost write is noticed`(
      _ lose: @Sendable (inout Evidence) -> Void
    )
  {
    var evidence = Self.evidence()
    lose(&evidence)
    #expect(!evidence.violations.isEmpty)
    #expect(evidence.violations.allSatisfy { $0.kind == .lostWrite })
  }

  @Test func `a write of the source after the switch is noticed, lost or not`() {
    var evidence = Self.evidence()
    evidence.writes.append(Self.write(1, at: 101.95))
    #expect(evidence.violations.map(\.kind) == [.bothWritable])
    // One that had begun before is none.
    evidence.writes[3].begunAt = 101.8
    #expect(evidence.violations == [])
  }

  @Test func `a false statement is noticed`() {
    var gone = Self.evidence(output: Self.undone, status: 1)
    gone.steps[0].laterFacts.isSubscribed = false
    #expect(gone.violations.map(\.kind) == [.falseStatement])
    var closed = Self.evidence(output: Self.undone, status: 1)
    closed.steps[0].facts.sourceTakesWrites = false
    #expect(Set(closed.violations.map(\.kind)) == [.falseStatement])
    var idle = Self.evidence(output: Self.undone, status: 1)
    idle.steps[0].replicates = false
    #expect(idle.violations.map(\.kind) == [.falseStatement])
    var silent = Self.evidence(output: "pgpreflight: the connection was lost\n", status: 1)
    silent.steps[0].facts.sourceTakesWrites = false
    #expect(silent.violations.map(\.kind) == [.falseStatement])
    var early = Self.evidence()
    early.steps[0].facts.isSubscribed = true
    #expect(Set(early.violations.map(\.kind)) == [.falseStatement])
    var status = Self.evidence(output: "shop: caught up, 0 bytes behind\n", status: 1)
    status.steps[0].missingAfterStatus = [3]
    #expect(status.violations.map(\.kind) == [.falseStatement])
  }

  @Test func `a block that is too long, a program that hangs and one that crashes are noticed`() {
    var long = Self.evidence(output: Self.undone, status: 1)
    long.steps[0].invocation.endedAt = 120
    #expect(long.violations.map(\.kind) == [.blockedTooLong])
    var hung = Self.evidence(output: Self.undone, status: 1)
    hung.steps[0].invocation.hung = true
    #expect(hung.violations.map(\.kind) == [.hung])
    // What it waits for may never come, as long as nobody else has to wait.
    hung.mayWait = true
    #expect(hung.violations == [])
    hung.steps[0].invocation.status = .signaled(SIGKILL)
    #expect(hung.violations.map(\.kind) == [.hung])
    var crashed = Self.evidence(output: Self.undone, status: 1)
    crashed.steps[0].invocation.status = .signaled(SIGILL)
    #expect(crashed.violations.map(\.kind) == [.crash])
  }

  @Test func `with real servers it notices what was done to them`() async throws {
    let bench = try await TortureBench.start()
    defer { bench.stop() }
    try await bench.setUpReplication()
    let id = Locked("")
    let lossy = try await CutoverTrial(
      bench: bench, point: nil,
      sabotage: { bench in
        id.set(
          try await bench.target.sql(
            "delete from events where entry = (select max(entry) from events where entry between 1000000 and 1999999) returning entry",
            database: ShopDatabase.name))
      }
    ).run()
    #expect(lossy.ends.first == .done)
    #expect(Int(id.get()) != nil)
    #expect(lossy.violations.contains { $0.kind == .lostWrite && $0.words.contains(id.get()) }, "\(lossy.violations)")

    let double = try await CutoverTrial(
      bench: bench, point: nil,
      sabotageAtEnd: { bench in
        try await bench.source.sql(
          "alter database shop reset default_transaction_read_only; alter database shop allow_connections true")
        try await Task.sleep(for: .milliseconds(300))
      }
    ).run()
    // Session 1 does not ask for a transaction that may write.
    #expect(double.violations.contains { $0.kind == .bothWritable && $0.words.contains("[1,") }, "\(double.violations)")

    // The target is in use now, whatever is said.
    let facts = await ServerFacts.read(bench)
    #expect(facts.isSubscribed == false)
    var evidence = Self.evidence(output: Self.undone, status: 1)
    evidence.steps[0].facts = facts
    #expect(evidence.violations.contains { $0.kind == .falseStatement }, "\(evidence.violations)")
  }

  @Test func `what the program says is understood`() {
    for (output, claims) in [
      ("shop: switched over: the target may be written to from now on", [.switched]),
      ("shop: an earlier cutover has switched over: the rest of it is done", [.switched]),
      ("shop: the source stays closed; to open it, run this", [.sourceIsClosed]),
      (
        "pgpreflight: shop: not switched over: the connection was lost; the source is open again, as it was",
        [.notSwitched, .sourceTakesWrites]
      ),
      (
        "pgpreflight: nothing was switched over: the source database accepts no connections",
        [.notSwitched, .sourceIsClosed]
      ),
      ("pgpreflight: shop: not switched over: it is not known whether the switch has happened", [.unknown]),
      ("shop: waiting until the target has caught up\nshop: removing the subscription", []),
      ("shop: caught up, 0 bytes behind", [.caughtUp]),
      ("pgpreflight: somebody has opened the source again", []),
    ] as [(String, Set<Claim>)] {
      #expect(Claim.all(in: output) == claims, "\(output)")
    }
  }

  @Test func `points are the same for the same seed`() throws {
    let counts = MessageCounts(program: 100, programToServer: 40, stream: 60)
    let options = try TortureOptions("cutover --sample 20 --seed 7")
    #expect(options.points(counts) == options.points(counts))
    #expect(Set(options.points(counts)).count == 20)
    #expect(Set(options.points(counts).map(\.kind)).count == TorturePoint.Kind.allCases.count)
    #expect(options.points(counts) != (try TortureOptions("cutover --sample 20 --seed 8")).points(counts))
    let kills = try TortureOptions("cutover --kind kill --from 11 --to 20").points(counts)
    #expect(kills.map(\.number) == Array(11...20))
    #expect(throws: TortureOptions.Invalid.self) { try TortureOptions("--kind nothing") }
  }
}
