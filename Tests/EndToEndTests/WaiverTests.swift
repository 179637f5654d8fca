import Assessment
import Foundation
import TestSupport
import Testing

@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct WaiverTests {
  /// A check that nothing but its size limit fails.
  private func checkOverLimit(
    _ waivers: String, in folder: TemporaryFolder, _ arguments: [String] = []
  ) async throws -> CheckRun {
    try folder.write("waivers:\n" + waivers, to: "pgpreflight.yaml")
    let clusters = try await ClusterPair.shared.value.connections
    return try await check(
      clusters + ["--max-total-size", "1kB"] + arguments, environment: ["LC_ALL": "C.UTF-8"],
      workingDirectory: folder.path)
  }

  private let accepted = """
      - {rule: source-size-limit, by: Ada <ada@example.org>, reason: "the limit is a guess & <b>old</b>", expires: 2999-12-31}

    """

  @Test func `a waiver accepts a failure, and every report says whose it is`() async throws {
    let folder = try TemporaryFolder()
    let without = try await checkOverLimit("", in: folder)
    #expect(without.report.run.exitStatus == 1)
    #expect(without.report.verdict == .blocked)

    let html = folder.path + "/report.html"
    let junit = folder.path + "/report.xml"
    let run = try await checkOverLimit(
      accepted, in: folder, ["--report", "html=\(html)", "--report", "junit=\(junit)", "-v"])
    #expect(run.report.run.exitStatus == 0)
    #expect(run.report.verdict.isReady)
    let outcome = try #require(run.outcome("source-size-limit"))
    #expect(outcome.outcome == .waived)
    #expect(outcome.severity == .blocker)
    #expect(!outcome.findings.isEmpty)
    let waiver = Waiver(
      by: "Ada <ada@example.org>", reason: "the limit is a guess & <b>old</b>", until: "2999-12-31")
    #expect(outcome.waiver == waiver)
    #expect(run.report.settings.waivers == 1)
    #expect(run.report.settings.idleWaivers == [])
    #expect(run.report.summary.waived == 1)
    #expect(run.output.stdout.contains("waived by Ada <ada@example.org> until 2999-12-31"), "\(run.output.stdout)")
    let xml = try folder.text("report.xml")
    #expect(
      xml.contains(
        "message=\"Waived by Ada &lt;ada@example.org&gt; until 2999-12-31: the limit is a guess &amp; &lt;b&gt;old&lt;/b&gt;\""
      ), "\(xml)")
    let page = try folder.text("report.html")
    #expect(page.contains("Ada &lt;ada@example.org&gt;"))
    #expect(!page.contains("<b>old"))
  }

  @Test func `an expired and an unused waiver are told of, and change nothing`() async throws {
    let folder = try TemporaryFolder()
    let run = try await checkOverLimit(
      """
        - {rule: source-size-limit, by: Ada, reason: old, expires: 2020-02-29}
        - {rule: wal-level-logical, by: Bob, reason: none, expires: "2999-12-31"}
        - {rule: extensions-available, database: app, object: extension x, by: Bob, reason: none, expires: 2999-12-31}

      """, in: folder, ["--report", "html=\(folder.path)/report.html", "--report", "junit=\(folder.path)/report.xml"])
    #expect(run.report.run.exitStatus == 1)
    #expect(run.outcome("source-size-limit")?.outcome == .failed)
    #expect(run.report.settings.waivers == 3)
    #expect(run.report.settings.idleWaivers.map(\.state) == [.expired, .unused, .unused])
    let sentences = [
      "The waiver for source-size-limit by Ada has expired (2020-02-29): it accepts nothing any more.",
      "The waiver for wal-level-logical by Bob accepts nothing: no failure that it names was found.",
      "The waiver for extensions-available (database app, extension x) by Bob accepts nothing:",
    ]
    let summary = run.output.stdout.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let reports = [summary, try folder.text("report.xml"), try folder.text("report.html")]
    for sentence in sentences {
      for report in reports { #expect(report.contains(sentence), "\(sentence)") }
    }
  }

  @Test func `a waiver does not decide what could not be evaluated`() async throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "waivers:\n  - {rule: wal-level-logical, by: Ada, reason: r, expires: 2999-12-31}\n", to: "pgpreflight.yaml")
    let run = try await check(CommandLineTests.clusters, workingDirectory: folder.path)
    #expect(run.outcome("wal-level-logical")?.outcome == .undetermined)
    #expect(run.report.settings.idleWaivers.map(\.state) == [.unused])
  }

  @Test func `by its object, a finding is accepted in one database only`() async throws {
    let clusters = try await ClusterPair.shared.value
    // The target lacks it.
    let name = "app"
    let folder = try TemporaryFolder()
    let arguments = clusters.connections + ["--include-database", name, "--no-create-databases"]
    let failed = try await check(arguments, workingDirectory: folder.path)
    let outcome = try #require(failed.outcome("database-exists-or-creatable", database: name))
    #expect(outcome.outcome == .failed)
    let object = try #require(outcome.findings.first?.object)
    func waived(_ object: String, _ database: String) async throws -> Outcome.Kind? {
      try folder.write(
        """
        waivers:
          - rule: database-exists-or-creatable
            database: \(database)
            object: '\(object)'
            by: Ada
            reason: made later
            expires: 2999-12-31
        """, to: "pgpreflight.yaml")
      let run = try await check(arguments, workingDirectory: folder.path)
      return run.outcome("database-exists-or-creatable", database: name)?.outcome
    }
    #expect(try await waived(object, name) == .waived)
    #expect(try await waived(object, "postgres") == .failed)
    #expect(try await waived("database other", name) == .failed)

    // It is not taken for a leave to create the database.
    #expect(try await waived(object, name) == .waived)
    let migration = try await run(
      arguments: ["migrate", "--yes", "--target-free-space", "1TB"] + arguments, workingDirectory: folder.path)
    #expect(migration.status == .exited(1))
    #expect(
      migration.stderr.contains("the target lacks it, and --no-create-databases is given"), "\(migration.stderr)")
    #expect(try await clusters.target.value("select count(*) from pg_database where datname = '\(name)'") == "0")
  }

  static let mistakes: [(yaml: String, says: String)] = [
    ("waivers: wal-level-logical\n", "pgpreflight.yaml:1: waivers has the wrong type"),
    ("waivers: [wal-level-logical]\n", "pgpreflight.yaml:1: a waiver has the wrong type"),
    ("waivers:\n  - {rule: wal-level, by: A, reason: r, expires: 2999-01-01}\n", ":2: a waiver of rule wal-level"),
    ("waivers:\n  - {rule: wal-level, by: A, reason: r, expires: 2999-01-01}\n", "wal-level-logical"),
    ("waivers:\n  - by: A\n    reason: r\n    expires: 2999-01-01\n", ":2: a waiver lacks rule"),
    ("waivers:\n  - {rule: wal-level-logical, reason: r, expires: 2999-01-01}\n", "a waiver lacks by"),
    ("waivers:\n  - {rule: wal-level-logical, by: A, expires: 2999-01-01}\n", "a waiver lacks reason"),
    ("waivers:\n  - {rule: wal-level-logical, by: A, reason: r}\n", "a waiver lacks expires"),
    (
      "waivers:\n  - {rule: wal-level-logical, by: A, reason: , expires: 2999-01-01}\n",
      "reason of a waiver has no value"
    ),
    ("waivers:\n  - {rule: wal-level-logical, by: A, reason: r, expires: never}\n", "not a day such as"),
    ("waivers:\n  - {rule: wal-level-logical, by: A, reason: r, expires: 2027-02-29}\n", "not a day such as"),
    ("waivers:\n  - {rule: wal-level-logical, by: A, reason: r, expires: 2027-1-1}\n", "not a day such as"),
    ("waivers:\n  - {rule: wal-level-logical, until: x}\n", "unknown setting"),
    (
      "waivers:\n  - {rule: wal-level-logical, database: a, by: A, reason: r, expires: 2999-01-01}\n",
      "for the clusters as a whole"
    ),
  ]

  @Test(arguments: mistakes.indices) func `a mistake in a waiver is one line and status 64`(index: Int) async throws {
    let (yaml, says) = Self.mistakes[index]
    let folder = try TemporaryFolder()
    try folder.write(yaml, to: "pgpreflight.yaml")
    let output = try await run(arguments: ["check"] + CommandLineTests.clusters, workingDirectory: folder.path)
    #expect(output.status == .exited(64), "\(yaml)")
    #expect(output.stderr.count { $0 == "\n" } == 1, "\(output.stderr)")
    #expect(output.stderr.contains(says), "\(yaml): \(output.stderr)")
  }
}
