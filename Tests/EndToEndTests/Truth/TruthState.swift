import Foundation
import TestSupport

/// A state that is tried: a scenario's, or its healed one, on a pair of versions.
struct TruthState: Sendable, Hashable, CustomStringConvertible {
  var name: String
  var isHealed: Bool
  var source: Int
  var target: Int

  var pair: String { "\(source):\(target)" }
  var description: String { "\(name)\(isHealed ? " (healed)" : ""), \(source) → \(target)" }

  /// The scenario on these versions.
  var scenario: Scenario? {
    guard var scenario = Scenario.all.first(where: { $0.name == name }) else { return nil }
    // A state that is the scenario's own stays as it is written.
    func server(_ server: Scenario.Server?, _ version: Int) -> Scenario.Server? {
      guard (server?.version ?? 15) != version, (server?.kind ?? .own) == .own else { return server }
      var changed = server ?? Scenario.Server()
      changed.version = version
      return changed
    }
    scenario.source = server(scenario.source, source)
    scenario.target = server(scenario.target, target)
    return scenario
  }

  /// Why it can't be tried; nil where it can.
  var obstacle: String? {
    guard let scenario else { return "there is no such scenario" }
    for version in [source, target] where TestCluster.available(version) == nil {
      return "PostgreSQL \(version) is not installed"
    }
    for server in [scenario.source, scenario.target] {
      switch server?.kind ?? .own {
      case .closed, .silent, .web: return "a side is no server"
      case .standby, .promoted, .copy, .other: return "both sides are one server, or physical copies of one"
      case .pooler where !TestPooler.isAvailable: return "pgbouncer is not installed"
      case .own, .pooler: break
      }
      if server?.keywords?["host"] == "{host.address}", addressOfThisHost == nil {
        return "this machine has no network address"
      }
    }
    let arguments = (scenario.arguments ?? []) + (isHealed ? scenario.heal?.arguments ?? [] : [])
    if arguments.contains(where: { $0.hasSuffix("-snapshot") }) { return "a side is a saved snapshot" }
    if scenario.background != nil { return "something goes on in the background, and ends" }
    return nil
  }
}

/// What `scripts/truth` was given.
struct TruthOptions: Sendable {
  var scenarios: [String] = []
  /// Empty: each scenario's own.
  var pairs: [(source: Int, target: Int)] = []
  var sample: Int?
  var seed: UInt64 = 1
  var workers = 1
  var json: String?
  var methods = ["dump", "replication"]
  /// After how many seconds a command that still runs is interrupted.
  var patience = 120.0

  struct Invalid: Error, CustomStringConvertible { var description: String }

  static let versions = [13, 15, 16, 17, 18]

  init(_ text: String) throws {
    var words = text.split(separator: " ").map(String.init)
    func next() throws -> String {
      guard !words.isEmpty else { throw Invalid(description: "an option lacks its value") }
      return words.removeFirst()
    }
    func number() throws -> Int {
      let word = try next()
      guard let number = Int(word) else { throw Invalid(description: "\(word) is not a number") }
      return number
    }
    var chosen: [String] = []
    while !words.isEmpty {
      let word = try next()
      switch word {
      case "--scenario": scenarios.append(try next())
      case "--pair":
        let versions = try next().split(separator: ":").compactMap { Int($0) }
        guard versions.count == 2 else { throw Invalid(description: "a pair is two versions: 15:18") }
        pairs.append((versions[0], versions[1]))
      case "--all-pairs":
        let installed = Self.versions.filter { TestCluster.available($0) != nil }
        pairs += installed.flatMap { source in installed.filter { $0 >= source }.map { (source, $0) } }
      case "--method": chosen.append(try next())
      case "--sample": sample = try number()
      case "--seed": seed = UInt64(clamping: try number())
      case "--workers": workers = max(1, try number())
      case "--patience": patience = Double(try number())
      case "--json": json = try next()
      default: throw Invalid(description: "there is no option \(word)")
      }
    }
    if !chosen.isEmpty { methods = chosen }
  }

  /// Those to try, those with the same servers one after the other.
  func states() -> [TruthState] {
    let scenarios = Scenario.all.filter { scenario in
      self.scenarios.isEmpty || self.scenarios.contains { scenario.name.hasPrefix($0) }
    }
    var states = scenarios.flatMap { scenario in
      let own = [(source: scenario.source?.version ?? 15, target: scenario.target?.version ?? 15)]
      return (pairs.isEmpty ? own : pairs).flatMap { pair in
        [false, true].filter { !$0 || scenario.heal != nil }.map { isHealed in
          TruthState(name: scenario.name, isHealed: isHealed, source: pair.source, target: pair.target)
        }
      }
    }
    if let sample {
      var generator = SplitMix(state: seed)
      states = Array(states.shuffled(using: &generator).prefix(sample))
    }
    return states.sorted {
      ($0.source, $0.target, $0.name, $0.isHealed ? 1 : 0) < ($1.source, $1.target, $1.name, $1.isHealed ? 1 : 0)
    }
  }
}
