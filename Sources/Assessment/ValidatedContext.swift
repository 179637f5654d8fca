import Catalog
import Rules

/// Two clusters that may be migrated: an assessment has shown it.
///
/// `Assessment.validated` is the only way to one, so that nothing is migrated that was not checked.
public struct ValidatedContext: Sendable {
  /// What was seen of both clusters, and what the user asked for.
  public let pair: ClusterPair
  /// The databases to be migrated now, in the order of the plan, each with the method that is to be used.
  public let databases: [DatabasePlan]
  /// Those of later waves.
  public let waiting: [DatabasePlan]
  /// Those that are left out, as nothing proves that they can be.
  public let leftOut: [DatabasePlan]
  public let roles: [RolePlan]
  /// The `pg_dump` and `pg_restore` to be run.
  public let tools: ClientTools

  fileprivate init(
    pair: ClusterPair, databases: [DatabasePlan], leftOut: [DatabasePlan], roles: [RolePlan], tools: ClientTools
  ) {
    self.pair = pair
    self.databases = databases.filter { ($0.wave ?? 1) == 1 }
    waiting = databases.filter { ($0.wave ?? 1) > 1 }
    self.leftOut = leftOut
    self.roles = roles
    self.tools = tools
  }
}

/// Why nothing is migrated.
public struct NotReady: Error, Sendable, Equatable {
  /// 1 where something is blocked, 2 where something is not known.
  public var exitStatus: Int
  public var message: String
}

extension Assessment {
  /// What a migration by the given methods needs.
  ///
  /// - Parameters:
  ///   - methods: those that can be carried out, best first. A database goes by the first of them that is ready.
  ///   - skipsBlocked: whether the databases that are not ready are left out (`--skip-blocked`); else one of them is
  ///     enough to refuse all.
  public func validated(by methods: [Method], skipsBlocked: Bool) throws(NotReady) -> ValidatedContext {
    func method(of database: DatabasePlan) -> Method? {
      if isForbidden(database) { return nil }
      return methods.first { database.verdict(of: $0)?.isReady == true }
    }
    let leftOut = plan.databases.filter { method(of: $0) == nil }.map { database in
      var database = database
      database.reason = reason(of: database, methods)
      return database
    }
    let ready = plan.databases.compactMap { database -> DatabasePlan? in
      guard let method = method(of: database) else { return nil }
      var database = database
      database.method = method
      return database
    }
    if let first = leftOut.first, !skipsBlocked || ready.isEmpty {
      let isBlocked = leftOut.contains { $0.verdict == .blocked || isForbidden($0) }
      let others = leftOut.count > 1 ? " and \(leftOut.count - 1) more" : ""
      throw NotReady(
        exitStatus: isBlocked ? 1 : 2,
        message: "database \(quotedIdentifier(first.name))\(others) can't be migrated: \(first.reason)")
    }
    if ready.isEmpty, verdict == .blocked || verdict == .undecided {
      throw NotReady(exitStatus: verdict == .blocked ? 1 : 2, message: "there is no database to migrate")
    }
    guard let found = try? pair.chosenTools() else {
      throw NotReady(exitStatus: 1, message: "there is no pg_dump that could dump the source; see --pg-bin")
    }
    return ValidatedContext(pair: pair, databases: ready, leftOut: leftOut, roles: plan.roles, tools: found)
  }

  /// A waiver accepts that a database is missing, and does not take back that none is to be created.
  private func isForbidden(_ database: DatabasePlan) -> Bool {
    database.createsDatabase == true && !pair.options.createsDatabases
  }

  private func reason(of database: DatabasePlan, _ methods: [Method]) -> String {
    if isForbidden(database), database.method != nil {
      return "the target lacks it, and --no-create-databases is given"
    }
    guard let method = database.method else { return database.reason }
    return "its only way is \(method.rawValue), which is not to be used"
  }
}
