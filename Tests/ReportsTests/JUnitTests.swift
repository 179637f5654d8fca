import Assessment
import Markup
import Reports
import Rules
import Testing

private func suites(_ report: Report) throws -> Element {
  try Document(parsing: try render("junit", report), name: "report.junit.xml").root
}

/// The case of a rule, and what it says.
private func result(_ rule: String, _ report: Report) throws -> (kind: String, type: String?, text: String) {
  let root = try suites(report)
  let found = root.descendants.first { $0.name == "testcase" && $0["name"] == rule }
  let result = try #require(found?.children.first)
  return (result.name, result["type"], result.text)
}

private func first(_ name: String, where matches: (Element) -> Bool) throws -> Element {
  let root = try suites(Fixtures.typical)
  let element = root.descendants.first { $0.name == name && matches($0) }
  return try #require(element)
}

@Suite struct JUnit {
  @Test(arguments: Fixtures.all.map(\.name))
  func countsAddUp(name: String) throws {
    let report = Fixtures.named(name)
    let root = try suites(report)
    var totals = ["testcase": 0, "failure": 0, "error": 0]
    for suite in root.children {
      func count(_ name: String) -> Int { suite.descendants.reduce(0) { $0 + ($1.name == name ? 1 : 0) } }
      #expect(suite["tests"] == "\(count("testcase"))")
      #expect(suite["failures"] == "\(count("failure"))")
      #expect(suite["errors"] == "\(count("error"))")
      #expect(suite["skipped"] == "\(count("skipped"))")
      for kind in totals.keys { totals[kind]! += count(kind) }
    }
    let migrated = report.migration?.databases ?? []
    #expect(root["tests"] == "\(report.outcomes.count + migrated.count)")
    #expect(root["tests"] == "\(totals["testcase"]!)")
    #expect(root["failures"] == "\(report.summary.blockers + migrated.count { $0.status == .failed })")
    #expect(root["failures"] == "\(totals["failure"]!)")
    #expect(
      root["errors"] == "\(report.outcomes.count(where: \.isUndecided) + migrated.count { $0.status == .cancelled })")
  }

  @Test(arguments: Fixtures.all.map(\.name))
  func namesAreUniqueAndPlain(name: String) throws {
    var seen: Set<String> = []
    for one in try suites(Fixtures.named(name)).descendants where one.name == "testcase" {
      let (className, rule) = (one["classname"] ?? "", one["name"] ?? "")
      #expect(seen.insert("\(className) \(rule)").inserted)
      let isNamed = className.wholeMatch(of: /pgpreflight\.(cluster|database\.[A-Za-z0-9_~-]+)\.[a-z]+/) != nil
      #expect(isNamed)
      let isPlain = one["time"]?.wholeMatch(of: /\d+\.\d{3}/) != nil
      #expect(isPlain)
    }
  }

  @Test func mapsOutcomes() throws {
    func mapped(_ kind: Outcome.Kind, _ severity: Severity, _ failOn: FailOn = .blocker) throws -> String {
      let waiver = kind == .waived ? Waiver(by: "dba", reason: "a cache", until: "2026-10-31") : nil
      let outcome = Fixtures.outcome("rule", kind, severity: severity, "What was seen", waiver: waiver)
      let result = try result("rule", Fixtures.report(.ready, outcomes: [outcome], databases: [], failOn: failOn))
      #expect(result.text.contains("What was seen"))
      return [result.kind, result.type].compactMap(\.self).joined(separator: " ")
    }
    #expect(try mapped(.passed, .blocker) == "system-out")
    #expect(try mapped(.failed, .blocker) == "failure blocker")
    #expect(try mapped(.failed, .blocker, .never) == "failure blocker")
    #expect(try mapped(.failed, .warning) == "system-out")
    #expect(try mapped(.failed, .warning, .warning) == "failure warning")
    #expect(try mapped(.undetermined, .blocker) == "error undetermined")
    #expect(try mapped(.undetermined, .warning) == "skipped")
    #expect(try mapped(.skipped, .blocker) == "skipped")
    #expect(try mapped(.waived, .blocker) == "skipped")
  }

  @Test func saysAllOfAFinding() throws {
    let failure = try first("failure") { $0.text.contains("pg_partman") }
    #expect(
      failure.text == """
        1 of 3 extensions is not available on the target.

        extension pg_partman: pg_partman 4.7.4 is used here; the target does not offer it.
          installed on source: 4.7.4
          objects that need it: 4 partitioned tables, 1 job
          offered by target: none
          Fix: Install it on the target (Debian: package postgresql-16-partman; no restart needed) and run check again. \
        Version 5 renamed functions: adapt the maintenance job. If partitions are maintained elsewhere from now on, \
        leave it out with --exclude-extension pg_partman.
            apt-get install postgresql-16-partman
            pgpreflight check

        Rule extensions-available: https://www.postgresql.org/docs/16/view-pg-available-extensions.html
        """)
  }

  @Test func stopsAfterTenFindings() throws {
    let text = try result("replica-identity", Fixtures.huge).text
    #expect(text.contains("table public.t10:"))
    #expect(!text.contains("table public.t11:"))
    #expect(text.contains("\nand 9,990 more\n"))
  }

  @Test func saysWhoWaived() throws {
    let skipped = try first("skipped") { $0["message"]?.hasPrefix("Waived by") == true }
    #expect(skipped.name == "skipped")
    #expect(skipped["message"]?.contains("CHG-20481") == true)
  }

  @Test func letsNobodyFetchAFile() throws {
    let text = try render("junit", Fixtures.hostile)
    #expect(!text.contains("[[ATTACHMENT|"))
    #expect(text.contains("[ [ATTACHMENT|/etc/passwd]]"))
  }

  @Test func messagesAreOneLine() throws {
    for element in try suites(Fixtures.hostile).all(having: "message") {
      #expect(element["message"]?.contains { $0.isNewline || $0 == "\t" } == false)
    }
  }

  @Test func describesTheDatabase() throws {
    let suite = try suites(Fixtures.typical).first(where: "name", is: "database billing")
    let properties = suite.descendants.filter { $0.name == "property" }.map { "\($0["name"]!)=\($0["value"]!)" }
    #expect(properties == ["database=billing", "replication=blocked", "dump=blocked", "sizeBytes=96400000000"])
    #expect(suite["timestamp"] == "2026-09-14T07:42:18")
  }
}
