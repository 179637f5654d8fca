import Assessment
import Catalog
import Testing

@testable import Reports

extension NextStep {
  fileprivate var words: String {
    let text = pieces.map { piece in
      switch piece {
      case .text(let text), .strong(let text): text
      case .code(let text): "`\(text)`"
      case .link(let text, _): "[\(text)]"
      }
    }
    return (subject.map { "\($0): " } ?? "") + text.joined()
  }
}

@Suite struct Steps {
  private func steps(_ name: String) -> [String] { nextSteps(for: Fixtures.named(name)).map(\.words) }

  @Test func blocked() {
    #expect(
      steps("typical") == [
        "billing: [1 of 3 extensions is not available on the target]. Install it on the target (Debian: package "
          + "postgresql-16-partman; no restart needed) and run check again. It can then be dumped.",
        "billing, without downtime: [3 of 72 tables have no replica identity; UPDATE and DELETE on them would fail "
          + "once published]. Add a primary key, or use a unique index over NOT NULL columns. It can then be replicated.",
        "legacy-crm: [Counting large objects ran into the statement timeout (30 s)]. Run check again with a longer "
          + "timeout, or at a quieter hour. Or accept the dump.",
      ])
  }

  @Test func unreachable() {
    #expect(
      steps("source-unreachable") == [
        "Source: [connection to old.example.net, port 5432 refused]. Start the server, or correct host and port. "
          + "10 results wait for it."
      ])
    #expect(steps("target-unreachable").count == 1)
  }

  @Test func ready() {
    #expect(steps("ready") == ["Move the databases as the [plan] says, soon after this check."])
    #expect(steps("ready-by-dump").count == 3)
    #expect(
      steps("ready-by-dump")[2]
        == "Every database, without downtime: [wal_level is replica]. Set it to logical and restart the server. "
        + "They can then be replicated.")
  }

  @Test func undecided() {
    #expect(
      steps("undecided") == [
        "[the free space on the target is not known]. Tell it with --target-free-space; 1.3 GB are needed. "
          + "Or accept it: `--accept-undetermined target-disk-space`."
      ])
  }

  @Test func manyDatabasesAtOnce() {
    #expect(
      steps("many-databases") == [
        "All 20 databases: [extensions-available fails in 20 databases]. For instance: 1 of 3 extensions is not "
          + "available on the target. Install it. They can then be dumped."
      ])
  }

  @Test func nothingToMove() { #expect(steps("empty")[0].contains("No database is selected.")) }

  @Test func aScreenful() {
    let outcomes = (1...9).map { Fixtures.outcome("rule-\($0)", .failed, in: "d\($0)") }
    let plans = (1...9).map { Fixtures.plan("d\($0)", nil, replication: .blocked, dump: .blocked) }
    let steps = nextSteps(for: Fixtures.report(.blocked, outcomes: outcomes, databases: plans)).map(\.words)
    #expect(steps.count == 5)
    #expect(steps[4] == "Then five more: see the [blockers].")
  }
}

@Suite struct Sentences {
  private func words(_ name: String) -> String {
    lede(of: Fixtures.named(name)).map { piece in
      switch piece {
      case .text(let text), .strong(let text), .code(let text), .link(let text, _): text
      }
    }.joined()
  }

  @Test func underTheVerdict() {
    #expect(
      words("typical")
        == "Database billing cannot be migrated by either method. The other five are ready: three by replication and "
        + "two by dump.")
    #expect(words("ready") == "All 6 databases can be migrated by replication.")
    #expect(words("ready-by-dump") == "Both databases can be migrated by dump.")
    #expect(words("many-databases") == "20 databases cannot be migrated. The other 180 are ready, by replication.")
    #expect(words("undecided") == "Of shop it is not known whether it can be migrated.")
    #expect(words("small") == "The database can be migrated by replication.")
  }

  @Test(arguments: [
    ("One. Two.", "One."), ("Version 1.5 is old. Go.", "Version 1.5 is old."), ("No point", "No point"),
    ("It (e.g. The x) is. Then.", "It (e.g. The x) is."), ("Line\nbreak", "Line"), ("", ""),
  ])
  func firstSentences(text: String, first: String) { #expect(firstSentence(of: text) == first) }

  @Test(arguments: [
    (0.0, "0.0 s"), (33.24, "33.2 s"), (59.96, "1 min"), (124, "2 min 4 s"), (3600, "1 h"), (11_520, "3 h 12 min"),
    (.nan, "–"),
  ])
  func durations(seconds: Double, words: String) { #expect(formattedDuration(seconds) == words) }

  @Test func counts() {
    #expect(
      [0, 999, 1000, 62_114, 1_234_567, -4_000].map(formattedCount) == [
        "0", "999", "1,000", "62,114", "1,234,567", "-4,000",
      ])
  }

  @Test func days() {
    #expect(distance(from: "2026-09-14T07:42:18Z", to: "2026-10-31") == "47 days after this run")
    #expect(distance(from: "2024-02-28T00:00:00Z", to: "2024-03-01") == "2 days after this run")
    #expect(distance(from: "2026-01-01T00:00:00Z", to: "2025-12-31") == "1 day before this run")
    #expect(distance(from: "today", to: "2025-12-31") == nil)
    #expect(Moment("2026-09-14T07:42:18Z")?.inWords == "14 September 2026, 07:42 UTC")
  }

  @Test(arguments: [
    ("postgres://me@shop-prod.example.net:5432/postgres", "shop-prod", "shop-prod.example.net:5432"),
    ("postgres://10.0.0.7:5433/db", "10.0.0.7", "10.0.0.7:5433"),
    ("postgres://me@[::1]:5432/db", "[::1]", "[::1]:5432"),
    ("host=/run/postgresql", "host=/run/postgresql", "host=/run/postgresql"),
  ])
  func endpoints(connection: String, short: String, whole: String) {
    #expect(Endpoint(connection).shortHost == short)
    #expect(Endpoint(connection).hostAndPort == whole)
  }

  @Test func serversThatAreHardToTellApart() {
    var report = Fixtures.small
    report.source.connection = "postgres://me@localhost:5432/a"
    report.target.connection = "postgres://me@localhost:5433/a"
    #expect(shortNames(of: report) == ("localhost:5432", "localhost:5433"))
  }
}
