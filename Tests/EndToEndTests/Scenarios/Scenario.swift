import Assessment
import Foundation
import Rules
import Testing
import Yams

/// A case of `fixtures/scenarios/<rule>/<case>.yaml`: two clusters in a certain state, and what a check must say of them.
///
/// The README of that folder tells what each field means.
struct Scenario: Decodable, Sendable {
  var title: String
  var source: Server?
  var target: Server?
  /// More options of `pgpreflight check`.
  var arguments: [String]?
  /// For `--target-free-space`; `untold` leaves the option out.
  var freeSpace: String?
  /// For `--include-database`; an empty list leaves the option out. Default: the databases of the source.
  var include: [String]?
  /// A shell command that runs during the check, and the question to the source whose answer `t` says that it is at work.
  var background: Background?
  var expect: [Expectation]
  /// Rules that may say anything; every other rule that is not expected must pass or be skipped. `["*"]` is all.
  var unconcerned: [String]?
  var verdict: Verdict?
  /// Of the plan, for the case's database: `replication`, `dump` or `none`.
  var method: String?
  var exitStatus: Int?
  var heal: Heal?
  var expectHealed: [Expectation]?
  var proof: Proof?
  /// A command that succeeds in the state in which the rule passes.
  var confirm: String?

  /// `<rule>/<case>`: also the name of the case's database and role.
  var name = ""

  enum CodingKeys: String, CodingKey, CaseIterable {
    case title, source, target, arguments, freeSpace, include, background, expect, unconcerned, verdict, method
    case exitStatus, heal, expectHealed, proof, confirm
  }

  struct Server: Decodable, Sendable, Hashable {
    /// What is connected to.
    enum Kind: String, Decodable, Sendable {
      case own
      /// The cluster of the other side.
      case other
      /// A physical copy of the other side's cluster: it follows, was promoted, or was started without either.
      case standby, promoted, copy
      /// A pooler in front of the other side's cluster.
      case pooler
      /// A port on which nothing listens, something that never answers, something that is no PostgreSQL server.
      case closed, silent, web
    }
    enum Host: String, Decodable, Sendable {
      case address, name, socket
    }

    var kind: Kind?
    var host: Host?
    var version: Int?
    /// Cases with the same name here share a cluster of their own.
    var cluster: String?
    var settings: [String: String]?
    var hba: [String]?
    var tls: Bool?
    /// A folder of `fixtures/installations`.
    var installation: String?
    /// Locales of its own, all alike: UTF-8, and sorted by code points.
    var locales: [String]?
    /// The attributes of the role that connects; without them it is the superuser.
    var role: String?
    var password: String?
    /// Over the connection string's own keywords.
    var keywords: [String: String]?
    /// Default: on the source one of the case's name; on the target the same where there is `sql`, else none.
    var databases: [String]?
    /// psql's, run by the superuser in `postgres`, with the variables `database` and `role`.
    var clusterSql: String?
    /// Likewise, in each of the databases.
    var sql: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
      case kind, host, version, cluster, settings, hba, tls, installation, locales, role, password, keywords, databases
      case clusterSql, sql
    }
  }

  struct Background: Decodable, Sendable {
    var command: String
    var until: String

    enum CodingKeys: String, CodingKey, CaseIterable { case command, until }
  }

  struct Expectation: Decodable, Sendable {
    var rule: String
    /// Default, for rules of databases: the case's.
    var database: String?
    var outcome: Outcome.Kind
    var severity: Severity?
    /// Parts of the message, or one.
    var message: Texts?
    /// Each must be found among the findings.
    var findings: [FindingExpectation]?

    enum CodingKeys: String, CodingKey, CaseIterable { case rule, database, outcome, severity, message, findings }
  }

  /// Parts of what a finding must have.
  struct FindingExpectation: Decodable, Sendable {
    var object: String?
    var message: String?
    var evidence: [String: String]?
    var text: String?
    var sql: String?
    var place: Remediation.Place?

    enum CodingKeys: String, CodingKey, CaseIterable {
      case object, message, evidence, text, sql
      case place = "where"
    }
  }

  struct Heal: Decodable, Sendable {
    /// Runs what the findings of the expected rules say is to be pasted, in the place that they name.
    var remediation: Bool?
    /// Run by the superuser in the case's database.
    var source: String?
    var target: String?
    /// What is restarted afterwards.
    var restart: Side?
    /// More options of the second check.
    var arguments: [String]?

    enum Side: String, Decodable, Sendable { case source, target }
    enum CodingKeys: String, CodingKey, CaseIterable { case remediation, source, target, restart, arguments }
  }

  /// That the rule is right: a command which fails in the state that the rule refuses, and succeeds in the healed one.
  struct Proof: Decodable, Sendable {
    var command: String
    /// A part of what it prints when it fails.
    var failsWith: String?

    enum CodingKeys: String, CodingKey, CaseIterable { case command, failsWith }
  }
}

/// One text or several.
struct Texts: Decodable, Sendable {
  var all: [String]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    all = try (try? container.decode([String].self)) ?? [container.decode(String.self)]
  }
}

extension Scenario: CustomTestStringConvertible {
  var testDescription: String { "\(name): \(title)" }

  /// The rules that must block in the state before it is healed.
  var blockers: [String] {
    expect.filter { $0.outcome == .failed && ($0.severity ?? .blocker) == .blocker }.map(\.rule)
  }

  /// The rule that the case is filed under.
  var rule: String { String(name.prefix { $0 != "/" }) }
}

// MARK: - Files

extension Scenario {
  static let fixtures = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "fixtures")

  /// Every case, or why its file is not understood.
  static let files: [(name: String, scenario: Result<Scenario, any Error>)] = {
    let folder = fixtures.appending(path: "scenarios").path
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return paths.filter { $0.hasSuffix(".yaml") }.sorted().map { path in
      (path, Result { try read("\(folder)/\(path)", name: String(path.dropLast(".yaml".count))) })
    }
  }()

  static let all = files.compactMap { try? $0.scenario.get() }

  /// Those to run: `PGPREFLIGHT_TEST_SCENARIOS` may name some by what their names begin with, separated by commas.
  static let selected: [Scenario] = {
    guard let names = ProcessInfo.processInfo.environment["PGPREFLIGHT_TEST_SCENARIOS"] else { return all }
    return all.filter { scenario in names.split(separator: ",").contains { scenario.name.hasPrefix($0) } }
  }()

  private static func read(_ path: String, name: String) throws -> Scenario {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    if let node = try Yams.compose(yaml: text) { try refuseUnknownKeys(in: node, of: Scenario.self) }
    var scenario = try YAMLDecoder().decode(Scenario.self, from: text)
    scenario.name = name
    return scenario
  }

  /// A misspelt field would be an expectation that is never checked.
  private static func refuseUnknownKeys(in node: Node, of type: Any.Type) throws {
    let known: [String: Any.Type?]
    switch type {
    case is Scenario.Type:
      known = fields(CodingKeys.self).merging(
        [
          "source": Server.self, "target": Server.self, "background": Background.self, "expect": Expectation.self,
          "expectHealed": Expectation.self, "heal": Heal.self, "proof": Proof.self,
        ]
      ) { $1 }
    case is Server.Type: known = fields(Server.CodingKeys.self)
    case is Background.Type: known = fields(Background.CodingKeys.self)
    case is Expectation.Type:
      known = fields(Expectation.CodingKeys.self).merging(["findings": FindingExpectation.self]) { $1 }
    case is FindingExpectation.Type: known = fields(FindingExpectation.CodingKeys.self)
    case is Heal.Type: known = fields(Heal.CodingKeys.self)
    default: known = fields(Proof.CodingKeys.self)
    }
    for (key, value) in node.mapping ?? [:] {
      guard let name = key.string, let inner = known[name] else {
        throw ScenarioError("line \(key.mark?.line ?? 0): there is no field \(key.string ?? "of that kind")")
      }
      guard let inner else { continue }
      for item in value.sequence.map(Array.init) ?? [value] { try refuseUnknownKeys(in: item, of: inner) }
    }
  }

  private static func fields<Keys: CodingKey & CaseIterable>(_: Keys.Type) -> [String: Any.Type?] {
    Dictionary(uniqueKeysWithValues: Keys.allCases.map { ($0.stringValue, Any.Type?.none) })
  }
}

struct ScenarioError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
