import Foundation
import TestSupport
import Testing

@Suite(.takesTurns, .needsSmallDisk, .timeLimit(.minutes(30))) struct FullDiskTests {
  @Test func `a disk that gets full is told of, and once there is room the rest is gone on with`() async throws {
    let move = try await Move.start()
    try await move.makeShop()
    let disk = try await move.target.makeSmallTablespace(named: "small", megabytes: 16)
    try await move.target.sql("create database shop tablespace small template template0")
    let failed = try await move.migrate(["--include-database", "shop"])
    #expect(failed.output.status == .exited(1))
    let database = try #require(failed.database("shop"))
    #expect(database.status == .failed)
    #expect(database.message.contains("No space left on device"), "\(database.message)")
    #expect(database.message.contains("of the target"), "\(database.message)")
    #expect(try await move.sessions() == 0)

    try disk.enlarge(megabytes: 256)
    let resumed = try await move.migrate(["--include-database", "shop", "--resume", "--verify", "full"])
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    let contents = try await (move.contents(of: "shop", on: move.source), move.contents(of: "shop", on: move.target))
    #expect(contents.0 == contents.1)
    #expect(try await move.journals(in: "shop") == "0")
  }
}
