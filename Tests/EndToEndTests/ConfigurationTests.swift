import TestSupport
import Testing

/// Nothing listens on port 1, so that a check ends soon; its report tells where it wanted to connect to.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct ConfigurationTests {
  static let mistakes: [(yaml: String, says: String)] = [
    ("jobs: 2\nbogus: 3\n", "settings.yaml:2: unknown setting bogus"),
    ("\njobs: two\n", "settings.yaml:2: jobs has the wrong type"),
    ("jobs: 0\n", "jobs 0: from 1 to 64"),
    ("jobs: 1\njobs: 2\n", "settings.yaml:1: a setting is given twice: jobs"),
    ("- jobs\n", "settings.yaml"),
    ("jobs\n", "settings.yaml"),
    ("jobs: [1\n", "settings.yaml:2: it is not YAML"),
    ("method: magic\n", "settings.yaml:1: method has a value that is not understood"),
    ("fail-on: all\n", "settings.yaml:1: fail-on"),
    ("max-total-size: 5XB\n", "settings.yaml:1: max-total-size"),
    ("exclude-database: {a: b}\n", "settings.yaml:1: exclude-database has the wrong type"),
    ("with-table: a.b.c.d\n", "a.b.c.d is not a table's name"),
    ("with-table: a\nskip-table: b\n", "exclude each other"),
    ("accept-undetermined: magic\n", "magic"),
    ("report: pdf\n", "pdf"),
    // Whatever is wrong, no value is told.
    ("source: postgres://u:s3cret@h:5432/db: x\n", "settings.yaml:1: it is not YAML"),
    ("source: \"postgres://u:s3cret@h\n", "settings.yaml:2: it is not YAML"),
    ("postgres://u:s3cret@h/db: x\n", "settings.yaml:1: unknown setting"),
    ("source: [postgres://u:s3cret@h/db]\n", "settings.yaml:1: source has the wrong type"),
    ("source: postgres://u:s3cret%zz@h/db\n", "source in the configuration file"),
  ]

  @Test(arguments: mistakes.indices) func `a mistake in the file is one line and status 64`(index: Int) async throws {
    let (yaml, says) = Self.mistakes[index]
    let folder = try TemporaryFolder()
    try folder.write(yaml, to: "settings.yaml")
    let output = try await run(
      arguments: ["check", "-t", "host=127.0.0.1 port=1", "--config", "settings.yaml"]
        + (yaml.contains("source:") ? [] : ["-s", "host=127.0.0.1 port=1"]), workingDirectory: folder.path)
    #expect(output.status == .exited(64), "\(yaml)")
    #expect(output.stderr.count { $0 == "\n" } == 1, "\(output.stderr)")
    #expect(output.stderr.contains(says), "\(yaml): \(output.stderr)")
    #expect(!output.stderr.contains("s3cret"), "\(output.stderr)")
  }

  @Test func `an option wins over the environment, the environment over the file`() async throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "source: postgres://127.0.0.1:1/file\ntarget: postgres://127.0.0.1:1/file\njobs: 2\nmax-total-size: 7kB\n",
      to: "pgpreflight.yaml")
    let fromFile = try await check([], workingDirectory: folder.path)
    #expect(fromFile.report.source.connection == "postgres://127.0.0.1:1/file")
    #expect(fromFile.report.settings.file == "pgpreflight.yaml")
    #expect(fromFile.report.settings.digest?.hasPrefix("sha256:") == true)

    let aiven = [
      "SOURCE_SERVICE_URI": "postgres://127.0.0.1:1/aiven", "TARGET_SERVICE_URI": "postgres://127.0.0.1:1/aiven",
    ]
    let fromAiven = try await check([], environment: aiven, workingDirectory: folder.path)
    #expect(fromAiven.report.source.connection == "postgres://127.0.0.1:1/aiven")
    #expect(fromAiven.report.target.connection == "postgres://127.0.0.1:1/aiven")

    let own = ["PGPREFLIGHT_SOURCE": "postgres://127.0.0.1:1/own", "PGPREFLIGHT_TARGET": ""]
    let fromOwn = try await check([], environment: aiven.merging(own) { $1 }, workingDirectory: folder.path)
    #expect(fromOwn.report.source.connection == "postgres://127.0.0.1:1/own")
    #expect(fromOwn.report.target.connection == "postgres://127.0.0.1:1/aiven")

    let fromOption = try await check(
      ["-s", "postgres://127.0.0.1:1/option"], environment: own, workingDirectory: folder.path)
    #expect(fromOption.report.source.connection == "postgres://127.0.0.1:1/option")
    #expect(fromOption.report.target.connection == "postgres://127.0.0.1:1/file")
  }

  @Test func `every setting of the file has the effect of its option`() async throws {
    let pair = try await ClusterPair.shared.value
    let folder = try TemporaryFolder()
    try folder.write(
      """
      source: \(pair.source.connectionString())
      target: \(pair.target.connectionString())
      jobs: 1
      connect-timeout: 5
      statement-timeout: 30
      include-database: [app, gone]
      exclude-role: asked
      with-table: [public.orders]
      create-databases: false
      replicate-extension-tables: false
      method: dump
      max-total-size: 1
      skip-version-check: true
      accept-undetermined: [target-disk-space]
      report: [json, junit]
      report-dir: reports
      fail-on: never
      """, to: "pgpreflight.yaml")
    // No report option: those of the file hold.
    let output = try await run(arguments: ["check"], workingDirectory: folder.path)
    #expect(output.status == .exited(0), "\(output.stderr)")
    #expect(folder.contents == ["pgpreflight.yaml", "reports"])

    let report = try await check([], workingDirectory: folder.path).report
    #expect(report.settings.failOn == .never)
    #expect(report.verdict == .blocked)
    #expect(report.plan.databases.map(\.name) == ["app", "gone"])
    #expect(report.plan.databases.first?.replication == nil)
    #expect(report.plan.databases.first?.tables == .named(["public.orders"]))
    #expect(report.plan.roles.first { $0.name == "asked" }?.action == .leaveOut)
    for rule in ["source-size-limit", "database-exists-or-creatable"] {
      #expect(report.outcomes.contains { $0.rule == rule && $0.outcome == .failed }, "\(rule)")
    }
  }

  @Test func `an empty file is one without settings`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("# nothing yet\n", to: "pgpreflight.yaml")
    let run = try await check(CommandLineTests.clusters, workingDirectory: folder.path)
    #expect(run.report.settings.file == "pgpreflight.yaml")
    #expect(run.report.settings.failOn == .blocker)
  }
}
