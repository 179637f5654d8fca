import Assessment
import Markup
import Rules

extension Reporter {
  /// For CI servers: a suite for the pair of clusters and one for each database, a case for each outcome; and one for
  /// a migration, a case for each database.
  ///
  /// Names and class names are the same in every run, so that a server can tell since when a case fails. Nothing is
  /// written but what all the readers take: Jenkins' xUnit plugin refuses a file with attributes that it does not know.
  static let junit = Reporter(format: "junit", fileName: "report.junit.xml") { report in
    let suites = JUnitSuite.all(of: report)
    let writer = try XMLWriter()
    try writer.element(
      "testsuites",
      [
        "name": "pgpreflight",
        "tests": "\(suites.reduce(0) { $0 + $1.cases.count })",
        "failures": "\(suites.reduce(0) { $0 + $1.count(of: .failure) })",
        "errors": "\(suites.reduce(0) { $0 + $1.count(of: .error) })",
        "time": inSeconds(suites.sum(of: \.milliseconds)),
      ]
    ) {
      for (id, suite) in suites.enumerated() { try suite.write(id: id, of: report, to: writer) }
    }
    return withoutCommands(try writer.finish())
  }
}

/// What a reader makes of a case.
enum JUnitKind { case passed, failure, error, skipped }

protocol JUnitCase {
  var kind: JUnitKind { get }
  var milliseconds: Int { get }
  /// - Parameter subject: the database that the suite is about; nil for the pair of clusters.
  func write(subject: String?, to writer: XMLWriter) throws
}

extension JUnitCase {
  /// More make the readers cut the text in places of their own.
  static var maximumFindings: Int { 10 }
}

/// The outcomes of one subject, or a migration.
private struct JUnitSuite {
  /// nil for the pair of clusters, and for a migration.
  var database: String?
  var migration: MigrationReport?
  var cases: [any JUnitCase] = []

  var milliseconds: Int { cases.sum(of: \.milliseconds) }

  func count(of kind: JUnitKind) -> Int { cases.count { $0.kind == kind } }

  static func all(of report: Report) -> [JUnitSuite] {
    var cluster = JUnitSuite()
    var databases: [String: JUnitSuite] = [:]
    for outcome in report.outcomes {
      let one = JUnitOutcome(outcome, failOn: report.settings.failOn)
      if let name = outcome.database {
        databases[name, default: JUnitSuite(database: name)].cases.append(one)
      } else {
        cluster.cases.append(one)
      }
    }
    let sorted = databases.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    // A suite without cases makes Jenkins warn; a file without suites is refused.
    let suites = cluster.cases.isEmpty && !sorted.isEmpty ? sorted : [cluster] + sorted
    guard let migration = report.migration, !migration.databases.isEmpty else { return suites }
    return suites + [JUnitSuite(migration: migration, cases: migration.databases.map(JUnitMigratedDatabase.init))]
  }

  func write(id: Int, of report: Report, to writer: XMLWriter) throws {
    try writer.element(
      "testsuite",
      [
        "id": "\(id)",
        "package": "pgpreflight",
        "name": migration.map { _ in "migration" } ?? database.map { "database \(harmless($0))" } ?? "cluster",
        "tests": "\(cases.count)",
        "failures": "\(count(of: .failure))",
        "errors": "\(count(of: .error))",
        "skipped": "\(count(of: .skipped))",
        "time": inSeconds(milliseconds),
        // Without a zone, as the schema of Ant demands.
        "timestamp": String((migration?.startedAt ?? report.run.startedAt).prefix(19)),
        "hostname": report.run.host.isEmpty ? "localhost" : report.run.host,
      ]
    ) {
      try writer.element("properties") {
        for (name, value) in properties(of: report) {
          try writer.element("property", ["name": name, "value": harmless(value)])
        }
      }
      for one in cases { try one.write(subject: database, to: writer) }
      try writer.element("system-out")
      try writer.element("system-err")
    }
  }

  private func properties(of report: Report) -> [(String, String)] {
    if let migration {
      return [
        ("source", report.source.connection), ("target", report.target.connection), ("run", report.run.id),
        ("status", migration.status.rawValue), ("finishedAt", migration.finishedAt),
      ]
    }
    guard let database else {
      return [
        ("source", report.source.connection), ("target", report.target.connection), ("run", report.run.id),
        ("version", report.tool.version), ("verdict", report.verdict.rawValue),
      ] + report.settings.idleWaivers.map { ("waiver-\($0.state.rawValue)", $0.inWords) }
    }
    let plan = report.plan.databases.first { $0.name == database }
    let known: [(String, String?)] = [
      ("database", database), ("method", plan?.method?.rawValue),
      ("wave", report.plan.waves > 1 ? plan?.wave.map { "\($0)" } : nil), ("replication", plan?.replication?.rawValue),
      ("dump", plan?.dump?.rawValue), ("sizeBytes", plan?.sizeBytes.map { "\($0)" }),
    ]
    return known.compactMap { name, value in value.map { (name, $0) } }
  }
}

/// One outcome.
private struct JUnitOutcome: JUnitCase {
  let outcome: Outcome
  let kind: JUnitKind

  init(_ outcome: Outcome, failOn: FailOn) {
    self.outcome = outcome
    kind =
      switch outcome.outcome {
      case .passed: .passed
      case .failed: outcome.severity == .blocker || failOn == .warning ? .failure : .passed
      case .undetermined: outcome.severity == .blocker ? .error : .skipped
      case .skipped, .waived: .skipped
      }
  }

  var milliseconds: Int { wholeMilliseconds(outcome.durationSeconds) }

  func write(subject: String?, to writer: XMLWriter) throws {
    let subject = subject.map { "database.\(encodedName($0))" } ?? "cluster"
    try writer.element(
      "testcase",
      [
        "classname": "pgpreflight.\(subject).\(outcome.group.rawValue)", "name": outcome.rule,
        "time": inSeconds(milliseconds),
      ]
    ) {
      switch kind {
      case .failure:
        try writer.element("failure", ["type": outcome.severity.rawValue, "message": message]) {
          try writer.text(body)
        }
      case .error:
        try writer.element("error", ["type": "undetermined", "message": message]) { try writer.text(body) }
      case .skipped:
        // Some readers look at nothing but the message of `skipped`.
        try writer.element("skipped", ["message": outcome.waiver.map { line(of: $0.inWords) } ?? message]) {
          try writer.text(outcome.outcome == .skipped && outcome.findings.isEmpty ? message : body)
        }
      case .passed:
        try writer.element("system-out") {
          let isWarning = outcome.outcome == .failed
          try writer.text(isWarning ? "WARNING: \(body)" : outcome.findings.isEmpty ? message : body)
        }
      }
    }
  }

  private var message: String { line(of: outcome.message.isEmpty ? outcome.title : outcome.message) }

  /// Begins with the message: where there is a text, some readers drop the attribute.
  private var body: String {
    var lines = [message]
    if let waiver = outcome.waiver { lines.append(waiver.inWords) }
    for finding in outcome.findings.prefix(Self.maximumFindings) {
      lines += ["", "\(finding.object): \(finding.message)"]
      for (name, value) in finding.evidence.sorted(by: { $0.key < $1.key }) { lines.append("  \(name): \(value)") }
      lines += finding.remediation?.lines ?? []
    }
    let more = outcome.findings.count - Self.maximumFindings
    if more > 0 { lines += ["", "and \(formattedCount(more)) more"] }
    lines += ["", "Rule \(outcome.rule): \(outcome.documentation)"]
    return withoutAttachments(lines.joined(separator: "\n"))
  }
}

func wholeMilliseconds(_ seconds: Double) -> Int {
  seconds.isFinite && seconds > 0 ? Int(saturating: (min(seconds, 1e9) * 1000).rounded()) : 0
}

/// Plain decimal seconds with three places: some readers take an exponent for zero.
func inSeconds(_ milliseconds: Int) -> String {
  let fraction = String(milliseconds % 1000)
  return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
}

/// A sentence on one line, as the text below it, which may have more, repeats it: line feeds in it are spaces.
private func line(of sentence: String) -> String {
  let isOneLine = !sentence.utf8.contains { [0x09, 0x0A, 0x0D].contains($0) }
  return withoutAttachments(isOneLine ? sentence : String(sentence.map { $0.isNewline || $0 == "\t" ? " " : $0 }))
}

/// On one line, and nothing in it that asks a reader to fetch a file.
func harmless(_ text: String) -> String { withoutAttachments(visibleOnOneLine(text)) }

/// GitLab and Azure Pipelines look for `[[ATTACHMENT|path]]` in the output and fetch what it names.
func withoutAttachments(_ text: String) -> String {
  guard text.contains("[[ATTACHMENT|") else { return text }
  return text.replacing("[[ATTACHMENT|", with: "[ [ATTACHMENT|")
}
