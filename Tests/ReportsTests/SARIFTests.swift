import Assessment
import Foundation
import Testing

@Suite struct SARIFTests {
  private struct Log: Decodable {
    struct Run: Decodable {
      struct Tool: Decodable {
        struct Driver: Decodable { var rules: [Rule] }
        struct Rule: Decodable { var id: String }
        var driver: Driver
      }
      struct Result: Decodable {
        struct Message: Decodable { var text: String }
        struct Suppression: Decodable { var justification: String }
        var ruleId: String
        var ruleIndex: Int
        var kind: String
        var level: String
        var message: Message
        var partialFingerprints: [String: String]
        var suppressions: [Suppression]?
      }
      var tool: Tool
      var results: [Result]
    }
    var version: String
    var runs: [Run]
  }

  private func run(_ report: Report) throws -> Log.Run {
    let log = try JSONDecoder().decode(Log.self, from: Data(try render("sarif", report).utf8))
    #expect(log.version == "2.1.0")
    return try #require(log.runs.first)
  }

  @Test(arguments: Fixtures.all.map(\.name))
  func `each finding is a result that keeps its identity`(name: String) throws {
    let report = Fixtures.named(name)
    let run = try run(report)
    let ids = run.tool.driver.rules.map(\.id)
    #expect(ids == ids.sorted() && Set(ids).count == ids.count)
    let prints = run.results.compactMap { $0.partialFingerprints["subject/v1"] }
    #expect(prints.count == run.results.count && Set(prints).count == prints.count)
    for result in run.results {
      #expect(ids[result.ruleIndex] == result.ruleId)
      #expect((result.kind == "fail") == (result.level != "none"))
      #expect(!result.message.text.isEmpty)
    }
    #expect(run.results.count <= 25_000)
    if report.outcomes.count <= 1000 {
      let expected = report.outcomes.reduce(0) { $0 + ($1.outcome == .passed ? 1 : max(1, $1.findings.count)) }
      #expect(run.results.count == min(expected, 25_000))
    } else {
      #expect(!run.results.contains { $0.kind == "pass" })
    }
  }

  @Test func `a waiver suppresses, with its reason`() throws {
    let report = Fixtures.typical
    let suppressed = try run(report).results.filter { $0.suppressions != nil }
    let waived = report.outcomes.filter { $0.outcome == .waived }
    #expect(suppressed.count == waived.reduce(0) { $0 + max(1, $1.findings.count) })
    #expect(suppressed.allSatisfy { $0.suppressions?.first?.justification.contains("until 20") == true })
  }
}
