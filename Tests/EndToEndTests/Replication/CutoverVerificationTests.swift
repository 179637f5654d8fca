import Foundation
import Migration
import TestSupport
import Testing

/// What a cutover compares, and when.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct CutoverVerificationTests {
  private static func replicated() async throws -> Move {
    let move = try await Move.start()
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      create table quiet (id int primary key, t text); insert into quiet select i, 't' from generate_series(1, 1000) i;
      create table busy (id serial primary key, t text); insert into busy select i, 't' from generate_series(-9, 0) i;
      create table large (id int primary key, t text); alter table large alter t set storage plain;
      insert into large select i, repeat('x', 7000) from generate_series(1, 3000) i;
      """, database: "shop")
    let migrated = try await move.migrate(["--include-database", "shop"], by: "auto")
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    return move
  }

  @Test func `only what was written to since is compared while nobody writes`() async throws {
    let move = try await Self.replicated()
    let load = try await Load(on: move.source, database: "shop") { _, _ in ["insert into busy (t) values ('new')"] }
    let (cutover, results) = try await move.cutOver(["--block-writes"])
    #expect(try await load.stop() > 20)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    let verification = try #require(results.first?.verification)
    #expect((verification.mode, verification.tables, verification.mismatches) == (.sample, 3, []))
    #expect((verification.tablesComparedBefore, verification.sampledTables, verification.countedTables) == (2, 1, 0))
  }

  @Test(arguments: ["quiet", "busy"])
  func `a row that somebody has changed on the target is found`(table: String) async throws {
    let move = try await Self.replicated()
    let load = try await Load(on: move.source, database: "shop") { _, _ in ["insert into busy (t) values ('new')"] }
    try await move.target.sql(
      "update \(table) set t = 'other' where id = (select min(id) from \(table))", database: "shop")
    let (cutover, results) = try await move.cutOver(["--block-writes"])
    _ = try await load.stop()
    #expect(cutover.status == .exited(1))
    let result = try #require(results.first)
    #expect(result.end == .undone)
    #expect(result.message.contains("public.\(table): "), "\(result.message)")
    #expect(result.message.contains("rows on both sides, not the same ones"), "\(result.message)")
    #expect(try await move.source.value("select count(*) > 0 from busy", database: "shop") == "t")
  }
}
