import Assessment
import Catalog
import Foundation
import Reports
import Rules

extension FuzzTarget {
  /// A snapshot of one side, beside one of the other that stays as it is: every rule, and every report of what they say.
  static let snapshot = FuzzTarget(name: "snapshot", seeds: ["snapshots"], isJSON: true, longest: 1 << 17) { bytes in
    let data = Data(bytes)
    guard let side = (try? JSONDecoder().decode(SavedSnapshot.Header.self, checked: data))?.side,
      let changed = try? savedSnapshot(in: data, "--snapshot", of: side)
    else { return }
    let other = side == .source ? Peers.target : Peers.source
    let pair = ClusterPair(
      source: side == .source ? changed : other, target: side == .target ? changed : other, options: CheckOptions(),
      tools: .unknown(Undetermined("none was looked for", remedy: "Look for one.")))
    let assessment = Assessment(of: pair, waivers: [], on: "2026-09-14")
    try renderAndReread(Peers.report(of: assessment), of: bytes)
  }

  static let report = FuzzTarget(name: "report", seeds: ["reports"], isJSON: true, longest: 1 << 17) { bytes in
    guard let report = try? Report(json: bytes) else { return }
    try renderAndReread(report, of: bytes)
  }

  static let comparison = FuzzTarget(
    name: "comparison", seeds: ["reports"], isJSON: true, longest: 1 << 17
  ) { bytes in
    guard let report = try? Report(json: bytes) else { return }
    for comparison in [
      ReportComparison(old: report, new: Peers.report), ReportComparison(old: Peers.report, new: report),
    ] {
      _ = comparison.exitStatus(.blocker)
      try expectJSON(try rendering("json") { try ComparisonReporter.json.render(comparison) })
      try expectHTML(
        try rendering("html") { try ComparisonReporter.html(templates: Templates()).render(comparison) })
      try expectVisible(try rendering("markdown") { try ComparisonReporter.markdown.render(comparison) }, "markdown")
      try expectVisible(terminalComparison(comparison, style: TerminalStyle(color: false, unicode: false)), "text")
    }
  }

  /// A report that somebody has approved, and what has changed since.
  static let plan = FuzzTarget(name: "plan", seeds: ["reports"], isJSON: true, longest: 1 << 17) { bytes in
    guard let report = try? Report(json: bytes) else { return }
    let changes =
      Peers.report.changes(since: report) + report.changes(since: Peers.report)
      + report.changes(since: report, on: [.source])
    guard changes.allSatisfy({ !$0.isEmpty }) else { throw Malformed("a change without words") }
  }
}

extension JSONDecoder {
  fileprivate func decode<Value: Decodable>(_ type: Value.Type, checked data: Data) throws -> Value {
    _ = try JSONScanner.check(data, .ofCatalogs)
    return try decode(type, from: data)
  }
}

/// What stands beside the input.
enum Peers {
  static let source = snapshot("self-managed-source", .source)
  static let target = snapshot("self-managed-target", .target)

  static let report: Report = {
    do {
      return try Report(json: Array(try Data(contentsOf: URL(fileURLWithPath: fixtures + "/reports/today.json"))))
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  /// The folder of the fixtures.
  static let fixtures: String = {
    let own = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return own.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("fixtures").path
  }()

  private static func snapshot(_ name: String, _ side: Side) -> ClusterSnapshot {
    do {
      return try savedSnapshot("\(fixtures)/snapshots/\(name).json", of: side)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  static func report(of assessment: Assessment) -> Report {
    let pair = assessment.pair
    let run = Run(
      id: "fuzz", startedAt: "2026-09-14T07:42:18Z", finishedAt: "2026-09-14T07:42:19Z", durationSeconds: 1,
      host: "host", arguments: [], exitStatus: assessment.exitStatus(failOn: .blocker))
    return Report(
      tool: Tool(name: "pgpreflight", version: "0", ruleSet: .current), run: run,
      settings: SettingsDigest(file: nil, digest: nil, failOn: .blocker, waivers: 0),
      source: ClusterReport(of: pair.source, on: .source, options: pair.options),
      target: ClusterReport(of: pair.target, on: .target, options: pair.options), capacity: assessment.capacity,
      verdict: assessment.verdict, summary: Summary(of: assessment.outcomes), outcomes: assessment.outcomes,
      plan: assessment.plan)
  }
}
