import Migration
import Testing

/// What is told of the time that is left.
@Suite struct TimeLeftTests {
  @Test func `what comes after the rows is counted`() throws {
    var left = TimeLeft()
    left.plan([
      .rows: 1_000_000, .indexes: 1_000_000, .foreignKeys: 500_000, .statistics: 100_000, .verification: 100_000,
    ])
    #expect(left.seconds(at: 10) == nil)
    left.copied(bytes: 500_000)
    // Half of the rows took ten seconds: more than ten are left.
    let half = try #require(left.seconds(at: 10))
    #expect(half > 25 && half < 60, "\(half)")
    left.copied(bytes: 500_000)
    left.finishRows(bytes: 1_000_000, wire: 1_000_000)
    let rows = try #require(left.seconds(at: 20))
    #expect(rows > 15 && rows < half + 1, "\(rows)")
    left.begin(.indexes, "i", bytes: 1_000_000, at: 20)
    let building = try #require(left.seconds(at: 30))
    #expect(building < rows)
    left.finish(.indexes, "i", bytes: 1_000_000)
    left.finish(.foreignKeys, "k", bytes: 500_000)
    left.finish(.statistics, "s", bytes: 100_000)
    left.finish(.verification, "v", bytes: 100_000)
    #expect(try #require(left.seconds(at: 60)) < 0.1)
  }

  @Test func `bytes on their way are others than those of the source`() throws {
    var left = TimeLeft()
    left.plan([.rows: 4_000_000])
    left.copied(bytes: 250_000)
    left.finishRows(bytes: 1_000_000, wire: 250_000)
    #expect(abs(try #require(left.seconds(at: 10)) - 30) < 0.1)
    left.copied(bytes: 250_000)
    #expect(abs(try #require(left.seconds(at: 20)) - 20) < 0.1)
  }
}
