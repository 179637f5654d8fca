import Assessment
import Foundation
import Reports
import Rules
import Testing

@Suite struct ComparisonTests {
  private func report(_ outcomes: [Outcome], _ verdict: Verdict = .blocked) -> Report {
    Fixtures.report(verdict, outcomes: outcomes, databases: [Fixtures.plan("shop", .dump)])
  }

  private func finding(_ object: String, _ message: String = "it is broken", _ evidence: [String: String] = [:])
    -> Finding
  {
    Finding(object, message, evidence: evidence, remediation: nil)
  }

  private var old: Report {
    report([
      Fixtures.outcome(
        "replica-identity", .failed, in: "shop", "2 tables have none.",
        findings: [finding("table a"), finding("table <b>")]),
      Fixtures.outcome("wal-level-logical", .failed, "wal_level is replica", findings: [finding("setting wal_level")]),
      Fixtures.outcome(
        "long-transactions", .failed, severity: .warning, "One is open.",
        findings: [finding("session", "open", ["age": "1 h"])]),
      Fixtures.outcome("target-disk-space", .passed, "There is room."),
    ])
  }

  private var new: Report {
    report([
      Fixtures.outcome(
        "replica-identity", .failed, in: "shop", "2 tables have none.",
        findings: [finding("table <b>"), finding("table `c`")]),
      Fixtures.outcome("wal-level-logical", .passed, "wal_level is logical"),
      Fixtures.outcome(
        "long-transactions", .failed, severity: .warning, "One is open.",
        findings: [finding("session", "open", ["age": "3 h"])]),
      Fixtures.outcome("target-disk-space", .undetermined, "It is not known."),
    ])
  }

  @Test func `findings are told apart by rule, database and object`() {
    let comparison = ReportComparison(old: old, new: new)
    func objects(_ kind: ReportComparison.Kind) -> [String] {
      comparison.changes(kind).map { "\($0.rule) \($0.object)" }
    }
    #expect(objects(.new) == ["replica-identity table `c`", "target-disk-space cluster"])
    #expect(objects(.changed) == ["long-transactions session"])
    #expect(objects(.fixed) == ["replica-identity table a", "wal-level-logical setting wal_level"])
    #expect(objects(.unchanged) == ["replica-identity table <b>"])
    #expect(comparison.changes(.fixed).last?.reason == "wal_level is logical")
    #expect(comparison.exitStatus(.blocker) == 1)
    #expect(comparison.exitStatus(.never) == 0)
  }

  @Test func `its exit status is about what is worse than it was`() {
    #expect(ReportComparison(old: new, new: new).exitStatus(.warning) == 0)
    var unknown = new
    unknown.outcomes[0] = old.outcomes[0]
    #expect(ReportComparison(old: old, new: unknown).exitStatus(.blocker) == 2)
    var weaker = old
    weaker.outcomes[1].severity = .warning
    #expect(ReportComparison(old: old, new: weaker).exitStatus(.warning) == 0)
    #expect(ReportComparison(old: weaker, new: old).exitStatus(.blocker) == 1)
    var warned = old
    warned.outcomes.append(Fixtures.outcome("role-passwords", .failed, severity: .warning, "None."))
    #expect(ReportComparison(old: old, new: warned).exitStatus(.blocker) == 0)
    #expect(ReportComparison(old: old, new: warned).exitStatus(.warning) == 1)
  }

  @Test func `another cluster, and other rules, are told of`() {
    var other = old
    other.source.systemIdentifier = "1"
    other.tool.ruleSet.digest = "sha256:other"
    let remarks = ReportComparison(old: old, new: other).remarks
    #expect(remarks.count == 2)
    #expect(remarks.first?.contains("the source is another cluster") == true)
  }

  @Test func `each format tells of it, and nothing in it acts`() throws {
    let comparison = ReportComparison(old: old, new: new)
    let style = TerminalStyle(color: false, unicode: true)
    let text = terminalComparison(comparison, style: style)
    #expect(text.contains("NEW  2") && text.contains("shop: table `c`") && text.contains("age: 1 h → 3 h"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(
      !text.contains("table <b>")
        && terminalComparison(
          comparison, style: TerminalStyle(color: false, unicode: true, verbose: true)
        ).contains("table <b>"))
    let html = try ComparisonReporter.html(templates: Templates()).render(comparison)
    #expect(html.contains("table &lt;b&gt;") && !html.contains("<b>"))
    #expect(html.contains("id=\"fixed\"") && html.contains("2 new, 1 changed, 2 fixed, 1 unchanged"))
    let markdown = try ComparisonReporter.markdown.render(comparison)
    #expect(markdown.contains("``table `c` ``") || markdown.contains("`` table `c` ``"))
    let decoded = try JSONDecoder().decode(
      ReportComparison.self, from: Data(try ComparisonReporter.json.render(comparison).utf8))
    #expect(decoded == comparison)
  }
}
