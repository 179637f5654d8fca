import Assessment
import Foundation
import Migration
import TestSupport
import Testing

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct ReplicationFaultTests {
  private enum Fault: CaseIterable {
    case kill, walsender, applyWorker, restartOfSource, restartOfTarget

    func strike(_ move: Move, _ pid: pid_t) async throws {
      switch self {
      case .kill: _ = Glibc.kill(pid, SIGKILL)
      case .walsender:
        try await move.source.sql(
          "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'walsender'")
      case .applyWorker:
        try await move.target.sql(
          "select pg_terminate_backend(pid) from pg_stat_activity where backend_type ~ 'logical replication (apply )?worker'"
        )
      case .restartOfSource: try await move.source.restart(mode: .immediate)
      case .restartOfTarget: try await move.target.restart(mode: .immediate)
      }
    }
  }

  /// `PGPREFLIGHT_TEST_KILLS` makes all of them kills of the program itself.
  private static let faults =
    ProcessInfo.processInfo.environment["PGPREFLIGHT_TEST_KILLS"] == nil ? Fault.allCases : [.kill]

  /// Half of them strike while it is set up and copied, half while it is cut over.
  @Test func `twenty faults at random moments lose nothing and leave nothing`() async throws {
    let move = try await Move.start()
    try await move.makeReplicable("shop", tables: 5, rows: 1_000)
    // One gets an identity for the time of the replication, one is copied at cutover.
    try await move.source.sql(
      """
      create table given (a int, t text); insert into given select i, 't' from generate_series(1, 100) i;
      create table late (a int, j json); insert into late select i, '{}' from generate_series(1, 100) i;
      """, database: "shop")
    let identities =
      "select string_agg(relname || relreplident::text, ' ' order by relname) from pg_class where relname in ('given', 'late')"
    let options = ["--include-database", "shop", "--jobs", "2", "--set-replica-identity"]
    // No two loads write the same keys.
    @Sendable func statements(number: Int, round: Int) -> [String] {
      Load.statements(session: number, round: round, tables: 5) + [
        "update given set t = 'g\(round)' where a = \(1 + round % 100)",
        "update late set j = '[\(round)]' where a = \(1 + round % 100)",
      ]
    }
    var methods: [String] = []
    for number in 0..<20 {
      let fault = Self.faults[number % Self.faults.count]
      let strikesCutover = number / Fault.allCases.count % 2 == 1
      let delay = Duration.milliseconds(Int.random(in: 50...(strikesCutover ? 700 : 2500)))
      let what: Comment = "fault \(number): \(fault) \(strikesCutover ? "of the cutover" : "") after \(delay)"

      let load = try await Load(
        on: move.source, database: "shop", sessions: 1, statements: { statements(number: number, round: $1) })
      var run = try await move.migrate(options, by: "auto") { pid in
        guard !strikesCutover else { return }
        try await Task.sleep(for: delay)
        try await fault.strike(move, pid)
      }
      for _ in 0..<3 where run.output.status != .exited(0) {
        run = try await move.migrate(options + ["--resume"], by: "auto")
        if run.output.stderr.contains("there is nothing to go on with") {
          run = try await move.migrate(options, by: "auto")
        }
      }
      #expect(run.output.status == .exited(0), "\(what): \(run.output.stdout)\(run.output.stderr)")
      let database = try #require(run.database("shop"), what)
      #expect(database.verification?.mismatches ?? [] == [], what)
      methods.append(database.method ?? "")
      if database.method == "replication" {
        var cutover = try await move.command("cutover", ["--yes", "--block-writes", "--verify", "full"]) { pid in
          guard strikesCutover else { return }
          try await Task.sleep(for: delay)
          try await fault.strike(move, pid)
        }
        func isOver() -> Bool {
          cutover.status == .exited(0) || cutover.stderr.contains("no replication of this program")
        }
        for _ in 0..<3 where !isOver() {
          cutover = try await move.command("cutover", ["--yes", "--block-writes", "--verify", "full"])
        }
        #expect(isOver(), "\(what): \(cutover.stdout)\(cutover.stderr)")
        try await load.stop()
        try await move.openSource("shop")
        let contents = try await (
          move.contents(of: "shop", on: move.source), move.contents(of: "shop", on: move.target)
        )
        // Filled after the cutover on the target alone.
        func tables(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.hasPrefix("counted|") } }
        #expect(tables(contents.0) == tables(contents.1), what)
      } else {
        try await load.stop()
      }
      _ = try await move.command("cleanup", ["--yes"])
      try await move.expectNothingLeft()
      for (side, cluster) in [("source", move.source), ("target", move.target)] {
        let found = try await cluster.value(identities, database: "shop")
        #expect(found == "givend lated", "\(what), on the \(side)")
      }
      #expect(load.refused == [], what)
      // A server's process outlives its client by a moment.
      try await eventually("no session is left: \(what)") { try await move.sessions() == 0 }
      try await move.target.sql("drop database shop with (force)")
    }
    print(
      "twenty faults: \(methods.count { $0 == "replication" }) replicated, \(methods.count { $0 == "dump" }) dumped")
  }
}
