import Catalog
import Rules

/// What the rules say of two clusters, and what follows: a pure function of the inspection and the options.
public struct Assessment: Sendable {
  public let pair: ClusterPair
  public let outcomes: [Outcome]
  public let plan: Plan
  /// Of the plan that a migration would execute.
  public let verdict: Verdict
  public let capacity: [Capacity]
  /// Waivers without an effect.
  public let idleWaivers: [IdleWaiver]

  /// - Parameter day: today, `2026-10-31`, which tells whether a waiver still holds.
  public init(
    of pair: ClusterPair, by rules: [Rule] = Rule.all, waivers: [ConfiguredWaiver] = [], on day: String = ""
  ) {
    self.pair = pair
    let outcomes: [Outcome]
    (outcomes, idleWaivers) = waive(decide(pair, by: rules), by: waivers, on: day)
    let byDatabase = Dictionary(grouping: outcomes, by: \.database?.nameBytes)
    let clusterOutcomes = byDatabase[[UInt8]?.none] ?? []
    var databases = pair.databasePairs.map { database in
      DatabasePlan(
        for: database, outcomes: clusterOutcomes + (byDatabase[database.name.nameBytes] ?? []))
    }
    let empty = pair.databasePairs.filter { (try? $0.hasNothingToReplicate()) == true }.map(\.name.nameBytes)
    Self.assignWaves(to: &databases, atOnce: pair.replicationsAtOnce, empty: Set(empty))
    self.outcomes = outcomes
    plan = Plan(
      databases: databases, roles: rolePlans(for: pair), estimatedCopySeconds: (try? CopyTime(of: pair)) ?? nil)
    verdict = Self.verdict(of: plan, clusterOutcomes: clusterOutcomes)
    capacity = capacities(of: pair)
  }

  /// By name; a dump needs neither a slot nor a worker, nor does a database that has nothing to replicate.
  private static func assignWaves(to databases: inout [DatabasePlan], atOnce: Int?, empty: Set<[UInt8]>) {
    var replicated = 0
    for index in databases.indices {
      switch databases[index].method {
      case nil: continue
      case .dump: databases[index].wave = 1
      case .replication where empty.contains(databases[index].name.nameBytes): databases[index].wave = 1
      case .replication:
        databases[index].wave = atOnce.map { replicated / max(1, $0) + 1 } ?? 1
        replicated += 1
      }
    }
  }

  /// The worst of the databases' verdicts; without any database, what the rules say of the clusters.
  private static func verdict(of plan: Plan, clusterOutcomes: [Outcome]) -> Verdict {
    guard !plan.databases.isEmpty else { return Verdict(of: clusterOutcomes) }
    let verdicts = plan.databases.map(\.verdict)
    return [.blocked, .undecided, .readyWithWarnings].first(where: verdicts.contains) ?? .ready
  }

  /// 0, 1 or 2, as the contract has it.
  public func exitStatus(failOn: FailOn) -> Int {
    switch failOn {
    case .never: return 0
    case .blocker where outcomes.contains(where: \.isBlocker): return 1
    case .warning where outcomes.contains(where: { $0.isBlocker || $0.isWarning }): return 1
    case .blocker, .warning: return outcomes.contains(where: \.isUndecided) ? 2 : 0
    }
  }
}

extension DatabasePlan {
  /// Replication where nothing stands against it, else dump, else nothing.
  init(for database: DatabasePair, outcomes: [Outcome]) {
    func verdict(_ method: Method) -> Verdict? {
      guard database.options.method.allows(method) else { return nil }
      return Verdict(of: outcomes.lazy.filter { $0.methods.contains(method) })
    }
    let replication = verdict(.replication)
    let dump = verdict(.dump)
    let method: Method? = replication?.isReady == true ? .replication : dump?.isReady == true ? .dump : nil
    self.init(
      name: database.name, method: method,
      reason: Self.reason(method: method, replication: replication, dump: dump, outcomes: outcomes),
      createsDatabase: database.clusters.target.databases.ifKnown.map { databases in
        !databases.contains { $0.datname.isSameName(as: database.name) }
      },
      replication: replication, dump: dump, tables: database.plannedTables, sizeBytes: database.sizeBytes)
    if method == .replication { addCutover(of: database) }
  }

  /// What is only done while writes are blocked, and for how long they are.
  private mutating func addCutover(of database: DatabasePair) {
    guard let crossing = try? database.crossing() else { return }
    tablesAtCutover = crossing.tables.map {
      TableAtCutover(name: $0.qualifiedName, reason: $0.reason.rawValue, sizeBytes: $0.sizeBytes)
    }
    largeObjectsAtCutover = crossing.largeObjects.map {
      LargeObjectsAtCutover(count: $0.count, sizeBytes: $0.sizeBytes)
    }
    replicaIdentityChanges = crossing.changes.map(ReplicaIdentityChange.init)
    if sizeBytes != nil, tables != nil { estimatedBlockedSeconds = crossing.blockedTime }
  }

  /// Of the database: that of the method that the plan chose, else why there is none.
  public var verdict: Verdict {
    if let method { return verdict(of: method) ?? .blocked }
    return [replication, dump].contains(.undecided) ? .undecided : .blocked
  }

  private static func reason(
    method: Method?, replication: Verdict?, dump: Verdict?, outcomes: [Outcome]
  ) -> String {
    switch (method, replication) {
    case (.replication, _): return "nothing blocks it"
    case (.dump, nil): return "nothing blocks it, and no other method is allowed"
    case (.dump, .undecided?): return "replication is undecided: " + rules(\.isUndecided, .replication, in: outcomes)
    case (.dump, _): return "replication is blocked: " + rules(\.isBlocker, .replication, in: outcomes)
    case (nil, _):
      let worst = [replication, dump].contains(.undecided) ? "no method is proven: " : "no method is left: "
      let last: Method = dump == nil ? .replication : .dump
      let blockers = rules(\.isBlocker, last, in: outcomes)
      return worst + (blockers.isEmpty ? rules(\.isUndecided, last, in: outcomes) : blockers)
    }
  }

  /// The ids of the rules that stand against a method.
  private static func rules(_ stands: (Outcome) -> Bool, _ method: Method, in outcomes: [Outcome]) -> String {
    outcomes.filter { stands($0) && $0.methods.contains(method) }.map(\.rule).joined(separator: ", ")
  }
}

extension ReplicaIdentityChange {
  init(_ change: Crossing.IdentityChange) {
    name = change.qualifiedName
    switch change.identity {
    case .standard: (to, index) = (.standard, nil)
    case .usingIndex(let name): (to, index) = (.usingIndex, name)
    case .full: (to, index) = (.full, nil)
    }
  }
}

extension DatabasePair {
  fileprivate var plannedTables: PlannedTables? {
    guard let source = try? snapshot(on: .source) else { return nil }
    if options.tables == .all { return source.summary.ifKnown.map { .all($0.tables) } }
    return source.tables.ifKnown.map { tables in
      .named(
        tables.filter { options.tables.selects($0, in: name) }
          .map { qualifiedIdentifier($0.nspname, $0.relname) })
    }
  }

  fileprivate var sizeBytes: Int? {
    if options.tables == .all {
      return clusters.source.databaseSizes.ifKnown?.first { $0.datname.isSameName(as: name) }?.sizeBytes
    }
    guard let tables = (try? snapshot(on: .source))?.tables.ifKnown else { return nil }
    return tables.filter { options.tables.selects($0, in: name) }.sum(of: \.sizeBytes)
  }
}
