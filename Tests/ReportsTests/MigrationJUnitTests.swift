import Assessment
import Markup
import Reports
import Testing

@Suite struct MigrationInJUnit {
  private func suite(_ name: String) throws -> Element {
    let root = try Document(parsing: try render("junit", Fixtures.named(name)), name: "report.junit.xml").root
    return try root.first(where: "name", is: "migration")
  }

  @Test func hasACaseForEachDatabase() throws {
    let suite = try suite("migrated")
    let cases = suite.children.filter { $0.name == "testcase" }
    #expect(
      cases.map { "\($0["classname"] ?? "") \($0["name"] ?? "") \($0.children.first?.name ?? "")" } == [
        "pgpreflight.database.archive.migration migrated skipped",
        "pgpreflight.database.billing.migration migrated failure",
        "pgpreflight.database.shop.migration migrated system-out",
      ])
    #expect(suite["tests"] == "3")
    #expect(suite["failures"] == "1")
    #expect(suite["skipped"] == "1")
    let seconds = Fixtures.migrated.migration?.databases[2].phases.reduce(0) { $0 + $1.durationSeconds } ?? 0
    #expect(abs((Double(cases[2]["time"] ?? "") ?? 0) - seconds) < 0.001)
    #expect(cases[0]["time"] == "0.000")
    #expect(suite["timestamp"] == String(Fixtures.migrated.migration?.startedAt.dropLast() ?? ""))
  }

  @Test func saysWhatBecameOfADatabase() throws {
    let cases = try suite("migrated").children.filter { $0.name == "testcase" }
    let failure = try #require(cases[1].children.first)
    #expect(failure["message"]?.hasPrefix("database billing failed: copying into public.invoice") == true)
    #expect(failure.text.hasPrefix(failure["message"] ?? "-"))
    #expect(cases[2].text.contains("14 tables, 723,000 rows, 52.3 MB\ncounts equal in 14 tables\n"))
    #expect(cases[2].text.contains("\n  verification: "))
    let interrupted = try suite("migration-interrupted").children.filter { $0.name == "testcase" }
    #expect(interrupted.map { $0.children.first?.name ?? "" } == ["system-out", "error", "error"])
  }

  @Test func theReportOfACheckHasNoSuchSuite() throws {
    let root = try Document(parsing: try render("junit", Fixtures.typical), name: "report.junit.xml").root
    #expect(root.all(where: "name", is: "migration").isEmpty)
  }
}
