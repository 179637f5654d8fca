import Assessment
import FoundationEssentials
import Markup
import Rules

extension Reporter {
  /// For code scanning and the viewers of editors: a result for each finding, each with a fingerprint that stays the same
  /// from run to run, so that an alert has a life of its own (OASIS, "Static Analysis Results Interchange Format 2.1.0").
  static let sarif = Reporter(format: "sarif", fileName: "report.sarif") { report in
    let encoder = JSONEncoder()
    // Programs read it: white space would be half of it.
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var log = SARIFLog(of: report)
    let results = log.runs[0].results
    log.runs[0].results = []
    // An encoder holds what it writes several times over: it is given some of the results at a time. Within a text the
    // quotes of the mark would be escaped.
    let parts = String(decoding: try encoder.encode(log), as: UTF8.self).split(
      separator: "\"results\":[]", maxSplits: 1)
    var text = parts[0] + "\"results\":["
    for start in stride(from: 0, to: results.count, by: 500) {
      let some = try encoder.encode(Array(results[start..<min(start + 500, results.count)]))
      text += (start == 0 ? "" : ",") + String(decoding: some.dropFirst().dropLast(), as: UTF8.self)
    }
    return visibleJSON(text + "]" + parts[1] + "\n")
  }
}

/// The parts of the format that are used, by its own names.
private struct SARIFLog: Encodable {
  struct Text: Encodable { var text: String }

  struct Run: Encodable {
    var tool: Tool
    var automationDetails: Automation
    var invocations: [Invocation]
    var columnKind = "unicodeCodePoints"
    var results: [Result]
  }

  struct Automation: Encodable { var id: String }

  struct Invocation: Encodable {
    var executionSuccessful = true
    var startTimeUtc: String
    var endTimeUtc: String
    var exitCode: Int
  }

  struct Tool: Encodable { var driver: Driver }

  struct Driver: Encodable {
    var name: String
    var version: String
    var semanticVersion: String
    /// What viewers show beside the name: the program has no page of its own.
    var informationUri = "https://www.postgresql.org/docs/current/upgrading.html"
    var rules: [Descriptor]
  }

  struct Descriptor: Encodable {
    struct Configuration: Encodable { var level: String }
    struct Properties: Encodable { var tags: [String] }

    var id: String
    var name: String
    var shortDescription: Text
    var fullDescription: Text
    /// Left out where it is no link.
    var helpUri: String?
    var help: Text
    var defaultConfiguration: Configuration
    var properties: Properties
  }

  struct Result: Encodable {
    var ruleId: String
    var ruleIndex: Int
    var kind: String
    var level: String
    var message: Text
    var locations: [Location]
    var partialFingerprints: [String: String]
    var suppressions: [Suppression]?
  }

  struct Location: Encodable {
    struct Physical: Encodable {
      struct Artifact: Encodable { var uri: String }
      struct Region: Encodable { var startLine = 1 }

      var artifactLocation: Artifact
      var region = Region()
    }
    struct Logical: Encodable {
      var name: String
      var fullyQualifiedName: String
      var kind: String
    }

    var physicalLocation: Physical
    var logicalLocations: [Logical]
  }

  struct Suppression: Encodable {
    var kind = "external"
    var status = "accepted"
    var justification: String
  }

  var schema = "https://json.schemastore.org/sarif-2.1.0.json"
  var version = "2.1.0"
  var runs: [Run]

  private enum CodingKeys: String, CodingKey {
    case schema = "$schema"
    case version, runs
  }

  /// Above this number, outcomes that nobody has to look at are left out.
  private static let maximumOutcomes = 1000
  /// GitHub refuses a run with more; of those it takes, it keeps the first 5,000 by level.
  private static let maximumResults = 25_000

  init(of report: Report) {
    let firsts = Dictionary(report.outcomes.map { ($0.rule, $0) }, uniquingKeysWith: { first, _ in first })
    let rules = firsts.values.sorted { $0.rule < $1.rule }
    let indexes = Dictionary(uniqueKeysWithValues: rules.enumerated().map { ($1.rule, $0) })
    let place = Self.place(in: report)
    var fingerprints = Anchors()
    var results: [(rank: Int, result: Result)] = []
    let isLong = report.outcomes.count > Self.maximumOutcomes
    for outcome in report.outcomes {
      if isLong, outcome.outcome == .passed || outcome.outcome == .skipped { continue }
      // What passes is one result; the findings of what passes are information only.
      let findings: [Finding?] =
        outcome.outcome == .passed || outcome.findings.isEmpty ? [nil] : outcome.findings.map { $0 }
      for finding in findings {
        let subject = [outcome.rule, outcome.database ?? "", finding?.object ?? ""].joined(separator: "\u{0}")
        let fingerprint = fingerprints.unique(String(sha256(Array(subject.utf8)).dropFirst(7).prefix(32)))
        results.append(
          (
            outcome.rank,
            Result(
              ruleId: outcome.rule, ruleIndex: indexes[outcome.rule] ?? 0, kind: outcome.kind, level: outcome.level,
              message: Text(text: outcome.text(of: finding)),
              locations: [Location(physicalLocation: place, logicalLocations: [outcome.location(of: finding)])],
              partialFingerprints: ["subject/v1": fingerprint],
              suppressions: outcome.waiver.map {
                [Suppression(justification: "\(visible($0.reason)) (\(visible($0.by)), until \(visible($0.until)))")]
              })
          ))
      }
    }
    if results.count > Self.maximumResults {
      let ranked = results.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
      results = ranked.prefix(Self.maximumResults).map(\.element)
    }
    runs = [
      Run(
        tool: Tool(
          driver: Driver(
            name: report.tool.name, version: report.tool.version, semanticVersion: report.tool.version,
            rules: rules.map(\.descriptor))),
        automationDetails: Automation(id: "pgpreflight/\(report.source.systemIdentifier ?? "unknown")/"),
        invocations: [
          Invocation(
            startTimeUtc: report.run.startedAt, endTimeUtc: report.run.finishedAt, exitCode: report.run.exitStatus)
        ],
        results: results.map(\.result))
    ]
  }

  /// Code scanning shows no result without a file of the repository: the configuration stands for the clusters.
  private static func place(in report: Report) -> Location.Physical {
    let file = report.settings.file ?? ""
    let isPlain = file.utf8.allSatisfy { byte in
      ("a"..."z").contains(Character(Unicode.Scalar(byte | 0x20))) || "0123456789._-/".utf8.contains(byte)
    }
    let isRelative = !file.isEmpty && isPlain && !file.hasPrefix("/") && !file.hasPrefix("..")
    return Location.Physical(artifactLocation: .init(uri: isRelative ? file : "pgpreflight.yaml"))
  }
}

extension Outcome {
  /// What is looked at first.
  fileprivate var rank: Int {
    switch outcome {
    case .failed: severity == .blocker ? 0 : 1
    case .undetermined: 2
    case .waived: 3
    case .passed, .skipped: 4
    }
  }

  fileprivate var kind: String {
    switch outcome {
    case .passed: "pass"
    case .failed, .waived: "fail"
    case .skipped: "notApplicable"
    case .undetermined: "open"
    }
  }

  fileprivate var level: String { kind == "fail" ? severity.level : "none" }

  fileprivate func text(of finding: Finding?) -> String {
    var parts = [sentence(message.isEmpty ? title : message)]
    if let finding {
      parts.append(sentence("\(finding.object): \(finding.message)"))
      if let remediation = finding.remediation {
        parts.append("Fix: \(sentence(remediation.text))")
        if let sql = remediation.sql { parts.append(sql) }
      }
    }
    return visible(parts.joined(separator: " "))
  }

  fileprivate func location(of finding: Finding?) -> SARIFLog.Location.Logical {
    let subject = database ?? "cluster"
    guard let finding else {
      return SARIFLog.Location.Logical(
        name: visible(subject), fullyQualifiedName: visible(subject), kind: database == nil ? "cluster" : "database")
    }
    let qualified = database.map { "\($0)/\(finding.object)" } ?? finding.object
    return SARIFLog.Location.Logical(
      name: visible(finding.object), fullyQualifiedName: visible(qualified), kind: "object")
  }

  fileprivate var descriptor: SARIFLog.Descriptor {
    SARIFLog.Descriptor(
      id: rule, name: rule.split(separator: "-").map { capitalized(String($0)) }.joined(),
      shortDescription: .init(text: visible(title)), fullDescription: .init(text: visible(sentence(title))),
      helpUri: Link(documentation)?.address,
      help: .init(text: "pgpreflight explain \(rule)"),
      defaultConfiguration: .init(level: severity.level),
      properties: .init(tags: [group.rawValue] + methods.map { "method-\($0.rawValue)" }))
  }
}

extension Severity {
  fileprivate var level: String {
    switch self {
    case .blocker: "error"
    case .warning: "warning"
    case .notice: "note"
    }
  }
}
