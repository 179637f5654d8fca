import Foundation
import TestSupport
import Testing

/// The summary in README is that of the demo's databases, as scripts/demo sets them up.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct DemoTests {
  @Test func `the demo finds what README shows`() async throws {
    async let starting = TestCluster.start(
      settings: ["wal_level": "logical", "max_replication_slots": "32", "max_wal_senders": "32"])
    let target = try await TestCluster.start(
      settings: [
        "max_replication_slots": "32", "max_logical_replication_workers": "16", "max_worker_processes": "24",
      ], without: ["tablefunc"])
    let source = try await starting
    for name in ["roles", "shop", "billing", "analytics", "crm", "archive_2019"] {
      try await source.sql(sql(name), database: name == "roles" ? "postgres" : name)
    }
    try await target.sql(sql("target"))
    let output = try await run(
      arguments: ["check", "-s", source.connectionString(user: "migrator"), "-t", target.connectionString()],
      environment: ["LC_ALL": nil, "LC_CTYPE": nil, "LANG": "C.UTF-8", "NO_COLOR": nil])
    #expect(output.status == .exited(1), "\(output.stderr)")
    let readme = try #require(Page.all.first { $0.path == "README.md" })
    let block = try #require(readme.blocks.first { $0.language == "text" && $0.text.hasPrefix("pgpreflight ") })
    // What comes after it is where the reports are, and how long it took.
    let shown = block.lines.map(withoutChance) + ["…"]
    let printed = output.stdout.split(separator: "\n", omittingEmptySubsequences: false).map {
      withoutChance(String($0))
    }
    #expect(shows(shown, of: printed.joined(separator: "\n")), "README.md shows another summary than\n\(output.stdout)")
  }

  private func sql(_ name: String) throws -> String {
    try String(contentsOf: Scenario.fixtures.appending(path: "demo/\(name).sql"), encoding: .utf8)
  }

  /// Without ports, minor versions and sizes, which differ from run to run.
  private func withoutChance(_ line: String) -> String {
    line.replacing(/127\.0\.0\.1:[0-9]+/, with: "HOST").replacing(/15\.[0-9]+/, with: "15").replacing(
      /[0-9.]+ MB/, with: "MB"
    )
    .replacing(/\s+/, with: " ")
  }
}
