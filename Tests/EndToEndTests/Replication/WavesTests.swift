import Assessment
import Foundation
import Migration
import TestSupport
import Testing

/// Databases for which the slots or workers do not suffice at once.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct WavesTests {
  private static let names = ["a", "b,b", "c'c", "d", "e"]

  private static func make(_ names: [String], on move: Move) async throws {
    for (number, name) in names.enumerated() {
      try await move.source.sql("create database :\"name\" template template0", variables: ["name": name])
      try await move.source.sql(
        """
        create table t (id bigserial primary key, v text);
        insert into t (v) select 'row ' || g from generate_series(1, \((number + 1) * 100)) g;
        create table keyless (v text); insert into keyless values ('\(number)');
        """, database: name)
    }
  }

  private static func list(_ names: [String]) -> String {
    names.map { "\"\($0)\"" }.joined(separator: ",")
  }

  @Test func `five databases go through two slots in three waves, and arrive as they are`() async throws {
    let source = try await TestCluster.start(
      settings: ["wal_level": "logical", "autovacuum": "off", "max_replication_slots": "2"])
    let target = try await TestCluster.start(settings: ["wal_level": "logical", "autovacuum": "off"])
    let move = Move(source: source, target: target)
    try await Self.make(Self.names, on: move)
    var left = Self.names
    var wave = 0
    while !left.isEmpty {
      wave += 1
      let (now, later) = (Array(left.prefix(2)), Array(left.dropFirst(2)))
      let migrated = try await move.migrate(["--include-database", Self.list(left)], by: "replication")
      #expect(
        migrated.output.status == .exited(later.isEmpty ? 0 : 2), "\(migrated.output.stdout)\(migrated.output.stderr)")
      let report = try #require(migrated.report)
      #expect(report.plan.databases.map(\.wave) == left.indices.map { $0 / 2 + 1 })
      #expect(report.migration?.status == (later.isEmpty ? .done : .waiting))
      for name in now { #expect(migrated.database(name)?.status == .inStep) }
      for name in later { #expect(migrated.database(name)?.status == .waiting) }
      for name in now { try await source.sql("insert into t (v) values ('since')", database: name) }

      let (status, databases) = try await move.status()
      #expect(databases.filter(\.isWaiting).map(\.name) == later)
      #expect(databases.filter { !$0.isWaiting }.map(\.name).sorted() == now)
      #expect(later.isEmpty || status.status == .exited(2), "\(status.stdout)")
      let text = try await move.command("status")
      if let first = later.first { #expect(text.stdout.contains("waiting"), "\(first): \(text.stdout)") }

      // What comes later cannot begin before.
      if !later.isEmpty {
        let early = try await move.migrate(["--include-database", Self.list(later)], by: "replication")
        #expect(early.output.status == .exited(1))
        #expect(early.report?.migration == nil)
      }

      let cutover = try await move.command("cutover", ["--yes", "--block-writes", "--verify", "full"])
      #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
      let command = "pgpreflight migrate --include-database "
      #expect(cutover.stdout.contains(command) == !later.isEmpty, "\(cutover.stdout)")
      if let first = later.first { #expect(cutover.stdout.contains(first.replacing("'", with: "'\\''"))) }
      for name in now {
        try await move.openSource(name)
        try await move.expectSame(name)
      }
      left = later
    }
    #expect(wave == 3)
    try await move.expectNothingLeft()
  }

  @Test func `workers of the target make waves too`() async throws {
    let source = try await TestCluster.start(settings: ["wal_level": "logical", "autovacuum": "off"])
    let target = try await TestCluster.start(
      settings: ["wal_level": "logical", "autovacuum": "off", "max_logical_replication_workers": "1"])
    let move = Move(source: source, target: target)
    try await Self.make(["one", "two"], on: move)
    let first = try await move.migrate(["--include-database", "one,two"], by: "replication")
    #expect(first.output.status == .exited(2), "\(first.output.stdout)\(first.output.stderr)")
    #expect(first.database("one")?.status == .inStep)
    #expect(first.database("two")?.status == .waiting)
    let cutover = try await move.command("cutover", ["--yes", "--block-writes"])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    let second = try await move.migrate(["--include-database", "two"], by: "replication")
    #expect(second.output.status == .exited(0), "\(second.output.stdout)\(second.output.stderr)")
    let last = try await move.command("cutover", ["--yes", "--block-writes"])
    #expect(last.status == .exited(0), "\(last.stdout)\(last.stderr)")
    for name in ["one", "two"] {
      try await move.openSource(name)
      try await move.expectSame(name)
    }
    try await move.expectNothingLeft()
  }
}
